"""Bars that differ from their earlier reading.

Belongs here: comparing fresh bars with those in the lake. A vendor that adjusts its prices restates a
ticker's history at each split or dividend; raw prices that change are a correction or a mistake.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from btassets.engine.market.raw_bars import RawBars

_REL_TOLERANCE = 1e-9


def first_restated(old: pa.Table, fresh: RawBars) -> int | None:
    """First date whose prices differ between stored rows and fresh bars, or that fresh bars lack.

    Parameters
    ----------
    old
        Rows of one ticker in the lake, dates ascending.
    fresh
        The same ticker's current bars from the source, dates ascending. Dates before its first bar do not count,
        because a source may keep only a window.

    Returns
    -------
    int or None
        Days since 1970-01-01; None if nothing was restated.
    """
    if not old.num_rows or not len(fresh.dates):
        return None
    days = old["date"].cast(pa.int32()).to_numpy()
    is_kept = days >= fresh.dates[0]
    days = days[is_kept]
    at = np.minimum(np.searchsorted(fresh.dates, days), len(fresh.dates) - 1)
    is_same = fresh.dates[at] == days
    for name in ("open", "high", "low", "close"):
        before = old[name].to_numpy()[is_kept]
        is_same &= np.isclose(getattr(fresh, name)[at], before, rtol=_REL_TOLERANCE, atol=0.0)
    return None if is_same.all() else int(days[np.argmin(is_same)])


def restated_tickers(
    old: pa.Table | None, slices: Mapping[str, tuple[int, int]], fresh: Mapping[str, RawBars]
) -> dict[str, int]:
    """Tickers of one bucket whose stored bars were restated, with the first such date."""
    if old is None:
        return {}
    found = {t: first_restated(old.slice(*slices[t]), bars) for t, bars in fresh.items() if t in slices}
    return {ticker: day for ticker, day in found.items() if day is not None}
