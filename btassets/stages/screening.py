"""From what a source gave to what the lake keeps of one ticker: its bars, or why they are refused.

Belongs here: the settings' thresholds as rules, applying them, and the facts of a ticker's footer. Does not
belong here: the rules themselves (`engine.market.quality`), reading (`reading.py`), writing (`bar_store.py`).
"""

from typing import Any

import numpy as np

from btassets.engine.market.overlap import Revision, merge_overlap
from btassets.engine.market.quality import QualityRules, screen_bars
from btassets.engine.market.raw_bars import Problem, RawBars
from btassets.settings.models import Settings
from btassets.sources.base import BarSource, BlockedTickerError
from btassets.sources.calendars import DATA, exchange_sessions
from btassets.stages.bar_revisions import grown_record
from btassets.stages.bar_store import bars_version
from btassets.stages.book import Book
from btassets.stages.reading import Wanted

_DAYS_BEFORE = 15
"""Sessions are asked for from so much earlier that a first bar on a holiday is seen as one."""


def accept(
    book: Book, source: BarSource, wanted: Wanted, fetched: RawBars | BlockedTickerError, known: dict[str, Any]
) -> tuple[dict[str, Any], RawBars | None]:
    """Facts for the footer, and the accepted bars; None: keep what the lake has."""
    ticker = wanted.ticker
    if isinstance(fetched, BlockedTickerError):
        return _blocked(ticker, known, [fetched.as_problem()]), None
    screened = screen_bars(
        ticker, fetched, quality_rules(book.base), basis=source.basis, sessions=_calendar(book, fetched)
    )
    problems = [_as_fact(p) for p in screened.problems]
    dropped = dict(screened.n_dropped)
    bars = screened.bars
    if bars is None:
        return _blocked(ticker, known, list(screened.problems)), None
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
        **grown_record(known, revisions, int(bars.dates[-1])),
    }
    return facts, bars


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
        "problems": [_as_fact(p) for p in problems],
        "blocked": text,
    }


def _as_fact(problem: Problem) -> list[Any]:
    return [problem.rule, problem.severity, problem.date, problem.n, problem.text]


def _calendar(book: Book, bars: RawBars) -> np.ndarray | None:
    if book.base.calendar == DATA or not len(bars.dates):
        return None
    return exchange_sessions(book.lake, book.base.calendar, int(bars.dates.min()) - _DAYS_BEFORE, int(bars.dates.max()))


def quality_rules(settings: Settings) -> QualityRules:
    """Thresholds of the quality rules from the settings."""
    quality = settings.quality
    return QualityRules(
        max_bad_rows=quality.max_bad_rows,
        max_bad_frac=quality.max_bad_frac,
        ohlc_tolerance_frac=quality.ohlc_tolerance_frac,
    )
