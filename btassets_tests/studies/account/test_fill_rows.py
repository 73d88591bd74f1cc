"""One row of a broker's file: its kind, its exact cash, its identity, and why it is no fill."""

from decimal import Decimal

import pytest

from btassets.sources.files.fill_columns import read_fill_table
from btassets.sources.values.tickers import TickerNames
from btassets.studies.account.fill_rows import as_record, fill_rows, of_record

HEAD = "date,symbol,side,qty,price,fee,net amount\n"


def rows_of(*lines, head=HEAD):
    table = read_fill_table(head + "\n".join(lines) + "\n", {})
    return fill_rows(table, TickerNames(["BRK.B", "AAPL"]), own_zone="UTC", exchange_zone="UTC")


@pytest.mark.parametrize(
    ("line", "kind", "cash", "reason"),
    [
        ("2025-01-02,brk-b,Buy,10,5.005,1.00,", "buy", "-51.05", ""),
        ("2025-01-02,AAPL,SLD,-10,5,1.00,49.00", "sell", "49.00", ""),
        ("2025-01-02,AAPL,sell,10,5,1.00,50.00", "sell", "49.00", ""),  # the broker's amount is the gross one
        ("2025-01-02,AAPL,buy,10,5,1.00,51.03", "buy", "-51.03", "differs by -0.03"),
        ("2025-01-02,AAPL,dividend,,,,3.21", "other", "3.21", "neither a buy"),
        ("2025-01-02,AAPL,Forward Split,30,,,", "split", "0", ""),
        ("2025-01-02,AAPL,buy,ten,5,,", "unread", "0", "shares is 'ten'"),
        ("2025-01-02,AAPL,buy,,5,,", "unread", "0", "a fill has shares"),
        ("2025-01-02,AAPL,buy,1,0,,", "unread", "0", "a price above 0"),
        ("2025-01-02,,buy,1,2,,", "unread", "0", "the ticker is empty"),
        ("yesterday,AAPL,buy,1,2,,", "unread", "0", "yesterday"),
    ],
)
def test_kinds(line, kind, cash, reason):
    (row,) = rows_of(line)
    assert (row.kind, row.cash) == (kind, Decimal(cash))
    assert reason in row.reason
    assert bool(reason) == bool(row.reason)
    assert of_record(as_record(row)) == row


def test_without_a_side_the_sign_decides():
    buy, sell = rows_of("2025-01-02,A,5,2", "2025-01-03,A,-5,3", head="date,symbol,qty,price\n")
    assert (buy.kind, buy.shares, sell.kind, sell.shares) == ("buy", 5, "sell", 5)


def test_costs_as_negative_numbers_and_a_rebate_among_them():
    rows = rows_of("2025-01-02,A,buy,1,10,-0.50,", "2025-01-03,A,sell,1,10,0.10,", "2025-01-04,A,buy,1,10,-0.30,")
    assert [row.fee for row in rows] == [Decimal("0.50"), Decimal("-0.10"), Decimal("0.30")]
    assert [row.cash for row in rows] == [Decimal("-10.50"), Decimal("10.10"), Decimal("-10.30")]


def test_equal_rows_are_numbered_and_spelling_is_no_difference():
    a, b, c = rows_of("2025-01-02,BRK-B,buy,1,2,,", "2025-01-02,brk.b,buy,1.0,2.00,,", "2025-01-02,BRK B,buy,1,3,,")
    assert (a.n, b.n, c.n) == (1, 2, 1)
    assert a.key != b.key
    assert a.key[:-1] == b.key[:-1]


def test_a_ticker_that_the_book_does_not_have_is_one_in_all_its_spellings():
    rows = rows_of(*(f"2025-01-02,{name},buy,1,2,," for name in ("BF-B", "bf/b", "BF B", " bf.b")))
    assert {row.ticker for row in rows} == {"BF.B"}
