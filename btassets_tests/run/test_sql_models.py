"""The SQL models as models: contract, determinism, their own tests, errors.

Belongs here: what holds for every model. Does not belong here: the numbers of one (`test_sql_model_numbers.py`).
"""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from btassets.errors import TableContractError
from btassets.graph.flow import TABLES
from btassets.run.settings_relation import SETTINGS_SCHEMA
from btassets.run.sql_models import (
    SqlModelError,
    connect,
    load_models,
    load_tests,
    run_model,
    run_models,
    run_tests,
)
from btassets.settings.models import Gates
from btassets.stages.ranking.tie_order import in_tie_order
from btassets.storage.lake import content_hash
from btassets_tests.support.sql_model_cases import PROFILES, every_model, relations_of, replaced


@pytest.fixture(scope="module", params=PROFILES)
def case(request):
    """(profile, relations, every model's table)."""
    return request.param, *every_model(request.param)


def test_every_model_says_what_a_row_is_and_reads_known_tables():
    models = load_models()
    known = {"settings", "exit_days", "cutoffs", "floor_variants", "candidates", "factor_signals", "factor_ic_weekly"}
    known |= {"signal_ranks"}
    for name, model in models.items():
        assert model.description.startswith("One row per "), name
        assert set(model.upstream) <= known, name
        known.add(name)


def test_every_gate_is_a_column_of_the_settings_relation():
    assert set(Gates().values()) <= set(SETTINGS_SCHEMA.names)


def test_columns_equal_the_contract(case):
    _, _, tables = case
    for name, table in tables.items():
        declared = [(f.name, getattr(f.type, "value_type", f.type)) for f in TABLES[name].schema]
        assert list(zip(table.schema.names, table.schema.types, strict=True)) == declared, name
        assert table.column_names[0] == "scenario"
        assert table.num_rows > 0


def test_eight_runs_give_the_same_bytes(case):
    _, relations, tables = case
    wanted = {name: content_hash(table) for name, table in tables.items()}
    for _ in range(8):
        again = run_models(relations)
        assert {name: content_hash(table) for name, table in again.items()} == wanted


def test_row_order_and_threads_change_nothing(case):
    _, relations, tables = case
    rng = np.random.default_rng(1)
    shuffled = {
        name: table.take(rng.permutation(table.num_rows)) if name[:6] in ("candid", "factor") else table
        for name, table in relations.items()
    }
    with connect() as connection:
        connection.execute("set threads = 2")
        again = run_models(shuffled, connection=connection)
    for name, table in tables.items():
        assert content_hash(by_row_no(again[name])) == content_hash(by_row_no(table)), name


def by_row_no(table):
    """The rows of `graded_setups` stand as they were read; ticker and `row_no` are their order."""
    return in_tie_order(table) if table.column_names[:2] == ["scenario", "row_no"] else table


def test_parquet_files_are_read_like_the_table(case, tmp_path):
    _, relations, tables = case
    candidates = relations["candidates"]
    is_even = pa.array([int(ticker[1:]) % 2 == 0 for ticker in candidates["ticker"].to_pylist()])
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    pq.write_table(candidates.filter(is_even), files[0])
    pq.write_table(candidates.filter(pc.invert(is_even)), files[1])
    graded = run_model("graded_setups", {**relations, **tables, "candidates": files})
    assert by_row_no(graded).equals(by_row_no(tables["graded_setups"]))


def test_the_models_own_tests_hold(case):
    _, relations, tables = case
    results = run_tests({**relations, **tables})
    assert [result.name for result in results] == sorted(load_tests())
    assert [(result.name, result.sample) for result in results if result.n_failing] == []
    assert all(result.description for result in results)


@pytest.mark.parametrize(
    ("test", "model", "column", "change"),
    [
        ("percentiles_lie_in_0_to_100", "percentile_ranks", "momentum_percentile", lambda v: 101.0),
        ("setups_are_numbered_in_order", "graded_setups", "row_no", lambda v: v + 1),
        ("qualified_setups_pass_every_floor", "graded_setups", "qualified", lambda v: True),
        ("results_are_whole", "graded_setups", "gross_r", lambda v: None),
        ("costs_are_charged", "graded_setups", "net_r", lambda v: 9.0),
        ("outcomes_add_up", "setup_group_stats", "total", lambda v: v + 1),
        ("populations_are_nested", "setup_stats", "n_rows", lambda v: -v),
        ("gate_sweep_is_nested", "gate_sweep", "total", lambda v: -v),
        ("ablation_starts_from_the_qualified", "gate_ablation", "total", lambda v: v - 1),
        ("calibration_bins_are_equal", "calibration", "min_stated_pct", lambda v: 0.0),
        ("factor_ic_is_a_correlation", "factor_ic", "mean_ic", lambda v: -2.0),
    ],
)
def test_the_models_own_tests_find_what_is_wrong(case, test, model, column, change):
    _, relations, tables = case
    wrong = replaced(tables[model], column, [change(v) for v in tables[model][column].to_pylist()])
    (result,) = run_tests({**relations, **tables, model: wrong}, [test])
    assert result.n_failing > 0
    assert 0 < len(result.sample) <= 5


def test_a_row_ranked_twice_is_found(case):
    _, relations, tables = case
    twice = pa.concat_tables([tables["percentile_ranks"]] * 2)
    (result,) = run_tests({**relations, **tables, "percentile_ranks": twice}, ["ranked_members_are_unique"])
    assert result.n_failing == tables["percentile_ranks"].num_rows


def test_errors_name_the_file_or_the_column():
    relations = relations_of("legacy")
    with pytest.raises(SqlModelError, match=r"dbt_like_sql/graded_setups.sql: .*percentile_ranks"):
        run_model("graded_setups", relations)
    candidates = relations["candidates"]
    with_nan = replaced(candidates, "time_r_5", [math.nan] * candidates.num_rows)
    with pytest.raises(TableContractError, match="time_r_5 holds NaN"):
        run_models({**relations, "candidates": with_nan}, ["percentile_ranks", "graded_setups"])
