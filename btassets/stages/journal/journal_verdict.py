"""Stage `journal_verdict`: what shown setups earned, against what the backtest said when they were shown.

Belongs here: which results count and against which claim. Does not belong here: the evidence
(`engine.statistics.live_verdict`), the claim itself (`backtest_claim.py`), grading (`journal_results.py`).

Included are results of lists that were shown (never of replayed ones), of signal days, under the present settings.
The claim is the one of the first such list: other settings begin a new account.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from btassets.engine.statistics.distributions import student_t_quantile
from btassets.engine.statistics.live_verdict import AS_TESTED, TOO_EARLY, WORSE, Claim, Live, judge
from btassets.graph.journal import JOURNAL_VERDICT
from btassets.run.shown_lists import SHOWN, Record, first_lists
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.journal.backtest_claim import MEASURES, hits
from btassets.stages.journal.journal import rules_of
from btassets.storage.hashing import digest

_WORDS = {"net_r": "net R per setup", "hit_rate": "share of targets hit", "fill_gap_r": "fill gap in R"}
_SAME = 1e-9

Row = dict[str, Any]


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `journal_verdict`: one row per measure."""
    n_lines = tables["journal"].facts["n_lines"]
    lists = first_lists([link.record for link in tables.outside("shown_lists").links[:n_lines]])
    rows = verdict_rows(lists, tables["journal_results"].read().to_pylist(), digest(rules_of(settings)))
    first = rows[0]
    numbers = {name: first.get(name) for name in ("verdict", "live", "n_setups", "n_lists", "more_setups", "e_worse")}
    labelled = [{"scenario": tables.scenario, **row} for row in rows]
    return StageResult({"journal_verdict": pa.Table.from_pylist(labelled, schema=JOURNAL_VERDICT.schema)}, numbers)


def verdict_rows(lists: Sequence[Record], results: Sequence[Mapping[str, Any]], settings_hash: str) -> list[Row]:
    """One row per measure.

    Parameters
    ----------
    lists
        Records of the lists that count, in the order of their dates.
    results
        Rows of `journal_results`.
    settings_hash
        Rules that are judged.
    """
    own = [record for record in lists if record["kind"] == SHOWN and record["settings_hash"] == settings_hash]
    claims: Row = next((record["tested"] for record in own if record["tested"] is not None), {})
    shown = [row for row in results if row["kind"] == SHOWN and row["is_signal_day"]]
    counted = [row for row in shown if row["settings_hash"] == settings_hash]
    graded = [row for row in counted if row["status"] == "graded"]
    common = {
        "settings_hash": settings_hash,
        "n_open": sum(row["status"] == "open" for row in counted),
        "n_other_rules": sum(row["status"] == "graded" for row in shown) - len(graded),
    }
    return [{**common, **_measure_row(measure, graded, claims)} for measure in MEASURES]


def values_of(measure: str, rows: Sequence[Mapping[str, Any]], bounds: Sequence[float]) -> list[float]:
    """Value of a measure per result, NaN where it has none."""
    if measure == "hit_rate":
        return hits([row["outcome"] for row in rows], [row["target"] for row in rows]).tolist()
    found = [math.nan if row[measure] is None else float(row[measure]) for row in rows]
    return [min(max(value, bounds[0]), bounds[1]) for value in found] if measure == "net_r" else found


def _measure_row(measure: str, graded: Sequence[Mapping[str, Any]], claims: Row) -> Row:
    told: Row = claims.get(measure, {})
    weeks: dict[Any, list[float]] = {}
    bounds = claims.get("bounds", (-math.inf, math.inf))
    for row, value in zip(graded, values_of(measure, graded, bounds), strict=True):
        if not math.isnan(value):
            weeks.setdefault(row["asof_date"], []).append(value)
    days = sorted(weeks)
    counts = np.array([len(weeks[day]) for day in days], dtype=np.float64)
    sums = np.array([math.fsum(weeks[day]) for day in days], dtype=np.float64)
    claim = claim_of(measure, told)
    live = None if claim is None else judge(sums, counts, claim, is_more_better=measure != "fill_gap_r")
    row = {
        "measure": measure,
        "verdict": TOO_EARLY if live is None else live.verdict,
        "live": float(sums.sum() / counts.sum()) if days else None,
        "tested": told.get("mean"),
        "tested_lo": told.get("lo"),
        "tested_hi": told.get("hi"),
        "n_setups": int(counts.sum()),
        "n_lists": len(days),
        "first_asof": days[0] if days else None,
        "last_asof": days[-1] if days else None,
    }
    if live is not None:
        lo, hi = (live.lo, live.hi) if measure != "hit_rate" else (max(live.lo, 0.0), min(live.hi, 1.0))
        row |= {
            "live_lo": lo if days else None,
            "live_hi": hi if days else None,
            "more_setups": live.more_setups,
            "e_worse": live.e_worse,
            "e_as_tested": live.e_as_tested,
        }
    return row | {"sentence": _sentence(row, live, has_claim=bool(told))}


def claim_of(measure: str, told: Mapping[str, Any]) -> Claim | None:
    """The claim as the engine takes it; None where the backtest was too short for an interval, or nothing varied."""
    if told.get("se") is None or told["se"] <= _SAME * abs(told["mean"]):
        return None
    threshold = told["hi"] if measure == "fill_gap_r" else told["lo"]
    quantile = student_t_quantile(0.975, told["dof"])
    return Claim(told["mean"], threshold, told["se"], told["n_setups"], told["n_weeks"], quantile)


def _sentence(row: Row, live: Live | None, *, has_claim: bool) -> str:
    what = _WORDS[row["measure"]]
    if row["tested"] is None:
        none = "no list was shown under these settings after a backtest with a result"
        return f"too early: {'no setup of the backtest has a value' if has_claim else none} ({what})."
    if live is None:
        return f"too early: the backtest is too short for an interval of the {what}."
    told = f"the backtest had {row['tested']:.2f} (95% interval {row['tested_lo']:.2f} to {row['tested_hi']:.2f})"
    if not row["n_setups"]:
        return f"too early: no setup of a signal day has all its bars yet; {told}, {what}."
    seen = f"{what} {row['live']:.2f} over {row['n_setups']} setups of {row['n_lists']} lists; {told}"
    if row["verdict"] == WORSE:
        return f"worse than tested: {seen}."
    if row["verdict"] == AS_TESTED:
        return f"as tested: {seen}."
    more = row["more_setups"]
    needed = "more setups than any history has" if more is None else f"about {more:,} more setups"
    return f"too early: {seen}; a verdict needs {needed}."
