"""What the checks of whole-table stages look at: facts of the stage against a threshold.

Belongs here: pass or fail and the numbers behind it. Does not belong here: severities that block
and how Dagster is told (`btassets.defs.checks`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from btassets.book.book import Book
from btassets.engine.market.calendar import has_ended
from btassets.run.run_stage import StageOutcome
from btassets.settings.load import BASE_SCENARIO
from btassets.stages.bars.bars_age import bars_age
from btassets.stages.bars.ohlcv_history import active_tickers
from btassets.stages.report.report_facts import survivorship, without_bars

MAX_MISSING_AT_LAST_FRAC = 0.05
_NAMED = 10
MIN_QUALIFIED = 100


@dataclass(frozen=True)
class CheckFact:
    """One check: its name, whether it passed, its severity when not, and its numbers."""

    check: str
    passed: bool
    severity: str = "WARN"
    numbers: dict[str, Any] = field(default_factory=dict)


def _sessions(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    age = bars_age(book)
    behind = 0 if age is None else age.behind
    living, present = outcome.numbers["tickers_living"], outcome.numbers["tickers_at_as_of"]
    missing_frac = 1.0 - present / living if living else 1.0
    newer = _beyond(outcome, book)
    numbers = {
        "tickers_living": living,
        "tickers_at_as_of": present,
        "missing_pct": round(100.0 * missing_frac, 2),
    }
    return [
        CheckFact("universe_coverage", missing_frac <= MAX_MISSING_AT_LAST_FRAC, "ERROR", numbers),
        CheckFact("bars_current", behind == 0, "WARN", {"sessions_behind": behind}),
        CheckFact(
            "stale_tickers", present == living and not newer, "WARN", {"tickers_behind": living - present} | newer
        ),
    ]


def _beyond(outcome: StageOutcome, book: Book) -> dict[str, Any]:
    """Session after T that some tickers have and most lack: how many, and the first that lack it; empty without."""
    last = outcome.footers["sessions"].facts["last"]
    lasts = {t: facts["last"] for t, facts in book.lake.ticker_footers("ohlcv_history").items() if facts["last"]}
    landed = [ticker for ticker, day in lasts.items() if day > last]
    if not landed:
        return {}
    waiting = [t for t, day in lasts.items() if day <= last and not has_ended(day, last)]
    session = min(lasts[ticker] for ticker in landed)
    return {
        "next_session": str(np.datetime64(session, "D")),
        "tickers_with_it": len(landed),
        "tickers_without_it": len(waiting),
        "first_without_it": ", ".join(waiting[:_NAMED]),
    }


def _bar_problems(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    del book
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


def _benchmark_closes(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    del book
    footer = outcome.footers["benchmark_closes"]
    is_named = outcome.numbers["benchmark"] != "none"
    return [CheckFact("benchmark_present", footer.n_rows > 0 or not is_named, "ERROR", {"sessions": footer.n_rows})]


def _factor_ic(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    rows = book.lake.read("factor_ic", book.scenario, ["signal", "reliable"]).to_pylist()
    thin = [row["signal"] for row in rows if not row["reliable"]]
    del outcome
    return [CheckFact("thin_signals", not thin, "WARN", {"signals": len(rows), "thin": ", ".join(thin) or None})]


def _setup_stats(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    del outcome
    rows = {row["population"]: row for row in book.lake.read("setup_stats", book.scenario).to_pylist()}
    qualified = rows["qualified"]
    trimmed = qualified["net_avg_r_ex_top5"]
    return [
        CheckFact("small_sample", qualified["total"] >= MIN_QUALIFIED, "WARN", {"qualified": qualified["total"]}),
        CheckFact("outlier_dependent", trimmed is not None and trimmed > 0, "WARN", {"net_avg_r_ex_top5": trimmed}),
    ]


def _backtest_report(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    del outcome
    footers = book.lake.ticker_footers("ohlcv_history")
    with_bars = [ticker for ticker in active_tickers(book) if footers[ticker]["n_rows"]]
    missing = without_bars(book, with_bars)
    is_known = book.membership is not None and not missing
    text = survivorship(book, sum(has_ended(footers[t]["last"], _last(book)) for t in with_bars), with_bars)
    return [CheckFact("survivorship_unknown", passed=is_known, numbers={"universe": text})]


def _last(book: Book) -> int:
    footer = book.lake.footer("sessions")
    return 0 if footer is None else int(footer.facts["last"])


def _model_tests(outcome: StageOutcome, book: Book) -> list[CheckFact]:
    del outcome
    return [
        CheckFact(
            row["test"], not row["n_failing"], "ERROR", {"failing": row["n_failing"], "first": row["first_failing"]}
        )
        for row in book.lake.read("model_tests", book.scenario).to_pylist()
    ]


_FACTS: dict[str, Callable[[StageOutcome, Book], list[CheckFact]]] = {
    "sessions": _sessions,
    "bar_problems": _bar_problems,
    "benchmark_closes": _benchmark_closes,
    "factor_ic": _factor_ic,
    "setup_stats": _setup_stats,
    "model_tests": _model_tests,
    "backtest_report": _backtest_report,
}


def check_facts(stage: str, outcome: StageOutcome, book: Book) -> list[CheckFact]:
    """Facts of every check that the stage returns; the page shows those of the base scenario."""
    if stage not in _FACTS or book.scenario != BASE_SCENARIO:
        return []
    return _FACTS[stage](outcome, book)
