"""Inputs of the simulations read from the lake: bars as one panel, candidate setups, closes of the benchmark.

Belongs here: laying stored bars out ticker after ticker in byte order, bucket by bucket so that nothing is in memory
twice. Does not belong here: the panel itself (`engine.portfolio.panel`), bars that are already in memory
(`simulations.bar_panel`).
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.panel import BarPanel
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import n_bars_used, read_bucket_bars
from btassets.stages.bars.universe import active_tickers
from btassets.stages.ranking.tie_order import in_tie_order

_GRADED_COLUMNS = (
    "row_no",
    "ticker",
    "asof_date",
    "direction",
    "entry",
    "stop",
    "target",
    "price_factor",
    "momentum_percentile",
    "activation_momentum_percentile",
    "meets_core",
    "qualified",
)
_IN_PLAY = pc.field("meets_core")


def tickers_with_bars(tables: Tables, settings: Settings) -> dict[str, int]:
    """Tickers traded by the portfolios, in byte order, with their number of bars; those without one are left out."""
    return {ticker: n for ticker, n in n_bars_used(tables, active_tickers(tables, settings)).items() if n}


def stored_panel(
    tables: Tables,
    settings: Settings,
    calendar: npt.NDArray[np.int32],
    tickers: Mapping[str, int],
    *,
    in_last_prices: bool = False,
) -> BarPanel:
    """Adjusted bars of `tickers` (from `tickers_with_bars`) on `calendar`.

    The largest allocation of a simulation: read the tables before it. In prices of each ticker's last bar for open
    positions, whose levels are today's prices.
    """
    offsets = np.concatenate(([0], np.cumsum(list(tickers.values()), dtype=np.int64))).astype(np.int64)
    place = dict(zip(tickers, offsets[:-1].tolist(), strict=True))
    dates = np.empty(offsets[-1], np.int32)
    prices = [np.empty(offsets[-1]) for _ in range(4)]
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            bars = item.in_last_prices() if in_last_prices else item.bars
            rows = slice(place[item.ticker], place[item.ticker] + bars.n_bars)
            dates[rows] = bars.dates
            for column, values in zip(prices, (bars.open, bars.high, bars.low, bars.close), strict=True):
                column[rows] = values
    opens, highs, lows, closes = prices
    return BarPanel.from_dates(calendar, offsets, dates, opens, highs, lows, closes)


def read_setups_in_play(tables: Tables, where: pc.Expression = _IN_PLAY) -> pa.Table:
    """Setups that pass every floor except the momentum gate, in the tie order: portfolios buy no others."""
    whole = tables["graded_setups"].where(_GRADED_COLUMNS, where)
    return in_tie_order(whole)


def read_benchmark_closes(tables: Tables, last: int) -> BenchmarkCloses | None:
    """Benchmark closes up to T; None without a benchmark."""
    table = tables["benchmark_closes"].read()
    days = table["date"].cast(pa.int32()).to_numpy()
    kept = days <= last
    return BenchmarkCloses(days[kept], table["close"].to_numpy()[kept]) if kept.any() else None
