"""Facts of the checks of the bars, compared with thresholds.

Belongs here: pass or fail and the numbers behind it. Does not belong here: the list of checks and which of them block
(`btassets/graph/bars.py`), reporting to Dagster (`btassets.defs.checks`).
"""

from typing import Any

import numpy as np

from btassets.engine.market.calendar import has_ended
from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_age import bars_age

MAX_MISSING_AT_LAST_FRAC = 0.05
_NAMED = 10


def of_sessions(outcome: StageOutcome, tables: Tables, settings: Settings) -> list[CheckFact]:
    """Coverage at T, due sessions, and tickers without a bar at the last one."""
    age = bars_age(tables, settings)
    behind = 0 if age is None else age.behind
    current, present = outcome.numbers["tickers_current"], outcome.numbers["tickers_at_as_of"]
    # Not 1 - present / current: 1 - 95 / 100 is above 0.05 in floats.
    missing_frac = (current - present) / current if current else 1.0
    newer = _beyond(outcome, tables)
    numbers = {
        "tickers_current": current,
        "tickers_at_as_of": present,
        "missing_pct": round(100.0 * missing_frac, 2),
    }
    return [
        CheckFact("universe_coverage", missing_frac <= MAX_MISSING_AT_LAST_FRAC, "ERROR", numbers),
        CheckFact("bars_current", behind == 0, "WARN", {"sessions_behind": behind}),
        CheckFact(
            "stale_tickers", present == current and not newer, "WARN", {"tickers_behind": current - present} | newer
        ),
    ]


def _beyond(outcome: StageOutcome, tables: Tables) -> dict[str, Any]:
    """Session after T that most tickers lack: their number and the first of them; empty if there is none."""
    last = outcome.footers["sessions"].facts["last"]
    footers = tables.bucketed("ohlcv_history").footers()
    lasts = {ticker: facts["last"] for ticker, facts in footers.items() if facts["last"]}
    landed = [ticker for ticker, day in lasts.items() if day > last]
    if not landed:
        return {}
    waiting = [ticker for ticker, day in lasts.items() if day <= last and not has_ended(day, last)]
    session = min(lasts[ticker] for ticker in landed)
    return {
        "next_session": str(np.datetime64(session, "D")),
        "tickers_with_it": len(landed),
        "tickers_without_it": len(waiting),
        "first_without_it": ", ".join(waiting[:_NAMED]),
    }


def of_bar_problems(outcome: StageOutcome, _tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Refused files, dropped rows, blocked days, overrides without a finding."""
    facts = outcome.footers["bar_problems"].facts
    blocked, dropped, days, unused = (facts[name] for name in ("blocked", "quarantined", "days", "unused"))
    return [
        CheckFact(
            "files_accepted",
            not blocked,
            "ERROR",
            {"tickers": len(blocked), "first": ", ".join(blocked[:_NAMED]) or None},
        ),
        CheckFact("rows_clean", not dropped, "WARN", {f"rows_{rule}": n for rule, n in dropped.items()}),
        CheckFact("days_complete", not any(days.values()), "WARN", {"blocked": days["block"], "told": days["warn"]}),
        CheckFact("overrides_used", not unused, "WARN", {"unused": ", ".join(" ".join(p) for p in unused) or None}),
    ]


def of_benchmark_closes(outcome: StageOutcome, _tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Whether a named benchmark has closes."""
    footer = outcome.footers["benchmark_closes"]
    is_named = outcome.numbers["benchmark"] != "none"
    return [CheckFact("benchmark_present", footer.n_rows > 0 or not is_named, "ERROR", {"sessions": footer.n_rows})]
