"""The journal in the report: counts of shown lists, no time of a run."""

from btassets.run.tables import inputs_of
from btassets.stages.report.report_journal import journal_document
from btassets_tests.support.small_books import document_of, run_book


def test_the_document_counts_what_was_shown():
    book = run_book()
    tables, _ = inputs_of("backtest_report", book)
    found = journal_document(tables)
    assert found == document_of(book)["journal"]
    assert (found["n_lists"], found["first"], found["last"]) == (1, "2025-12-31", "2025-12-31")
    assert [row["measure"] for row in found["verdicts"]] == ["net_r", "hit_rate", "fill_gap_r"]
    results = book.lake.read("journal_results").num_rows
    assert found["n_open"] + found["n_graded"] + found["n_not_filled"] == results
    assert "shown_at" not in str(found)
