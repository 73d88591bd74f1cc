"""Intervals and verdicts of given setups, by the estimator and the rules of a book's report.

Belongs here: which claims a table of setups can make. Does not belong here: the estimates (`stages.statistics`), the
rules of a verdict (`engine.statistics.verdicts`). Claims that need a replay of every setup of a market (the ranking,
random picks, variants, a history of verdicts) are not made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.conventions import POLICIES
from btassets.engine.floors import ADVISED_VARIANTS
from btassets.engine.statistics.verdicts import Verdict, superior
from btassets.graph.advice import STAT_CLAIMS
from btassets.graph.statistics import STAT_GROUPS, STAT_PAIRS, STAT_PORTFOLIO
from btassets.settings.models import Settings
from btassets.stages.advice.stat_claims import claim_row, evidence_of, evidence_words
from btassets.stages.statistics.sharpe_row import sharpe_row
from btassets.stages.statistics.stat_groups import group_rows, pair_rows
from btassets.stages.statistics.stat_sample import PICKED, as_statistics, sample_of
from btassets.storage.lake import BASE

Row = Mapping[str, Any]


@dataclass(frozen=True)
class GradeStatistics:
    """Rows as in the tables of a book: `stat_groups`, `stat_pairs`, `stat_portfolio` (Sharpe ratios), `stat_claims`."""

    groups: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    portfolio: list[dict[str, Any]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)


def grade_statistics(
    graded: pa.Table, curves: pa.Table, days: npt.NDArray[np.int32], settings: Settings
) -> GradeStatistics:
    """Intervals and verdicts of graded setups; none in the legacy profile, whose report has none.

    Parameters
    ----------
    graded
        `graded_setups` of every given row.
    curves
        `equity_curves` of their portfolios.
    days
        Sessions up to T.
    settings
        As applied to the setups.
    """
    if settings.profile == "legacy" or not len(days):
        return GradeStatistics()
    tickers = pa.array(sorted(set(graded["ticker"].to_pylist()), key=str.encode), pa.string())
    sample = sample_of(lambda columns: [graded.select(columns)], graded.num_rows, days, settings, (tickers, None))
    groups = as_statistics(group_rows(sample, {}), STAT_GROUPS.schema, BASE).to_pylist()
    pairs = as_statistics(pair_rows(sample), STAT_PAIRS.schema, BASE).to_pylist()
    sharpe = [sharpe_row(policy, *curve) for policy, curve in _curves(curves).items()]
    return GradeStatistics(
        groups,
        pairs,
        as_statistics(sharpe, STAT_PORTFOLIO.schema, BASE).to_pylist(),
        as_statistics(_claims(pairs), STAT_CLAIMS.schema, BASE).to_pylist(),
    )


def _curves(curves: pa.Table) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]]:
    """Equity and dates of each portfolio."""
    found = {}
    for policy in POLICIES:
        own = curves.filter(pc.equal(curves["curve"], policy))
        if own.num_rows > 2:
            found[policy] = (own["equity"].to_numpy(), own["date"].cast(pa.int32()).to_numpy())
    return found


def _claims(pairs: Sequence[Row]) -> list[dict[str, Any]]:
    """Every claim about the setups; each is stated so that "clear" means that it holds."""
    found = [
        _claim("expectancy", exit_name, "positive", _find(pairs, member=f"qualified_{exit_name}", against="nothing"))
        for exit_name in dict.fromkeys(
            row["member"].removeprefix("qualified_").removesuffix("_ex_top5")
            for row in pairs
            if row["against"] == "nothing"
        )
    ]
    found += [
        _claim("selection", row["member"].removeprefix("qualified_"), "superior", row)
        for row in pairs
        if row["family"] == "selection" and row["against"] == "all"
    ]
    found += [
        _claim("robustness", row["member"].removeprefix("qualified_").removesuffix("_ex_top5"), "positive", row)
        for row in pairs
        if row["member"].endswith("_ex_top5")
    ]
    found += [
        _claim("exit", row["member"], "superior", row)
        for row in pairs
        if row["family"] == "exits" and row["member"] != PICKED and row["against"] == "target"
    ]
    names: dict[str, str] = {variant.name: key for key, variant in ADVISED_VARIANTS.items()}
    found += [
        _claim("gate", names.get(str(row["against"])) or str(row["against"]), "superior", row)
        for row in pairs
        if row["family"] == "floors" and row["member"] != PICKED
    ]
    return found


def _claim(topic: str, key: str, kind: str, row: Row | None) -> dict[str, Any]:
    verdict: Verdict = superior(evidence_of(row))
    return claim_row(topic, key, None, kind, row, verdict, evidence_words(row, f"{topic} {key.replace('_', ' ')}"))


def _find(rows: Sequence[Row], **wanted: Any) -> Row | None:
    return next((row for row in rows if all(row[name] == value for name, value in wanted.items())), None)
