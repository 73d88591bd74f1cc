"""Inputs of the report's numbers: the tables behind them, and equal-weight returns that exist."""

import pyarrow as pa
import pytest

from btassets.graph.analysis import CALIBRATION
from btassets.settings.models import Settings
from btassets.stages.advice.report_inputs import read_report_inputs
from btassets_tests.support.stored_tables import StoredTables, raw_bars


def tables_with(tmp_path, *policies):
    tables = StoredTables(tmp_path, scenario="strict")
    tables.put_bars({"A": raw_bars([10, 11], 1.0), "B": raw_bars([10], 1.0)}, EMPTY={})
    for name in ("setup_stats", "gate_sweep", "gate_ablation", "time_exit_sweep", "setup_group_stats", "factor_ic"):
        tables.put(name, pa.table({"of": [name]}))
    names = ("policy", "equal_weight_hold_return_pct", "equal_weight_renewed_return_pct")
    kinds = (pa.string(), pa.float64(), pa.float64())
    columns = {
        n: pa.array([row[k] for row in policies], kind) for k, (n, kind) in enumerate(zip(names, kinds, strict=True))
    }
    tables.put("portfolio_sims", pa.table(columns))
    return tables.put("strategy_variants", pa.table({"variant": ["x"]}))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([("target", 3.5, 4.5), ("hold", 9.0, 9.0)], {"hold": 3.5, "renewed": 4.5}),
        ([("target", None, 4.5)], {"renewed": 4.5}),
        ([("target", None, None)], None),
        ([("target", 0.0, None)], {"hold": 0.0}),
        ([], None),
    ],
)
def test_equal_weight_returns_are_those_that_exist(tmp_path, policies, expected):
    assert read_report_inputs(tables_with(tmp_path, *policies), Settings()).equal_weight == expected


def test_each_table_is_under_its_own_name_and_tickers_are_those_with_bars(tmp_path):
    found = read_report_inputs(tables_with(tmp_path, ("hold", 1.0, 1.0)), Settings(), warnings=["w"], dropped={"Q4": 1})
    for name, table in found.tables.items():
        if name != "calibration":
            assert table["of"].to_pylist() == [name]
    assert found.tables["calibration"].schema.equals(CALIBRATION.schema)
    assert found.tables["calibration"].num_rows == 0
    assert (found.n_tickers, found.scenario, found.settings_hash) == (2, "strict", "abc")
    assert (found.dropped, found.warnings) == ({"Q4": 1}, ["w"])
    own = pa.table({"of": ["mine"]})
    assert read_report_inputs(tables_with(tmp_path / "b"), Settings(), calibration=own).tables["calibration"] is own
