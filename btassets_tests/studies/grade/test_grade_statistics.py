"""Intervals and verdicts of given setups: those of a book whose setups they are."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.run.tables import inputs_of
from btassets.stages.bars.sessions_view import read_sessions
from btassets.studies.grade.grade_statistics import GradeStatistics, grade_statistics
from btassets_tests.support.small_books import run_book, scenario_book


def of_book(book) -> GradeStatistics:
    tables, settings = inputs_of("backtest_report", book)
    days = read_sessions(tables).days
    graded, curves = tables["graded_setups"].read(), tables["equity_curves"].read()
    return grade_statistics(graded, curves, days, settings)


def test_the_setups_of_a_book_have_the_intervals_of_its_report() -> None:
    book = run_book()
    found = of_book(book)
    stored = book.lake.read("stat_groups", "base").to_pylist()
    want = {
        (row["grouping"], row["member"], row["exit"]): row
        for row in stored
        if row["measure"] == "net_r" and row["grouping"] not in ("trend", "volatility")
    }
    ours = {(row["grouping"], row["member"], row["exit"]): row for row in found.groups}
    assert set(ours) == set(want)
    assert any(row["se"] is not None for row in want.values())
    for key, row in want.items():
        for name in ("estimate", "se", "ci_lo", "ci_hi", "n_setups", "dof", "p_raw"):
            assert ours[key][name] == (None if row[name] is None else pytest.approx(row[name], rel=1e-12)), (key, name)


def test_the_sharpe_ratio_of_a_curve_is_that_of_the_book() -> None:
    book = run_book()
    stored = {
        row["policy"]: row for row in book.lake.read("stat_portfolio", "base").to_pylist() if row["measure"] == "sharpe"
    }
    found = {row["policy"]: row for row in of_book(book).portfolio}
    assert found
    assert set(found) == {name for name in stored if name in ("target", "hold")}
    for policy, row in found.items():
        for name in ("estimate", "se", "ci_lo", "ci_hi", "n_weeks"):
            assert row[name] == pytest.approx(stored[policy][name], rel=1e-12)


def test_claims_have_a_verdict_or_no_error() -> None:
    found = of_book(scenario_book("everything"))
    topics = {row["topic"] for row in found.claims}
    assert topics >= {"expectancy", "selection", "robustness", "exit"}
    for row in found.claims:
        assert row["verdict"] in ("supported", "contradicted", "not distinguishable from noise")
        if row["verdict"] == "supported":
            assert row["estimate"] > 0
            assert row["ci_lo"] > 0


def test_the_legacy_profile_and_an_empty_calendar_have_none() -> None:
    assert of_book(scenario_book("legacy")) == GradeStatistics()
    tables, settings = inputs_of("backtest_report", run_book())
    graded = tables["graded_setups"].read()
    assert grade_statistics(graded, pa.table({}), np.empty(0, np.int32), settings) == GradeStatistics()
