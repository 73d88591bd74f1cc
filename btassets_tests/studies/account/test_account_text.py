"""Words of a plan: every exit says when to sell, every refused setup says why."""

import json
from datetime import date

from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets.studies.account.account_text import due_text, plan_head, plan_json, plan_tables
from btassets.studies.account.held_exits import HeldExit, HeldState
from btassets.studies.account.order_plan import Held, order_rows, plan_orders
from btassets.studies.account.positions import Account, Position

HELD = [
    Held(Position("A", 3.0, stop=9.0), 10.0, HeldState(4, HeldExit("stop", date(2025, 1, 2), 9.0))),
    Held(Position("B", 2.0, note="no stop is known"), 20.0, HeldState(29, HeldExit("time", None, None))),
    Held(Position("C", 1.0), None, None),
]
SETUP = {"ticker": "D", "direction": "short", "entry": 5.0, "stop": 6.0, "target": None}


def test_an_ended_ticker_has_no_order():
    ended = Held(Position("Z", 1.0), 5.0, HeldState(9, HeldExit("delisted", date(2025, 1, 2), 5.0)))
    assert due_text(ended) == "the bars end on 2025-01-02: ask the broker for the proceeds"
    found = plan_orders([], Account((), 0.0), [ended], BookRules(), as_of="2025-01-03")
    assert len(found.due) == 1
    assert order_rows(found) == []


def plan():
    return plan_orders([SETUP], Account((), 100.0), HELD, BookRules(), as_of="2025-01-03")


def test_exits_in_words():
    assert [due_text(one) for one in HELD] == [
        "stop on 2025-01-02 at 9.00: sell at the next open",
        "time: sell at the next close",
        "",
    ]


def test_the_account_in_one_line_and_its_tables():
    head = plan_head(plan())
    assert "equity 170.00, cash 100.00, 7 of 10 slots free; 2 exits due, 0 to buy" in head
    (_, names, held), (_, _, buys) = plan_tables(plan())
    assert all(len(row) == len(names) for row in held)
    assert held[2] == ["C", "1", "-", "-", "-", "-", "-", ""]
    assert buys[0][-1].startswith("short")


def test_json_has_the_same():
    found = json.loads(json.dumps(plan_json(plan())))
    assert [row["ticker"] for row in found["orders"]] == ["A", "B"]
    assert [row["type"] for row in found["orders"]] == ["MARKET_ON_OPEN", "MARKET_ON_CLOSE"]
    assert found["not_taken"][0]["ticker"] == "D"
    assert found["notes"] == ["B: no stop is known"]
