"""The adjusted view of stored bars, read by the replay, the portfolio and the page.

Belongs here: reading buckets back as arrays, leaving out blocked days, and adjusting them. Does not belong here:
adjustment factors (`engine.market.adjustment`), which days are blocked (`sessions.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.market.adjustment import adjustment_factors, scaled_bars
from btassets.engine.market.bars import Bars
from btassets.engine.market.quality_rows import rows_kept
from btassets.engine.market.raw_bars import RawBars
from btassets.graph.bars import BARS
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.kept_bars import KeptBars, KeptBucket
from btassets.stages.bars.sessions_view import blocked_days, first_used


@dataclass(frozen=True)
class TickerBars:
    """One ticker's bars: as stored, and in the book's basis.

    Attributes
    ----------
    raw
        As printed by the source.
    bars
        Adjusted and anchored at the first bar: a later split or dividend changes no earlier one.
    factor, volume_factor
        Adjusted over printed price and volume, shape (n_bars,); 1 at the first bar.
    version
        Of the stored bars.
    """

    ticker: str
    raw: RawBars
    bars: Bars
    factor: npt.NDArray[np.float64]
    volume_factor: npt.NDArray[np.float64]
    version: str

    def in_last_prices(self) -> Bars:
        """The view in prices of the last bar, which stays as printed: for charts, exports and open positions."""
        if self.factor[-1] == 1.0 and self.volume_factor[-1] == 1.0:
            return self.bars
        return scaled_bars(self.raw, self.factor / self.factor[-1], self.volume_factor / self.volume_factor[-1])


def is_used(
    dates: npt.NDArray[np.int32], blocked: npt.NDArray[np.int32], first: int | None = None
) -> npt.NDArray[np.bool_]:
    """Whether each ascending date is neither a blocked day (Q19) nor before the first used one."""
    kept = np.ones(len(dates), dtype=np.bool_)
    if first is not None:
        kept[: np.searchsorted(dates, first)] = False
    at = np.searchsorted(dates, blocked)
    at, days = at[at < len(dates)], blocked[at < len(dates)]
    kept[at[dates[at] == days]] = False
    return kept


def n_bars_used(tables: Tables, tickers: Iterable[str]) -> dict[str, int]:
    """Number of bars of each of `tickers` in the view, in their order."""
    tickers = list(tickers)
    stored = tables.bucketed("ohlcv_history")
    footers, blocked, first = stored.footers(), blocked_days(tables), first_used(tables)
    if not len(blocked) and first is None:
        return {ticker: footers[ticker]["n_rows"] for ticker in tickers}
    counts: dict[str, int] = {}
    for bucket, group in stored.by_bucket(tickers).items():
        table = stored.bucket(bucket, ["date"])
        slices = stored.slices(bucket)
        dates = np.empty(0, np.int32) if table is None else table["date"].combine_chunks().cast(pa.int32()).to_numpy()
        for ticker in group:
            offset, n_rows = slices[ticker]
            counts[ticker] = int(is_used(dates[offset : offset + n_rows], blocked, first).sum())
    return {ticker: counts[ticker] for ticker in tickers}


_KEPT: KeptBars["TickerBars | None"] = KeptBars()


def read_bucket_bars(
    tables: Tables, settings: Settings, bucket: int, tickers: Iterable[str] | None = None
) -> Iterator[TickerBars]:
    """Bars of the tickers of one bucket, in ticker order; tickers without bars are skipped.

    Parameters
    ----------
    tickers
        Only these; None: all of the bucket.
    """
    found = _KEPT.bucket(tables.bucketed("ohlcv_history"), bucket)
    if found is None:
        return
    wanted = None if tickers is None else set(tickers)
    blocked, first = blocked_days(tables), first_used(tables)
    for ticker, (_, n_rows) in found.slices.items():
        if n_rows and (wanted is None or ticker in wanted):
            key = (ticker, settings.basis, blocked.tobytes(), first)
            item = found.view(key, partial(_view, found, ticker, settings, blocked, first))
            if item is not None:
                yield item


def _view(
    bucket: KeptBucket["TickerBars | None"],
    ticker: str,
    settings: Settings,
    blocked: npt.NDArray[np.int32],
    first: int | None,
) -> TickerBars | None:
    """View of one ticker; None if every bar of it is on a blocked day or before the first used one."""
    raw, facts = bucket.raw(ticker), bucket.footers[ticker]
    if first is not None and len(raw) and int(raw.dates[0]) < first:
        # Actions before the first used bar adjust no later one, so that they go with their rows.
        raw = raw.take(raw.dates >= first)
        if not len(raw):
            return None
    if len(blocked):
        # Its actions move to the next bar, as for every dropped row.
        raw = rows_kept(raw, is_used(raw.dates, blocked))
        if not len(raw):
            return None
    factor, volume_factor = adjustment_factors(raw, facts["basis"], settings.basis)
    bars = scaled_bars(raw, factor, volume_factor)
    for values in (bars.open, bars.high, bars.low, bars.close, bars.volume, factor, volume_factor):
        values.flags.writeable = False  # shared by every stage of the process, as the stored columns are
    return TickerBars(ticker, raw, bars, factor, volume_factor, facts["version"])


def read_bars(tables: Tables, settings: Settings, tickers: Iterable[str]) -> dict[str, Bars]:
    """Adjusted bars of `tickers` in prices of their last bar, skipping those without, in ticker (byte) order."""
    found: dict[str, Bars] = {}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        found.update({item.ticker: item.in_last_prices() for item in read_bucket_bars(tables, settings, bucket, group)})
    return dict(sorted(found.items(), key=lambda item: item[0].encode()))


def bars_until(tables: Tables, settings: Settings, tickers: Iterable[str], day: int) -> dict[str, Bars]:
    """Adjusted bars of each ticker up to the date, as the replay sees them; of those that have a bar on it."""
    found: dict[str, Bars] = {}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            at = int(np.searchsorted(item.bars.dates, day))
            if at < item.bars.n_bars and int(item.bars.dates[at]) == day:
                found[item.ticker] = item.bars.between(0, at + 1)
    return found


def bars_table(tables: Tables, settings: Settings, tickers: Iterable[str]) -> pa.Table:
    """Table `bars`: the adjusted view of `tickers`."""
    parts = []
    for ticker, bars in read_bars(tables, settings, tickers).items():
        name = pa.array([ticker]).take(pa.array(np.zeros(bars.n_bars, np.int32)))
        values = [name, pa.array(bars.dates, pa.date32())]
        values += [pa.array(v) for v in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
        parts.append(pa.table(values, schema=BARS.schema))
    return pa.concat_tables(parts) if parts else BARS.schema.empty_table()
