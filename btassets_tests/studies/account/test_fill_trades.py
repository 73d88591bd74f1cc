"""A broker's file of 200 fills in disorder is reconciled to the cent, and everything else is listed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from btassets.sources.files.fill_columns import read_fill_table
from btassets.sources.values.tickers import TickerNames
from btassets.studies.account.fill_rows import FillRow, fill_rows
from btassets.studies.account.fill_trades import combined, ledger_of, simple_ratio
from btassets_tests.support.broker_file import SPELLINGS, SPLIT_DAY, SPLIT_TICKER, broker_file


def rows_of(text):
    table = read_fill_table(text, {})
    names = TickerNames(SPELLINGS)
    return fill_rows(table, names, own_zone="America/New_York", exchange_zone="America/New_York")


def fill(kind, day, shares, price, ticker="A", fee="0", n=1, order="", time=""):
    cash = (-1 if kind == "buy" else 1) * Decimal(shares) * Decimal(price) - Decimal(fee)
    numbers = (Decimal(shares), Decimal(price), Decimal(fee), Decimal(0) if kind == "split" else round(cash, 2))
    return FillRow(kind, f"2025-01-{day:02d}", time, ticker, *numbers, order, "", n, 1, ())


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("is_newest_first", [False, True])
def test_two_hundred_fills_to_the_cent(seed, is_newest_first):
    made = broker_file(200, seed)
    order = list(range(len(made.rows)))
    rows = rows_of(made.text(order[::-1] if is_newest_first else order))
    assert len(rows) == len(made.rows)
    found = ledger_of(rows, {}, {})
    assert sum(row.cash for row in rows) == made.cash
    assert found.realized - found.open_cost + found.other == made.cash
    assert found.open_cost == 0
    assert [(trade.ticker, trade.opened, trade.realized) for trade in found.trades] == [
        *sorted(made.trades, key=lambda trade: (trade[1], trade[0]))
    ]
    reasons = sorted(one.reason for one in found.unmatched)
    assert len(reasons) == made.unmatched
    assert reasons[0].startswith("'DIVIDEND' is neither a buy")
    assert any("no imported fill bought" in reason for reason in reasons)
    assert {one.ticker for one in found.trades} == set(SPELLINGS)


def test_partial_fills_are_one_order_and_other_orders_are_not():
    made = broker_file(200)
    rows = rows_of(made.text())
    orders = [one for one in combined(rows) if not isinstance(one, FillRow)]
    numbers = {row.order for row in rows if row.kind in ("buy", "sell")}
    assert len(orders) == len(numbers)
    assert sum(one.n_fills for one in orders) == sum(row.kind in ("buy", "sell") for row in rows)
    # Without order numbers neighbours of one side and day belong together, and a sale between them parts them.
    day = [fill("buy", 2, 5, 10), fill("buy", 2, 5, 11), fill("sell", 2, 10, 12), fill("buy", 2, 1, 9)]
    assert [(one.kind, one.shares) for one in combined(day)] == [("buy", 10), ("sell", 10), ("buy", 1)]
    (first, *_) = combined(day)
    assert (first.price, first.n_fills) == (Decimal("10.5"), 2)


def closes(*prices):
    return {"A": {date(2025, 1, 1) + timedelta(days=k): price for k, price in enumerate(prices)}}


def test_a_split_by_the_broker_by_the_bars_and_by_prices_alone():
    buy, sell = fill("buy", 2, 10, 400), fill("sell", 9, 40, 101)
    by_broker = [buy, fill("split", 6, 30, 0), sell]
    recorded = {"A": {date(2025, 1, 6): 4.0}}
    adjusted = closes(*[100.0] * 10)  # the source has divided the past by four
    for rows, prices, splits in (
        (by_broker, {}, {}),
        ([buy, sell], {}, recorded),
        (by_broker, {}, recorded),
        ([buy, sell], adjusted, {}),
        (by_broker, adjusted, {}),
    ):
        (trade,) = ledger_of(rows, prices, splits).trades
        assert (trade.realized, trade.bought, trade.closed) == (40, 10, date(2025, 1, 9))
        assert ledger_of(rows, prices, splits).unmatched == ()
        assert any("4:1" in note for note in trade.notes)


def test_without_any_evidence_of_a_split_the_excess_is_listed():
    found = ledger_of([fill("buy", 2, 10, 400), fill("sell", 9, 40, 101)], {}, {})
    assert found.trades[0].realized == 1010 - 4000
    assert "30 shares more sold than the imported fills bought" in found.unmatched[0].reason
    assert found.unmatched[0].cash == 3030


def test_a_reverse_split_and_an_open_position_in_shares_of_now():
    (trade,) = ledger_of([fill("buy", 2, 100, 2)], closes(*[20.0] * 10), {}).trades
    assert trade.held == 10
    assert trade.closed is None
    (trade,) = ledger_of([fill("buy", 2, 100, 2)], {}, {"A": {date(2025, 1, 8): 0.1}}).trades
    assert trade.held == 10


def test_costs_of_parts_add_up():
    rows = [fill("buy", 2, 3, 10, fee="0.01"), *(fill("sell", day, 1, 11) for day in (3, 4, 5))]
    (trade,) = ledger_of(rows, {}, {}).trades
    assert trade.realized == 33 - Decimal("30.01")
    assert (trade.cost, trade.held) == (0, 0)


@pytest.mark.parametrize(
    ("seen", "ratio"), [(2.05, 2.0), (0.24, 0.25), (1.3, None), (1.52, 1.5), (0.0, None), (70, None)]
)
def test_ratios_of_splits(seen, ratio):
    assert simple_ratio(seen) == ratio


def test_the_made_file_holds_its_split():
    assert any(ticker == SPLIT_TICKER and day < SPLIT_DAY for ticker, day, _ in broker_file(200).trades)
