"""Bars and rows over which own signals are computed, from the book's tables.

Belongs here: reading them. Does not belong here: own code (`btassets.own`).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.days import values_on
from btassets.engine.market.calendar import segment_starts
from btassets.own.evaluate import Panel
from btassets.own.windows import TickerArrays
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions


def read_panel(tables: Tables, settings: Settings) -> Panel:
    """Every row of `factor_signals`, and the bars of its tickers."""
    rows = tables["factor_signals"].read(["ticker", "asof_date", "eligible"])
    coded = rows["ticker"].combine_chunks().dictionary_encode()
    names: list[str] = coded.dictionary.to_pylist()
    number = coded.indices.to_numpy().astype(np.int32)
    date = np.ascontiguousarray(rows["asof_date"].cast(pa.int32()).to_numpy(), np.int32)
    bench = tables["benchmark_closes"].read()
    bench_days = np.ascontiguousarray(bench["date"].cast(pa.int32()).to_numpy(), np.int32)
    bench_close = np.ascontiguousarray(bench["close"].to_numpy(), np.float64)
    gap_days, last = settings.engine.gap_days, read_sessions(tables).last

    def arrays_of(item: TickerBars) -> TickerArrays:
        bench_on = values_on(item.bars.dates, bench_days, bench_close, bench_close)[1]
        return own_arrays(item, bench_on, last, gap_days)

    found: dict[str, TickerArrays] = {}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(names).items():
        found.update({item.ticker: arrays_of(item) for item in read_bucket_bars(tables, settings, bucket, group)})
    arrays = [found[name] for name in names]
    bar = np.empty(len(number), np.int32)
    bounds = np.searchsorted(number, np.arange(len(names) + 1))  # the table is sorted by ticker
    for one, start, stop in zip(arrays, bounds, bounds[1:], strict=False):
        bar[start:stop] = np.searchsorted(one.date, date[start:stop])
    return Panel(arrays, number, bar, date, rows["eligible"].to_numpy())


def own_arrays(
    item: TickerBars, bench_close: npt.NDArray[np.float64], last_session: int, gap_days: int
) -> TickerArrays:
    """One ticker's bars up to T as own code sees them; `bench_close` on all its dates."""
    n = int(np.searchsorted(item.bars.dates, last_session, side="right"))
    bars, raw = item.bars.between(0, n), item.raw
    columns = {
        "open": bars.open,
        "high": bars.high,
        "low": bars.low,
        "close": bars.close,
        "volume": bars.volume,
        "raw_close": raw.close[:n],
        "raw_volume": raw.volume[:n],
        "bench_close": bench_close[:n],
    }
    owned = {name: np.ascontiguousarray(values, np.float64) for name, values in columns.items()}
    return TickerArrays(item.ticker, bars.dates, owned, segment_starts(bars.dates, gap_days))
