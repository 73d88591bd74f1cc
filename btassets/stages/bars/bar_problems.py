"""Stage `bar_problems`: findings of the quality rules, dropped rows, and revisions by sources.

Belongs here: the findings of every ticker's last reading, those that need the calendar (Q11, Q13-Q16) or other tickers
(Q19, Q20), and the records of quarantined rows and of revisions, as tables. Does not belong here: the rules
(`engine.market`), applying them at reading time (`screening.py`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.market.basis_evidence import DividendDrop, of_sums
from btassets.engine.market.calendar import ENDED_AFTER_DAYS
from btassets.engine.market.quality import ended_problem
from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.quality_trailing import TRAILING_SESSIONS, judge_trailing
from btassets.engine.market.source_look import (
    basis_look,
    blocked_days_look,
    dividend_look,
    rhythm_look,
    same_series,
    series_marks,
    stopped_look,
    unlisted_sessions,
)
from btassets.graph.bars import BAR_PROBLEMS
from btassets.run.stage_result import StageResult
from btassets.run.tables import BucketedTable, Tables
from btassets.settings.models import Settings
from btassets.settings.source_kinds import basis_of_source
from btassets.sources.calendar.calendars import DATA
from btassets.stages.bars.bar_revisions import revisions_table
from btassets.stages.bars.findings.source_notes import read_notes
from btassets.stages.bars.quality_settings import as_fact, quality_rules, unused_overrides
from btassets.stages.bars.quarantine import quarantine_table
from btassets.stages.bars.reading import bars_of_table
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.stages.bars.universe import active_tickers

Row = tuple[Any, ...]

_EVERYBODY = ""
"""Ticker of a finding about a day across tickers."""

_OVERRIDDEN = " Overridden: "

_LOOKED_AT = (("Q8", "block"), ("Q25", "warn"), ("Q24", "warn"))
"""Rules and severities of single tickers whose meaning changes when many tickers have them."""


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `bar_problems`, `bar_quarantine`, `bar_revisions`."""
    return judged(tables, settings, read_sessions(tables))


def judged(tables: Tables, settings: Settings, sessions: Sessions) -> StageResult:
    """The tables; with an empty calendar if there is no session."""
    tickers = active_tickers(tables, settings)
    stored = tables.bucketed("ohlcv_history")
    footers = stored.footers()
    rules = quality_rules(settings)
    rows: list[Row] = [(_EVERYBODY, *finding) for finding in tables["sessions"].facts.get("problems", [])]
    marks: dict[str, tuple[int, ...]] = {}
    newest = dict(_newest_findings(stored, tickers, sessions.days, rules, marks))
    for ticker in tickers:
        rows += [(ticker, *finding) for finding in footers[ticker]["problems"]]
        rows += [(ticker, *finding) for finding in newest.get(ticker, ())]
    quarantine, revisions = quarantine_table(tables.bucketed("quarantine"), tickers), revisions_table(footers, tickers)
    rows += _of_the_source(tables, settings, rows, quarantine, sessions, marks)
    overridden = sorted({(str(r[0]), str(r[1])) for r in rows if _OVERRIDDEN in str(r[5])})
    by_severity = Counter(str(row[2]) for row in rows)
    facts = {
        "overridden": overridden,
        "unused": unused_overrides(settings, overridden),
        "blocked": [ticker for ticker in tickers if footers[ticker]["blocked"]],
        "quarantined": dict(sorted(Counter(quarantine["rule"].to_pylist()).items())),
        "revised": len(set(revisions["ticker"].to_pylist())),
        "days": {severity: _n_days(rows, severity) for severity in ("block", "warn")},
    }
    numbers = {
        **{f"findings_{name}": by_severity.get(name, 0) for name in ("block", "quarantine", "warn", "info")},
        "tickers_blocked": len(facts["blocked"]),
        "rows_quarantined": quarantine.num_rows,
        "days_blocked": facts["days"]["block"],
        "revisions": revisions.num_rows,
        "overrides": len(settings.quality.overrides),
        "overrides_unused": len(facts["unused"]),
        **{f"findings_{rule}": n for rule, n in sorted(Counter(str(row[1]) for row in rows).items())},
    }
    found = {
        "bar_problems": _as_table(rows),
        "bar_quarantine": quarantine,
        "bar_revisions": revisions,
    }
    return StageResult(found, numbers, facts)


