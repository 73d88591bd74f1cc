"""The declarations are complete, and what is derived from them fits together."""

import pytest

from btassets.graph.flow import (
    PARTITIONED,
    STAGE_OF_STORE,
    STAGE_OF_TABLE,
    STAGES,
    TABLES,
    check_of,
    dependencies,
    downstream,
    problems,
    upstream,
    views,
)
from btassets.graph.outside import BESIDE, OUTSIDE
from btassets.graph.own import own_stage
from btassets.graph.stage import Stage
from btassets.run.resolve import resolve
from btassets.run.sql_models import load_models, load_tests
from btassets.run.stage_code import SQL_RUNNER
from btassets.settings.declared import is_declared
from btassets.settings.load import KEYS

RELATIONS = {"settings", "exit_days", "cutoffs", "floor_variants"}
"""Relations that settings make; no table."""

OWN_STAGE = own_stage("mine", "One row.", (), (), ("python",), (("own/mine.py", "1"),))


def test_nothing_is_wrong_with_the_declarations() -> None:
    assert problems() == []


def test_every_kind_of_mistake_is_found() -> None:
    good = STAGES["stat_claims"]
    bad = Stage(
        "bad", "advice", "About.", "x:y", good.tables, reads=("later",), outside=("nothing",), writes=("nothing",)
    )
    found = problems({"bad": bad})
    assert [text.split(":")[0] for text in found if "later" in text] == [
        "bad reads later, which no earlier stage writes"
    ]
    assert sum("nothing" in text for text in found) == 2
    assert any("stat_claims" in text for text in found)


@pytest.mark.parametrize("name", STAGES)
def test_a_declaration_is_complete(name: str) -> None:
    stage = STAGES[name]
    assert stage.about.endswith((".", "?"))
    assert stage.place.endswith(f"{stage.group}.py")
    for spec in stage.tables:
        assert spec.columns, spec.name
        assert all(column.about for column in spec.columns), spec.name
        assert len(set(spec.names)) == len(spec.names)
        assert spec.about.endswith((".", "?"))
        if stage.keyed == "scenario":
            assert spec.names[0] == "scenario"
    for check in stage.checks:
        assert check.about.endswith("."), check.name
    assert bool(stage.judge) or not (stage.checks or stage.has_query_checks) or stage.is_partitioned
    for key in stage.settings:
        assert key == "" or any(is_declared(own, (key,)) for own in KEYS), key


@pytest.mark.parametrize("name", STAGES)
def test_references_lead_to_functions(name: str) -> None:
    stage = STAGES[name]
    references = [stage.judge] if stage.is_sql else [stage.compute, stage.judge]
    assert all(callable(resolve(reference)) for reference in references if reference)
    if stage.is_sql:
        assert name in load_models()


def test_outside_inputs_and_outputs_have_their_functions_and_a_user() -> None:
    for entry in OUTSIDE.values():
        assert callable(resolve(entry.read))
        assert callable(resolve(entry.version))
        assert any(entry.name in stage.outside for stage in (*STAGES.values(), OWN_STAGE)), entry.name
    for output in BESIDE.values():
        assert callable(resolve(output.write))
        assert callable(resolve(output.is_there))
        assert any(output.name in stage.writes for stage in STAGES.values()), output.name


@pytest.mark.parametrize("name", [name for name, stage in STAGES.items() if stage.is_sql])
def test_a_model_declares_what_its_sql_reads(name: str) -> None:
    read = set(load_models()[name].upstream)
    assert set(STAGES[name].reads) == read - RELATIONS
    assert bool(STAGES[name].settings) == bool(read & RELATIONS)


def test_query_checks_read_what_their_stage_declares() -> None:
    (stage,) = (stage for stage in STAGES.values() if stage.has_query_checks)
    assert set(stage.reads) == {table for test in load_tests().values() for table in test.upstream}
    assert SQL_RUNNER == "btassets.run.sql_models"


def test_order_comes_from_reads_and_from_what_is_written_beside_tables() -> None:
    claims = STAGES["stat_claims"]
    assert set(claims.reads) == {"recommendation", "research_recommendation", "sessions", "stat_health", "stat_overfit",
                                 "stat_pairs", "stat_portfolio", "stat_signals"}  # fmt: skip
    # Of two tables of one stage comes one dependency, of a shared table none that would only order.
    assert set(upstream(claims)) == {STAGE_OF_TABLE[table].name for table in claims.reads}
    # The ledger of trials: written by the one, counted by the other.
    assert "portfolio_sims" in upstream(STAGES["stat_portfolio"])
    assert "portfolio_sims" in dependencies(STAGES["stat_portfolio"])
    assert "portfolio_sims" not in STAGES["stat_portfolio"].reads
    assert dependencies(STAGES["factor_signals"]) == ("candidates",)
    assert downstream({"stat_claims"}) == {"stat_claims", "backtest_report"}


def test_tables_have_one_stage_and_a_view() -> None:
    assert PARTITIONED == ("ohlcv_history", "candidates")
    assert set(STAGE_OF_TABLE) == set(TABLES) - {"bars", "trials", "signal_trials", "verdicts"}
    assert not set(STAGE_OF_STORE) & set(TABLES)
    assert set(views()) == set(TABLES) - {"bars"}
    assert {views()[name].layout for name in PARTITIONED} == {"bucketed", "replays"}
    assert views()["factor_signals"].layout == "replay"


def test_blocking_checks_are_declared() -> None:
    found = check_of("no_lookahead")
    assert found is not None
    assert (found[0].name, found[1].is_blocking) == ("candidates", True)
    assert check_of("nothing") is None


def test_no_stage_waits_for_an_asset_outside_of_the_flow():
    upstream_assets = {name for stage in STAGES.values() for name in dependencies(stage)}
    assert upstream_assets <= {stage.name for stage in STAGES.values()} | set(TABLES)
