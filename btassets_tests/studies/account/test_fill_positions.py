"""Open trades as positions, and cash to the cent."""

from btassets.studies.account.fill_positions import cash_of, position_of
from btassets.studies.account.fill_trades import ledger_of
from btassets_tests.studies.account.test_fill_trades import fill


def test_an_open_trade_in_shares_of_now():
    rows = [fill("buy", 2, 10, 400, fee="1"), fill("sell", 3, 4, 410), fill("split", 6, 18, 0)]
    (trade,) = ledger_of(rows, {}, {}).trades
    found = position_of(trade)
    assert (found.ticker, found.shares, str(found.opened)) == ("A", 24.0, "2025-01-02")
    assert found.entry == 100.025  # 2,400.60 for 24 shares
    assert "by the broker" in found.note
    assert cash_of(rows, 5_000.1) == 2_639.1