def _of_the_source(
    tables: Tables,
    settings: Settings,
    rows: Sequence[Row],
    quarantine: pa.Table,
    sessions: Sessions,
    marks: Mapping[str, Sequence[int]],
) -> list[Row]:
    """Findings over all tickers at once (`engine.market.source_look`), and those on the source's list."""
    stored = tables.bucketed("ohlcv_history")
    notes, footers = read_notes(stored), stored.footers()
    found: list[Row] = [] if notes is None else [tuple(row) for row in notes.problems]
    with_rule = {
        key: sorted({str(row[0]) for row in rows if row[1:3] == key and row[0]}, key=str.encode) for key in _LOOKED_AT
    }
    spans = {t: (f["first"], f["last"]) for t, f in footers.items() if f["n_rows"]}
    n, basis = max(len(footers), 1), basis_of_source(settings.source.kind, settings.source.basis)
    looks = [
        *basis_look(with_rule["Q8", "block"], with_rule["Q25", "warn"], n, basis),
        *dividend_look(sum((of_sums(f.get("ex_dates", ())) for f in footers.values()), DividendDrop()), basis),
        *rhythm_look(with_rule["Q24", "warn"], n),
        *same_series(marks),
        *stopped_look({t: span[1] for t, span in spans.items()}, sessions.last, ENDED_AFTER_DAYS),
    ]
    if settings.calendar != DATA:
        is_off = pc.equal(quarantine["rule"], "Q6")
        off = quarantine["date"].filter(is_off).combine_chunks().cast(pa.int32()).to_numpy()
        first, last = (np.array([span[at] for span in spans.values()], np.int32) for at in (0, 1))
        looks += unlisted_sessions(off, first, last, settings.calendar)
        blocked = tables["sessions"].facts.get("blocked_days", [])
        looks += blocked_days_look(len(blocked), len(sessions.days), settings.calendar, min(blocked, default=None))
    return [*found, *((look.ticker, *as_fact(look)) for look in looks)]


def _n_days(rows: Sequence[Row], severity: str) -> int:
    """Days with a finding of this severity: one row per blocked day, a single row for all warnings."""
    days = [row for row in rows if row[0] == _EVERYBODY and row[2] == severity]
    return len(days) if severity == "block" else sum(row[4] for row in days)


def _newest_findings(
    stored: BucketedTable,
    tickers: Sequence[str],
    sessions: np.ndarray,
    rules: QualityRules,
    marks: dict[str, tuple[int, ...]],
) -> Iterator[tuple[str, list[list[Any]]]]:
    """Findings that need the calendar, by ticker: an end before T, and the last half year of its bars.

    Also fills `marks` with those of each ticker's series.
    """
    last = int(sessions[-1]) if len(sessions) else None
    for bucket, group in stored.by_bucket(tickers).items():
        table = stored.bucket(bucket)
        footers = stored.bucket_footer(bucket)
        slices = stored.slices(bucket)
        for ticker in group:
            offset, n_rows = slices[ticker]
            if table is None or not n_rows or last is None:
                continue
            ended = ended_problem(ticker, footers[ticker]["last"], last, rules)
            # A few bars may be after T; those before the trailing sessions are not checked.
            n_looked_at = min(n_rows, 2 * TRAILING_SESSIONS)
            bars = bars_of_table(table.slice(offset + n_rows - n_looked_at, n_looked_at))
            marks[ticker] = series_marks(bars.dates, bars.close)
            found = [*([ended] if ended is not None else []), *judge_trailing(ticker, bars, sessions, rules)]
            if found:
                yield ticker, [as_fact(problem) for problem in found]


def _as_table(rows: Sequence[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in BAR_PROBLEMS.schema]
    arrays = [
        pa.array(values, pa.int32()).cast(pa.date32()) if field.name == "date" else pa.array(values, field.type)
        for values, field in zip(columns, BAR_PROBLEMS.schema, strict=True)
    ]
    return pa.table(arrays, schema=BAR_PROBLEMS.schema)
