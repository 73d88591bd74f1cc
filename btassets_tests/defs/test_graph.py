"""The graph as Dagster sees it: a snapshot in words, and what every asset must carry."""

from pathlib import Path

import dagster as dg
import pytest

from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource
from btassets.graph.flow import PARTITIONED, STAGES, TABLES, upstream
from btassets.run.stage_code import code_version_of
from btassets_tests.support.graph_text import GOLDEN, N_SHARDS, definitions, graph_text
from btassets_tests.support.own_panel import write_source

BEYOND = {"warehouse", "null_market"}
"""Assets that are no stage of the flow."""


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    return definitions()


def test_the_graph_is_the_one_in_graph_txt() -> None:
    """A change is meant: `python -m btassets_tests.support.graph_text` writes the file anew."""
    assert graph_text() == GOLDEN.read_text(encoding="utf-8")


def test_every_asset_says_what_it_is(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    keys = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    assert set(keys) == {table for stage in STAGES.values() for table in stage.outputs} | BEYOND
    for name, node in keys.items():
        assert node.is_executable, name
        assert node.description, name
        assert node.owners, name
        assert node.kinds, name
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), name
        if name not in BEYOND:
            assert node.code_version, name
        if name in TABLES:
            schema = node.metadata["dagster/column_schema"]
            assert [column.name for column in schema.columns] == list(TABLES[name].names), name
            assert all(column.description for column in schema.columns), name


def test_only_two_assets_are_partitioned_and_by_ticker(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    partitioned = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned}
    assert partitioned == set(PARTITIONED)


def test_code_versions_are_those_of_the_sources(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    for stage in STAGES.values():
        for table in stage.outputs:
            assert graph.get(dg.AssetKey(table)).code_version == code_version_of(stage), table


def test_every_stage_reads_only_what_comes_before_it() -> None:
    seen: set[str] = set()
    for stage in STAGES.values():
        assert set(upstream(stage)) <= seen, stage.name
        seen.add(stage.name)


def test_the_fan_out_is_static(loaded: dg.Definitions) -> None:
    steps = [node.name for node in loaded.resolve_job_def("everything").nodes]
    assert "candidates" in steps
    graph = next(n for n in loaded.resolve_job_def("everything").nodes if n.name == "candidates").definition
    names = {node.name for node in graph.nodes}
    assert {f"replay_shard_{k + 1}_of_{N_SHARDS}" for k in range(N_SHARDS)} <= names
    assert not any(output.is_dynamic for node in graph.nodes for output in node.definition.output_defs)


def test_an_own_stage_is_an_asset_of_its_book_alone(tmp_path: Path, loaded: dg.Definitions) -> None:
    write_source(tmp_path, "idea.sql", "-- stage: idea\n-- reads: trades\n-- description: One thing.\nselect 1 as x")
    own = book_defs(BookResource(folder=str(tmp_path)), N_SHARDS)
    graph, key = own.resolve_asset_graph(), dg.AssetKey("idea")
    node = graph.get(key)
    assert (node.group_name, node.parent_keys, node.kinds) == ("own", {dg.AssetKey("trades")}, {"sql", "duckdb"})
    assert [check.name for check in node.check_keys] == ["idea_computed"]
    assert key in graph.get(dg.AssetKey("warehouse")).parent_keys
    assert key in own.resolve_job_def("everything").asset_layer.executable_asset_keys
    assert graph.get_all_asset_keys() - loaded.resolve_asset_graph().get_all_asset_keys() == {key}
