"""The rows of a ticker that an evening leaves alone: stored in the closed part of its bucket.

A new session replays the as-of bars within reach of the last one. The rows of the calendar years before them are
closed: they are written again only when the ticker's past changes, and once a year when the year before is closed.

Belongs here: the day from which rows are open, and splitting rows there. Does not belong here: which rows are replayed
(`kept_rows.py`), the files of a bucket (`btassets.storage.bucket_rows`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from btassets.engine.days import years_of
from btassets.storage.bucket_rows import N_CLOSED

OPEN_SINCE = "open_since"
"""Fact of a ticker: first day (since 1970-01-01) of the year of its oldest open row."""

_SPARE_BARS = 10
"""Bars by which a ticker may lag behind its own calendar before an evening reaches a closed row."""


def open_since(dates: np.ndarray, n_bars: int, reach: int) -> int:
    """First day of the calendar year of the oldest as-of bar that a new session replays.

    Parameters
    ----------
    dates
        Bars of the ticker, ascending int32 days.
    n_bars
        Number of them up to T.
    reach
        Forward bars after which a row is final.
    """
    if not n_bars:
        return 0
    oldest = dates[max(n_bars - reach - _SPARE_BARS, 0)]
    year = int(years_of(np.array([oldest], np.int32))[0])
    return int(np.datetime64(f"{year}-01-01", "D").astype(np.int64))


def n_before(rows: pa.Table, day: int) -> int:
    """Number of rows of one ticker with an as-of date before `day`."""
    dates = rows["asof_date"].combine_chunks().cast(pa.int32()).to_numpy()
    return int(np.searchsorted(dates, day))


def stays_closed(
    facts: Mapping[str, Mapping[str, Any]],
    stored: Mapping[str, Mapping[str, Any]],
    since: Mapping[str, int],
) -> bool:
    """Whether the closed part of a bucket holds for its present tickers.

    Parameters
    ----------
    facts
        New facts of the tickers that are written.
    stored
        Facts of all tickers before.
    since
        First day of the newly replayed rows of a ticker; missing: all of its rows are new.
    """
    return all(
        ticker in stored
        and stored[ticker].get(OPEN_SINCE) == own.get(OPEN_SINCE) is not None
        and since.get(ticker, 0) >= own[OPEN_SINCE]
        for ticker, own in facts.items()
    )


def split(
    parts: Iterable[tuple[str, Sequence[pa.Table]]], facts: dict[str, dict[str, Any]]
) -> tuple[list[pa.Table], list[pa.Table]]:
    """Closed and open rows of every ticker; the number of the closed ones goes into its facts.

    Parameters
    ----------
    parts
        Ticker and its rows, in order.
    facts
        Facts of every ticker.
    """
    closed: list[pa.Table] = []
    newest: list[pa.Table] = []
    for ticker, own in parts:
        n_closed = 0
        for rows in own:
            n = n_before(rows, facts[ticker].get(OPEN_SINCE, 0))
            n_closed += n
            closed.append(rows.slice(0, n))
            newest.append(rows.slice(n))
        facts[ticker][N_CLOSED] = n_closed
    return closed, newest
