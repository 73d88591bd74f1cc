"""Checks returned by assets with their data: severities, and which of them block.

Belongs here: check specs and turning stage facts into results. A failing blocking check stops everything downstream of
its asset. Does not belong here: separate check steps; they cost a process each.
"""

from typing import Any

import dagster as dg

from btassets.defs.placement import ALONE, Placement
from btassets.graph.flow import STAGES, check_of
from btassets.graph.stage import Stage
from btassets.run.sql_models import load_tests

BLOCKING = tuple(check.name for stage in STAGES.values() for check in stage.checks if check.is_blocking)


def _told(name: str) -> tuple[str, str]:
    """Asset and description of a check; each query of `dbt_like_sql/tests` is one."""
    found = check_of(name)
    return (found[0].name, found[1].about) if found is not None else (_QUERIED, load_tests()[name].description)


_QUERIED = next(stage.name for stage in STAGES.values() if stage.has_query_checks)


def specs(*names: str, place: Placement = ALONE) -> list[dg.AssetCheckSpec]:
    """Check specs by name, on the asset that returns them."""
    return [
        dg.AssetCheckSpec(name, asset=place.key(_told(name)[0]), description=_told(name)[1], blocking=name in BLOCKING)
        for name in names
    ]


def of_stage(stage: Stage, place: Placement = ALONE) -> list[dg.AssetCheckSpec]:
    """Check specs of the asset of a stage, an own one included."""
    own = [
        dg.AssetCheckSpec(check.name, asset=place.key(stage.name), description=check.about, blocking=check.is_blocking)
        for check in stage.checks
    ]
    return [*own, *specs(*(load_tests() if stage.has_query_checks else ()), place=place)]


def result(
    name: str,
    *,
    passed: bool,
    severity: str = "WARN",
    place: Placement = ALONE,
    asset: str | None = None,
    **numbers: Any,
) -> dg.AssetCheckResult:
    """Check result with its numbers; a blocking check is always an error.

    Parameters
    ----------
    asset
        Stage that returns it; None: the stage of every book that declares it.
    """
    level = dg.AssetCheckSeverity.ERROR if name in BLOCKING or severity == "ERROR" else dg.AssetCheckSeverity.WARN
    metadata = {key: value for key, value in numbers.items() if value is not None}
    return dg.AssetCheckResult(
        passed=passed, check_name=name, asset_key=place.key(asset or _told(name)[0]), severity=level, metadata=metadata
    )


def evaluation(name: str, *, passed: bool, place: Placement = ALONE, **numbers: Any) -> dg.AssetCheckEvaluation:
    """Check result from a sensor instead of an asset. A warning if it failed."""
    return dg.AssetCheckEvaluation(
        asset_key=place.key(_told(name)[0]),
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={key: value for key, value in numbers.items() if value is not None},
    )
