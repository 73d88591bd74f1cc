"""Stage `sessions`: the book's calendar, its week ends and T, the last common session.

Belongs here: counting bars per date and asking `engine.market.calendar` what follows. Does not
belong here: exchange holidays (`sources.calendars`), a ticker's own as-of grid (the replay).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.market.calendar import (
    completed_week_sessions,
    has_ended,
    last_common_session,
    week_monday,
)
from btassets.errors import NoBarsError
from btassets.sources.calendars import DATA, exchange_sessions
from btassets.stages.bar_store import ticker_slices
from btassets.stages.book import Book
from btassets.stages.ohlcv_history import active_tickers
from btassets.stages.run_stage import StageResult
from btassets.tables import SESSIONS

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


def bar_dates(book: Book) -> tuple[Days, dict[str, tuple[int, int]]]:
    """All bar dates of the universe's tickers, concatenated, and each ticker's first and last date."""
    chunks: list[Days] = []
    spans: dict[str, tuple[int, int]] = {}
    for bucket, group in book.lake.by_bucket(active_tickers(book)).items():
        table = book.lake.read_bucket("ohlcv_history", bucket, ["date"])
        footers = book.lake.bucket_footer("ohlcv_history", bucket)
        if table is None:
            continue
        days = table["date"].combine_chunks().cast(pa.int32()).to_numpy()
        slices = ticker_slices(footers)
        for ticker in group:
            offset, n_rows = slices[ticker]
            if n_rows:
                chunks.append(days[offset : offset + n_rows])
                spans[ticker] = (footers[ticker]["first"], footers[ticker]["last"])
    dates = np.concatenate(chunks) if chunks else np.empty(0, np.int32)
    return dates.astype(np.int32, copy=False), spans


def compute(book: Book) -> StageResult:
    """Table `sessions`, with T and how many tickers are living at T.

    Raises
    ------
    NoBarsError
        When no ticker has a single bar.
    """
    dates, spans = bar_dates(book)
    if not len(dates):
        raise NoBarsError("ohlcv_history", "no ticker has a bar", "look at the problems above, correct the source.")
    first, last_any = int(dates.min()), int(dates.max())
    counts = np.bincount(dates - first, minlength=last_any - first + 1)
    own = (np.flatnonzero(counts) + first).astype(np.int32)
    is_exchange = book.base.calendar != DATA
    days = exchange_sessions(book.lake, book.base.calendar, first, last_any + _WEEK_AHEAD_DAYS) if is_exchange else own
    firsts = np.array([span[0] for span in spans.values()], np.int32)
    lasts = np.array([span[1] for span in spans.values()], np.int32)
    last = int(last_common_session(own, counts[own - first], firsts, lasts))
    week_ends = completed_week_sessions(days, last, "exchange" if is_exchange else "data")
    days = days[days <= last]
    table = pa.table(
        {
            "date": pa.array(days, pa.date32()),
            "week": pa.array(week_monday(days), pa.date32()),
            "is_week": pa.array(np.isin(days, week_ends)),
            "n_tickers": pa.array(counts[days - first].astype(np.int32)),
        },
        schema=SESSIONS.schema,
    )
    numbers = {
        "as_of": str(np.datetime64(last, "D")),
        "n_sessions": len(days),
        "tickers_with_bars": len(spans),
        "tickers_living": sum(not has_ended(int(end), last) for end in lasts),
        "tickers_at_as_of": int(counts[last - first]),
    }
    return StageResult({"sessions": table}, numbers, {"last": last})


def read_sessions(book: Book) -> Sessions:
    """Read the calendar back from the lake."""
    table = book.lake.read("sessions")
    days = np.ascontiguousarray(table["date"].cast(pa.int32()).to_numpy(), dtype=np.int32)
    is_week = np.ascontiguousarray(table["is_week"].to_numpy())
    return Sessions(days, is_week, int(days[-1]))
