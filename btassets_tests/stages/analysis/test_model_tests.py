"""What must hold of the models' tables is tried in every run, and no report is written over what does not."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.book.book import open_book
from btassets.defs import checks
from btassets.errors import CheckFailedError
from btassets.graph.flow import STAGES
from btassets.run.check_facts import check_facts
from btassets.run.run_stage import run_stage
from btassets.run.sql_models import load_tests
from btassets.run.tables import inputs_of
from btassets.stages.analysis.model_tests import refuse_failing
from btassets_tests.support.book_factory import call, report_bytes

TESTS = sorted(load_tests())


def tamper(folder: Path) -> None:
    """Let costs raise one result of the stored setups; the footer still says that the table is fresh."""
    lake = open_book(folder).lake
    footer, table = lake.footer("graded_setups"), lake.read("graded_setups")
    first = pc.and_(pc.equal(table["row_no"], 1), pc.equal(table["ticker"], table["ticker"][0]))
    raised = pc.if_else(first, pc.add(pc.fill_null(table["gross_r"], 0.0), 1.0), table["net_r"])
    graded = pc.if_else(first, pc.fill_null(table["gross_r"], 0.0), table["gross_r"])
    for name, values in (("net_r", raised), ("gross_r", graded)):
        table = table.set_column(table.column_names.index(name), name, values)
    lake.write("graded_setups", table, footer.input_hash, facts=footer.facts)


def test_the_stage_reads_what_the_queries_read() -> None:
    assert set(STAGES["model_tests"].reads) == {table for test in load_tests().values() for table in test.upstream}


def test_every_query_is_a_check_of_the_asset(finished_book: Path) -> None:
    specs = {spec.name: spec for spec in checks.of_stage(STAGES["model_tests"])}
    assert sorted(specs) == TESTS
    assert all(specs[name].description for name in TESTS)
    book = open_book(finished_book)
    found = check_facts("model_tests", run_stage("model_tests", book), book)
    assert [(fact.check, fact.passed) for fact in found] == [(name, True) for name in TESTS]


def test_a_finished_book_holds(finished_book: Path) -> None:
    rows = open_book(finished_book).lake.read("model_tests").to_pylist()
    assert [row["test"] for row in rows] == TESTS
    assert all(row["n_failing"] == 0 and row["first_failing"] is None for row in rows)


def test_no_report_is_written_over_rows_that_break_their_word(book: Path) -> None:
    before = report_bytes(book)
    tamper(book)
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 6, answer.err
    assert "check costs_are_charged failed: Costs never raise a result." in answer.err
    assert "the last report remains" in answer.err
    assert report_bytes(book) == before
    rows = {row["test"]: row for row in open_book(book).lake.read("model_tests").to_pylist()}
    assert rows["costs_are_charged"]["n_failing"] == 1
    assert json.loads(rows["costs_are_charged"]["first_failing"])["row_no"] == 1
    assert call("run", "--book", book, "--quiet").code == 6
    opened = open_book(book)
    facts = {fact.check: fact for fact in check_facts("model_tests", run_stage("model_tests", opened), opened)}
    assert not facts["costs_are_charged"].passed
    assert facts["costs_are_charged"].severity == "ERROR"
    # The file is put right: everything is computed from it again.
    (book / "data" / "graded_setups" / "base.parquet").unlink()
    again = call("run", "--book", book, "--quiet")
    assert again.code == 0, again.err
    assert report_bytes(book) == before


def test_the_error_names_the_query_and_the_first_row(book: Path) -> None:
    opened = open_book(book)
    footer, table = opened.lake.footer("model_tests"), opened.lake.read("model_tests")
    n_failing = pa.array([7 * (name == "outcomes_add_up") for name in table["test"].to_pylist()], pa.int64())
    opened.lake.write("model_tests", table.set_column(3, "n_failing", n_failing), footer.input_hash)
    with pytest.raises(CheckFailedError, match=r"check outcomes_add_up failed: .* 7 rows violate this, first None"):
        refuse_failing(inputs_of("backtest_report", opened)[0])
