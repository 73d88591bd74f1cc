"""Totals of a report, and rows for every trade."""

from datetime import date
from decimal import Decimal

from btassets.studies.account.fill_match import Comparison, Match
from btassets.studies.account.fill_report import SETUP_COLUMNS, FillReport, setup_rows, totals, unmatched_rows
from btassets.studies.account.fill_trades import ledger_of
from btassets_tests.studies.account.test_fill_match import setup
from btassets_tests.studies.account.test_fill_rows import rows_of


def test_sums_and_rows():
    rows = rows_of(
        "2025-01-02,AAPL,buy,10,5,1.00,51.03", "2025-01-06,AAPL,sell,10,7,,70.00", "2025-01-06,,interest,,,,0.5"
    )
    ledger = ledger_of(rows, {}, {})
    (trade,) = ledger.trades
    taken = Match(setup("AAPL"), "taken", trade, 0, 0.25, 0.4, 1.0)
    missed = Match(setup("BRK.B"), "missed", net_r=-1.0)
    report = FillReport(tuple(rows), ledger, Comparison((taken, missed), ((trade, "because"),)))
    sums = totals(report)
    assert (sums["fills"], sums["orders"], sums["taken"], sums["missed"], sums["missed_r"]) == (2, 2, 1, 1, -1.0)
    assert (sums["slip_r"], sums["own_r"], sums["graded_r"]) == (0.25, 0.4, 1.0)
    assert (sums["cash_usd"], sums["realized_usd"], sums["unmatched_usd"]) == ("19.47", "18.97", "0.50")
    assert report.difference == Decimal(0)
    first, second, other = setup_rows(report)
    assert tuple(first) == SETUP_COLUMNS
    assert (first["gap_r"], first["as_of"], second["status"], other["note"]) == (
        *(-0.6, date(2025, 1, 3).isoformat(), "missed", "because"),
    )
    assert [row["cash_usd"] for row in unmatched_rows(report)] == ["0.50", "0.00"]  # the second: its amount differs
