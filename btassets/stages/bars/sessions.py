"""Stage `sessions`: the book's calendar, its week ends, T, and the days that too few tickers have.

Belongs here: counting bars per date and asking `engine.market` what follows (T, Q19, Q20). Does not belong here:
exchange holidays (`sources.calendars`), a ticker's own as-of grid (the replay), taking the bars of a blocked day
out (`bars_view.py`).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.book.book import Book
from btassets.engine.days import week_mondays
from btassets.engine.market.calendar import (
    completed_week_sessions,
    has_ended,
    last_common_session,
)
from btassets.engine.market.quality_sessions import is_quiet, screen_counted_days
from btassets.errors import NoBarsError
from btassets.graph.tables import SESSIONS
from btassets.run.run_stage import StageResult
from btassets.sources.calendar.calendars import DATA, exchange_sessions, known_span
from btassets.stages.bars.bar_store import ticker_slices
from btassets.stages.bars.data_findings import first_refusals
from btassets.stages.bars.ohlcv_history import active_tickers
from btassets.stages.bars.quality_settings import as_fact, quality_rules
from btassets.storage.lake import Lake

_WEEK_AHEAD_DAYS = 14

Days = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sessions:
    """The book's calendar as arrays.

    Attributes
    ----------
    days
        Sessions up to T, ascending, days since 1970-01-01, shape (n_sessions,).
    is_week
        True where the session is the as-of date of a completed week.
    last
        T, days since 1970-01-01.
    """

    days: Days
    is_week: npt.NDArray[np.bool_]
    last: int


@dataclass(frozen=True)
class BarDays:
    """Days of all bars of the universe's tickers.

    Attributes
    ----------
    dates
        Of every bar, ticker after ticker.
    quiet
        Of the bars without volume or range.
    spans
        First and last date of each ticker that has bars.
    """

    dates: Days
    quiet: Days
    spans: dict[str, tuple[int, int]]


def bar_days(book: Book) -> BarDays:
    """Read the days of every stored bar."""
    chunks: list[Days] = []
    quiet: list[Days] = []
    spans: dict[str, tuple[int, int]] = {}
    for bucket, group in book.lake.by_bucket(active_tickers(book)).items():
        table = book.lake.read_bucket("ohlcv_history", bucket, ["date", "high", "low", "volume"])
        footers = book.lake.bucket_footer("ohlcv_history", bucket)
        if table is None:
            continue
        days = table["date"].combine_chunks().cast(pa.int32()).to_numpy()
        idle = is_quiet(*(table[name].combine_chunks().to_numpy() for name in ("volume", "high", "low")))
        slices = ticker_slices(footers)
        for ticker in group:
            offset, n_rows = slices[ticker]
            if n_rows:
                rows = slice(offset, offset + n_rows)
                chunks.append(days[rows])
                quiet.append(days[rows][idle[rows]])
                spans[ticker] = (footers[ticker]["first"], footers[ticker]["last"])

    def joined(parts: list[Days]) -> Days:
        return (np.concatenate(parts) if parts else np.empty(0)).astype(np.int32, copy=False)

    return BarDays(joined(chunks), joined(quiet), spans)


def blocked_days(book: Book) -> Days:
    """Days whose bars are not used (Q19), ascending, days since 1970-01-01; none before the first run."""
    path = book.lake.path("sessions")
    try:
        facts = path.stat()
    except OSError:
        return np.empty(0, np.int32)
    return _blocked_days(book.lake.root, (facts.st_mtime_ns, facts.st_ino), mends=book.lake.mends)


@lru_cache(maxsize=8)
def _blocked_days(root: Path, stamp: tuple[int, int], *, mends: bool) -> Days:
    del stamp  # a rewritten calendar asks for a new answer
    footer = Lake(root, 1, mends=mends).footer("sessions")
    return np.array([] if footer is None else footer.facts.get("blocked_days", []), np.int32)


def compute(book: Book) -> StageResult:
    """Table `sessions`, with T and how many tickers are living at T.

    Raises
    ------
    NoBarsError
        When no ticker has a single bar.
    """
    bars = bar_days(book)
    if not len(bars.dates):
        reasons = "\n  ".join(first_refusals(book.lake.ticker_footers("ohlcv_history")))
        advice = f"every ticker was refused; correct the source, or [source] in btassets.toml:\n  {reasons}"
        raise NoBarsError("ohlcv_history", "no ticker has a bar", advice if reasons else "correct the source.")
    first, last_any = int(bars.dates.min()), int(bars.dates.max())
    counts = np.bincount(bars.dates - first, minlength=last_any - first + 1)
    own = (np.flatnonzero(counts) + first).astype(np.int32)
    is_exchange = book.base.calendar != DATA
    days = exchange_sessions(book.lake, book.base.calendar, first, last_any + _WEEK_AHEAD_DAYS) if is_exchange else own
    firsts = np.array([span[0] for span in bars.spans.values()], np.int32)
    lasts = np.array([span[1] for span in bars.spans.values()], np.int32)
    last = int(last_common_session(own, counts[own - first], firsts, lasts))
    screened = screen_counted_days(
        bars.dates,
        bars.quiet,
        firsts,
        lasts,
        quality_rules(book.base),
        sessions=days if is_exchange else None,
        last_session=last,
    )
    if not is_exchange:
        # A day that hardly anybody has is no session of this calendar, which is what the tickers' dates say.
        days = days[~np.isin(days, screened.blocked_days)]
    week_ends = completed_week_sessions(days, last, "exchange" if is_exchange else "data")
    if is_exchange:
        # A week that the library of calendars knows in part may have sessions still to come.
        known_to = known_span(book.lake, book.base.calendar, first, last_any + _WEEK_AHEAD_DAYS)[1]
        week_ends = week_ends[week_mondays(week_ends) + 6 <= known_to]
    days = days[days <= last]
    table = pa.table(
        {
            "date": pa.array(days, pa.date32()),
            "week": pa.array(week_mondays(days), pa.date32()),
            "is_week": pa.array(np.isin(days, week_ends)),
            "n_tickers": pa.array(counts[days - first].astype(np.int32)),
            "is_blocked": pa.array(np.isin(days, screened.blocked_days)),
        },
        schema=SESSIONS.schema,
    )
    numbers = {
        "as_of": str(np.datetime64(last, "D")),
        "n_sessions": len(days),
        "tickers_with_bars": len(bars.spans),
        "tickers_living": sum(not has_ended(int(end), last) for end in lasts),
        "tickers_at_as_of": int(counts[last - first]),
        "days_blocked": len(screened.blocked_days),
    }
    facts = {
        "last": last,
        "blocked_days": screened.blocked_days.tolist(),
        "problems": [as_fact(problem) for problem in screened.problems],
    }
    return StageResult({"sessions": table}, numbers, facts)


def read_sessions(book: Book) -> Sessions:
    """Read the calendar back from the lake."""
    table = book.lake.read("sessions")
    days = np.ascontiguousarray(table["date"].cast(pa.int32()).to_numpy(), dtype=np.int32)
    is_week = np.ascontiguousarray(table["is_week"].to_numpy())
    return Sessions(days, is_week, int(days[-1]))
