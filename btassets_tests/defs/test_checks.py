"""Checks of assets: which block, where they belong, and their severity."""

import dagster as dg

from btassets.defs.checks import BLOCKING, evaluation, of_stage, result, specs
from btassets.graph.flow import STAGES
from btassets.run.sql_models import load_tests


def test_a_blocking_check_stops_what_is_downstream_of_its_asset():
    (spec,) = specs("no_lookahead")
    assert spec.blocking
    assert spec.asset_key == dg.AssetKey("candidates")
    assert spec.description.endswith(".")
    (other,) = specs("bars_current")
    assert not other.blocking
    assert "bars_current" not in BLOCKING


def test_an_asset_has_the_checks_of_its_stage_and_one_the_queries():
    assert [spec.name for spec in of_stage(STAGES["candidates"])] == [
        check.name for check in STAGES["candidates"].checks
    ]
    queried = next(name for name, stage in STAGES.items() if stage.has_query_checks)
    names = [spec.name for spec in of_stage(STAGES[queried])]
    assert set(load_tests()) <= set(names)
    assert {spec.asset_key for spec in of_stage(STAGES[queried])} == {dg.AssetKey(queried)}


def test_a_result_leaves_out_missing_numbers_and_a_blocking_one_is_an_error():
    found = result("no_lookahead", passed=False, severity="WARN", rows=3, first=None)
    assert (found.severity, found.passed, found.asset_key) == (
        dg.AssetCheckSeverity.ERROR,
        False,
        dg.AssetKey("candidates"),
    )
    assert set(found.metadata) == {"rows"}
    mild = result("bars_current", passed=False, sessions_behind=0)
    assert mild.severity == dg.AssetCheckSeverity.WARN
    assert set(mild.metadata) == {"sessions_behind"}
    assert result("bars_current", passed=False, severity="ERROR").severity == dg.AssetCheckSeverity.ERROR


def test_an_evaluation_of_a_sensor_only_warns():
    found = evaluation("bars_current", passed=False, sessions_behind=2, first=None)
    assert (found.severity, found.check_name) == (dg.AssetCheckSeverity.WARN, "bars_current")
    assert set(found.metadata) == {"sessions_behind"}
