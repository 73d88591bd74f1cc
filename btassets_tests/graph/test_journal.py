"""The group of the journal: only the report reads it, and its text comes from the log."""

from btassets.graph.flow import STAGES, downstream, upstream
from btassets.graph.journal import JOURNAL


def test_nothing_is_computed_from_what_was_shown_but_the_journal_itself() -> None:
    assert downstream({"journal"}) == {"journal", "journal_results", "journal_verdict", "backtest_report"}


def test_a_result_waits_for_the_list() -> None:
    assert "journal" in upstream(STAGES["journal_results"])
    assert set(upstream(STAGES["journal_verdict"])) == {"journal", "journal_results"}


def test_an_empty_list_has_a_row_without_a_ticker() -> None:
    assert JOURNAL.schema.field("ticker").type == "string"
    assert next(column for column in JOURNAL.columns if column.name == "ticker").nullable
