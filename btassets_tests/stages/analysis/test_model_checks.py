"""Checks of the SQL models at their thresholds."""

import pyarrow as pa
import pytest

from btassets.settings.models import Settings
from btassets.stages.analysis.model_checks import of_factor_ic, of_model_tests, of_setup_stats
from btassets_tests.support.stored_tables import StoredTables


@pytest.mark.parametrize(
    ("total", "trimmed", "sample", "outliers"),
    [(100, 0.001, True, True), (99, 0.001, False, True), (100, 0.0, True, False), (0, None, False, False)],
)
def test_a_sample_needs_a_hundred_setups_and_a_gain_without_its_best(tmp_path, total, trimmed, sample, outliers):
    rows = {"population": ["all", "qualified"], "total": [5, total], "net_avg_r_ex_top5": [9.0, trimmed]}
    tables = StoredTables(tmp_path).put("setup_stats", pa.table(rows))
    small, dependent = of_setup_stats(None, tables, Settings())
    assert (small.check, small.passed, small.numbers) == ("small_sample", sample, {"qualified": total})
    assert (dependent.check, dependent.passed) == ("outlier_dependent", outliers)
    assert dependent.numbers == {"net_avg_r_ex_top5": trimmed}


def test_signals_with_few_windows_are_named(tmp_path):
    rows = {"signal": ["a", "b", "c"], "reliable": [True, False, False]}
    (thin,) = of_factor_ic(None, StoredTables(tmp_path).put("factor_ic", pa.table(rows)), Settings())
    assert (thin.passed, thin.numbers) == (False, {"signals": 3, "thin": "b, c"})
    rows["reliable"] = [True] * 3
    (fine,) = of_factor_ic(None, StoredTables(tmp_path).put("factor_ic", pa.table(rows)), Settings())
    assert (fine.passed, fine.numbers) == (True, {"signals": 3, "thin": None})


def test_each_query_is_an_error_when_a_row_fails_it(tmp_path):
    rows = {"test": ["one", "two"], "n_failing": [0, 3], "first_failing": [None, "A 2020-01-02"]}
    one, two = of_model_tests(None, StoredTables(tmp_path).put("model_tests", pa.table(rows)), Settings())
    assert (one.check, one.passed, one.severity) == ("one", True, "ERROR")
    assert (two.check, two.passed, two.severity) == ("two", False, "ERROR")
    assert two.numbers == {"failing": 3, "first": "A 2020-01-02"}
