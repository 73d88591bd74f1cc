"""From what a source gave to what the lake keeps of one ticker: its bars, or why they are refused.

Belongs here: the settings' thresholds as rules, applying them, and the facts of a ticker's footer. Does not
belong here: the rules themselves (`engine.market.quality`), reading (`reading.py`), writing (`bar_store.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from btassets.engine.market.overlap import Revision, merge_overlap
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.quality_rules import NOT_OF_A_FILE, DroppedRows, Override, QualityRules, iso_date
from btassets.engine.market.raw_bars import Problem, RawBars
from btassets.settings.models import Settings
from btassets.settings.quality import Quality
from btassets.sources.base import BarSource, BlockedTickerError
from btassets.sources.calendars import DATA, exchange_sessions
from btassets.sources.ticker_names import canonical_ticker
from btassets.sources.vendor_rows import taken
from btassets.sources.window import last_finished_session
from btassets.stages.bar_revisions import grown_record
from btassets.stages.bar_store import bars_version
from btassets.stages.book import Book
from btassets.stages.reading import Wanted

_DAYS_BEFORE = 15
"""Sessions are asked for from so much earlier that a first bar on a holiday is seen as one."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What becomes of one ticker that was read.

    Attributes
    ----------
    facts
        For its footer.
    bars
        What is kept; None: keep what the lake has, the ticker was refused.
    quarantine
        Rows that the rules took out, with their numbers.
    """

    facts: dict[str, Any]
    bars: RawBars | None
    quarantine: tuple[DroppedRows, ...] = ()


def last_finished(book: Book) -> int | None:
    """Last session whose bars are whole, days since 1970-01-01; None: nobody knows, or the market is made up."""
    if book.base.calendar == DATA or book.base.source.kind == "demo":
        return None
    return last_finished_session(book.base.calendar, book.lake)


def _finished(ticker: str, bars: RawBars, last: int | None) -> tuple[RawBars, Problem | None]:
    """Bars up to the last finished session, and a word about those that are not over yet."""
    if last is None or not len(bars) or bars.dates.max() <= last:
        return bars, None
    later = np.flatnonzero(bars.dates > last)
    day = int(bars.dates[later].min())
    text = (
        f"{ticker} {iso_date(day)}: bar of a session that is not over ({len(later)} rows in all); bars are stored when "
        f"their session is, the last one was {iso_date(last)}; read again by the next run."
    )
    kept = taken(bars, np.flatnonzero(bars.dates <= last))
    return kept, Problem(ticker, "Q6", "info", day, len(later), text)


def accept(
    book: Book,
    source: BarSource,
    wanted: Wanted,
    fetched: RawBars | BlockedTickerError,
    known: dict[str, Any],
    last: int | None = None,
) -> Accepted:
    """Judge one ticker by the book's rules.

    Parameters
    ----------
    known
        Facts of its footer so far.
    last
        Last finished session; bars of later ones are left out. None: all are finished.
    """
    ticker = wanted.ticker
    if isinstance(fetched, BlockedTickerError):
        return Accepted(_blocked(ticker, known, [fetched.as_problem()]), None)
    fetched, unfinished = _finished(ticker, fetched, last)
    screened = screen_bars(
        ticker,
        fetched,
        quality_rules(book.base),
        basis=source.basis,
        sessions=_calendar(book, fetched),
        overrides=overrides_of(book.base, ticker),
    )
    problems = [as_fact(p) for p in (*screened.problems, *([unfinished] if unfinished is not None else []))]
    dropped = dict(screened.n_dropped)
    bars = screened.bars
    if bars is None:
        return Accepted(_blocked(ticker, known, list(screened.problems)), None)
    if wanted.since is not None:
        # Rows dropped before the overlap were not read again: their record stays.
        for rule, severity, day, n, text in known.get("problems", ()):
            if severity == "quarantine" and day is not None and day < wanted.since:
                problems.append([rule, severity, day, n, text])
                dropped[rule] = dropped.get(rule, 0) + n
    # Compared after the rules: a row that they drop each time is no revision.
    revisions: tuple[Revision, ...] = () if wanted.stored is None else merge_overlap(wanted.stored, bars).revisions
    facts = {
        "version": bars_version(bars, source.basis),
        "n_rows": len(bars.dates),
        "first": int(bars.dates[0]) if len(bars.dates) else None,
        "last": int(bars.dates[-1]) if len(bars.dates) else None,
        "basis": source.basis,
        "problems": problems,
        "dropped": dropped,
        "blocked": None,
        "is_unfinished": unfinished is not None,
        **grown_record(known, revisions, int(bars.dates[-1])),
    }
    return Accepted(facts, bars, screened.quarantine)


def _blocked(ticker: str, known: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    empty = {
        "version": f"none-{ticker}",
        "n_rows": 0,
        "first": None,
        "last": None,
        "basis": None,
        "dropped": {},
    }
    reason = next((p for p in problems if p.severity == "block"), problems[0])
    text = reason.text if reason.text.endswith("]") else f"{reason.text} [{reason.rule}]"
    return {
        **empty,
        **known,
        "problems": [as_fact(p) for p in problems],
        "blocked": text,
        "is_unfinished": False,
    }


def as_fact(problem: Problem) -> list[Any]:
    """Give a finding as a footer keeps it: rule, severity, date, count, text."""
    return [problem.rule, problem.severity, problem.date, problem.n, problem.text]


def _calendar(book: Book, bars: RawBars) -> np.ndarray | None:
    if book.base.calendar == DATA or not len(bars.dates):
        return None
    return exchange_sessions(book.lake, book.base.calendar, int(bars.dates.min()) - _DAYS_BEFORE, int(bars.dates.max()))


def quality_rules(settings: Settings) -> QualityRules:
    """Thresholds of the quality rules from the settings.

    Two are not settings of their own: a gap is what ends a window (`engine.gap_days`), and the days after which a
    ticker has ended are part of what "ended" means everywhere.
    """
    quality = settings.quality
    values: dict[str, Any] = {
        f.name: getattr(quality, f.name) for f in fields(QualityRules) if hasattr(quality, f.name)
    }
    values["high_close_tickers"] = frozenset(map(canonical_ticker, quality.high_close_tickers))
    return QualityRules(**values, gap_days=settings.engine.gap_days)


READ_RULES = tuple(
    f"quality.{f.name}" for f in fields(QualityRules) if f.name in Quality.model_fields and f.name not in NOT_OF_A_FILE
)
"""Settings by which one ticker's file is judged when it is read."""


def overrides_of(settings: Settings, ticker: str) -> list[Override]:
    """What a person has looked at of one ticker."""
    return [
        Override(ticker, given.rule, given.reason)
        for given in settings.quality.overrides
        if canonical_ticker(given.ticker) == ticker
    ]


def unused_overrides(settings: Settings, overridden: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ticker and rule of every override without a finding that it turned into a warning."""
    given = [(canonical_ticker(item.ticker), item.rule) for item in settings.quality.overrides]
    return [pair for pair in given if pair not in overridden]
