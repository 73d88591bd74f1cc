"""Converts a source's bars of one ticker to the stored ones, or to a refusal.

Belongs here: applying the rules, and the facts of a ticker's footer. Does not belong here: the rules themselves
(`engine.market.quality`) and their settings (`quality_settings.py`), reading (`reading.py`), writing (`bar_store.py`).
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from btassets.counted import counted
from btassets.engine.days import iso_day
from btassets.engine.market.basis_evidence import as_sums, evidence_of
from btassets.engine.market.overlap import Revision, merge_overlap, shrunk_history
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.quality_rules import DroppedRows
from btassets.engine.market.raw_bars import Problem, RawBars
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.base import BarSource, BlockedTickerError
from btassets.sources.calendar.calendars import DATA
from btassets.stages.bars.bar_revisions import grown_record
from btassets.stages.bars.bar_store import bars_version
from btassets.stages.bars.quality_settings import as_fact, overrides_of, quality_rules
from btassets.stages.bars.reading import Wanted

_AHEAD_DAYS = 7
"""A date this far ahead of the clock is not a session in another time zone but a misprint."""

_DAYS_BEFORE = 15
"""Sessions are loaded from this much earlier, so that a first bar on a holiday is recognized as one."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Result of screening one ticker.

    Attributes
    ----------
    facts
        For its footer.
    bars
        Bars to store; None: the ticker was refused, keep those in the lake.
    quarantine
        Rows dropped by the rules, with their values.
    """

    facts: dict[str, Any]
    bars: RawBars | None
    quarantine: tuple[DroppedRows, ...] = ()


def last_finished(tables: Tables, settings: Settings) -> int | None:
    """Last session whose bars are complete, days since 1970-01-01; None: unknown, or a synthetic market."""
    if settings.calendar == DATA or settings.source.kind == "demo":
        return None
    return tables.outside("exchange_calendar").last_finished(settings.calendar)


def today_day() -> int:
    """Today in UTC, days since 1970-01-01."""
    return int(time.time() // 86_400)


@dataclass(frozen=True, slots=True)
class _Impossible:
    """Rows dated in the future, and the finding about them."""

    rows: DroppedRows | None = None
    problem: Problem | None = None


def _possible(ticker: str, bars: RawBars, today: int | None) -> tuple[RawBars, _Impossible]:
    """Bars without those dated more than a week ahead of the clock (Q24): no run would ever find them finished."""
    if today is None or not len(bars) or bars.dates.max() <= today + _AHEAD_DAYS:
        return bars, _Impossible()
    is_ahead = bars.dates > today + _AHEAD_DAYS
    ahead = bars.take(np.flatnonzero(is_ahead))
    day = int(ahead.dates.min())
    text = (
        f"{ticker} {iso_day(day)}: {len(ahead)} rows are dated in the future; dates must not be after today; "
        "dropped; correct the source."
    )
    problem = Problem(ticker, "Q24", "quarantine", day, len(ahead), text)
    return bars.take(np.flatnonzero(~is_ahead)), _Impossible(DroppedRows("Q24", ahead), problem)


def _finished(ticker: str, bars: RawBars, last: int | None) -> tuple[RawBars, Problem | None]:
    """Bars up to the last finished session, and a finding about unfinished ones."""
    if last is None or not len(bars) or bars.dates.max() <= last:
        return bars, None
    later = np.flatnonzero(bars.dates > last)
    day = int(bars.dates[later].min())
    text = (
        f"{ticker} {iso_day(day)}: bar of an unfinished session ({counted(len(later), 'row')} in total); bars are "
        f"stored after the close, the last finished session is {iso_day(last)}; read again by the next run."
    )
    kept = bars.take(np.flatnonzero(bars.dates <= last))
    return kept, Problem(ticker, "Q6", "info", day, len(later), text)


def accept(
    tables: Tables,
    settings: Settings,
    source: BarSource,
    *,
    wanted: Wanted,
    fetched: RawBars | BlockedTickerError,
    known: dict[str, Any],
    last: int | None = None,
) -> Accepted:
    """Screen one ticker by the book's rules.

    Parameters
    ----------
    known
        Existing facts of its footer.
    last
        Last finished session; later bars are left out. None: all are finished.
    """
    ticker = wanted.ticker
    if isinstance(fetched, BlockedTickerError):
        return Accepted(_blocked(ticker, known, [fetched.as_problem()]), None)
    fetched, impossible = _possible(ticker, fetched, today_day() if settings.source.kind != "demo" else None)
    fetched, unfinished = _finished(ticker, fetched, last)
    screened = screen_bars(
        ticker,
        fetched,
        quality_rules(settings),
        basis=source.basis,
        sessions=_calendar(tables, settings, fetched),
        calendar_span=_span(tables, settings, fetched),
        overrides=overrides_of(settings, ticker),
    )
    found = [*screened.problems, *(p for p in (unfinished, impossible.problem) if p is not None)]
    problems = [as_fact(p) for p in found]
    dropped = dict(screened.n_dropped)
    if impossible.rows is not None:
        dropped["Q24"] = dropped.get("Q24", 0) + len(impossible.rows.rows)
    bars = screened.bars
    if bars is None:
        return Accepted(_blocked(ticker, known, found), None)
    shrunk = None if wanted.stored is None else shrunk_history(ticker, wanted.stored, bars)
    if shrunk is not None:
        return Accepted(_blocked(ticker, known, [shrunk, *found]), None)
    if wanted.since is not None:
        # Rows dropped before the overlap were not read again, so their record stays.
        for rule, severity, day, n, text in known.get("problems", ()):
            if severity == "quarantine" and day is not None and day < wanted.since:
                problems.append([rule, severity, day, n, text])
                dropped[rule] = dropped.get(rule, 0) + n
    # Compared after the rules: a row dropped every time is not a revision.
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
        "ex_dates": as_sums(evidence_of(bars).drop),
        **grown_record(known, revisions, int(bars.dates[-1])),
    }
    quarantine = screened.quarantine if impossible.rows is None else (*screened.quarantine, impossible.rows)
    return Accepted(facts, bars, quarantine)


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
    return {
        **empty,
        **known,
        "problems": [as_fact(p) for p in problems],
        "blocked": f"{reason.text} [{reason.rule}]",
        "is_unfinished": False,
    }


def _span(tables: Tables, settings: Settings, bars: RawBars) -> tuple[int, int] | None:
    if settings.calendar == DATA or not len(bars.dates):
        return None
    first, last = int(bars.dates.min()) - _DAYS_BEFORE, int(bars.dates.max())
    return tables.outside("exchange_calendar").known_span(settings.calendar, first, last)


def _calendar(tables: Tables, settings: Settings, bars: RawBars) -> np.ndarray | None:
    if settings.calendar == DATA or not len(bars.dates):
        return None
    first, last = int(bars.dates.min()) - _DAYS_BEFORE, int(bars.dates.max())
    return tables.outside("exchange_calendar").sessions(settings.calendar, first, last)
