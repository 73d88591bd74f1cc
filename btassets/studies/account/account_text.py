"""The order plan as tables for a terminal and as JSON.

Belongs here: columns and words. Does not belong here: the plan (`order_plan.py`), printing.
"""

from collections.abc import Sequence
from typing import Any

from btassets.counted import counted
from btassets.render.format import shown
from btassets.studies.account.held_exits import DELISTED
from btassets.studies.account.order_plan import Held, OrderPlan, order_rows

HELD_COLUMNS = ("ticker", "shares", "close", "value", "stop", "target", "sessions", "due")
BUY_COLUMNS = ("rank", "ticker", "shares", "entry", "stop", "target", "cost", "why not")

Table = tuple[str, tuple[str, ...], list[list[str]]]


def plan_tables(plan: OrderPlan) -> list[Table]:
    """Title, columns and rows of each part; empty parts are left out."""
    parts: list[Table] = []
    if plan.held:
        parts.append(("Held", HELD_COLUMNS, [_held_row(one) for one in plan.held]))
    if plan.buys:
        rows = [
            [
                str(one.rank),
                one.ticker,
                str(one.shares) if one.shares else "-",
                *(shown(value, "price") for value in (one.entry, one.stop, one.target)),
                shown(one.cost if one.shares else None, "usd"),
                one.refusal,
            ]
            for one in plan.buys
        ]
        parts.append(("Buy at the next open, in this order", BUY_COLUMNS, rows))
    return parts


def plan_head(plan: OrderPlan) -> str:
    """The account in one line.

    Sizes follow the equity, as in the simulation.
    """
    return (
        f"Account at {plan.as_of}: equity {shown(plan.equity, 'usd')}, cash {shown(plan.cash, 'usd')}, "
        f"{plan.n_free} of {plan.n_slots} slots free; {counted(len(plan.due), 'exit')} due, {len(plan.taken)} to buy, "
        f"cash after them {shown(plan.cash_left, 'usd')}"
    )


def due_text(one: Held) -> str:
    """The exit of a position in words; empty: none is due."""
    due = one.exit
    if due is None:
        return _part_text(one)
    if due.reason == DELISTED:
        return f"the bars end on {due.since}: ask the broker for the proceeds"
    if due.since is None:
        return f"{due.reason}: sell at the next close"
    return f"{due.reason} on {due.since} at {shown(due.price, 'price')}: sell at the next open"


def _part_text(one: Held) -> str:
    part = None if one.state is None else one.state.part
    if one.state is None or part is None:
        return ""
    share = shown(100.0 * one.state.part_frac, "pct0")
    return f"{part.reason} on {part.since} at {shown(part.price, 'price')}: sell {share} at the next open"


def _held_row(one: Held) -> list[str]:
    value = None if one.close is None else one.close * one.position.shares
    sessions = None if one.state is None else one.state.sessions
    return [
        one.position.ticker,
        f"{one.position.shares:.10g}",
        shown(one.close, "price"),
        shown(value, "usd"),
        shown(one.stop, "price"),
        shown(one.position.target, "price"),
        shown(sessions, "n"),
        due_text(one),
    ]


def plan_json(plan: OrderPlan) -> dict[str, Any]:
    """The plan as a JSON object."""
    held: Sequence[dict[str, Any]] = [
        {
            "ticker": one.position.ticker,
            "shares": one.position.shares,
            "close": one.close,
            "stop": one.stop,
            "target": one.position.target,
            "sessions": None if one.state is None else one.state.sessions,
            "due": due_text(one) or None,
        }
        for one in plan.held
    ]
    return {
        "as_of": plan.as_of,
        "equity": plan.equity,
        "cash": plan.cash,
        "cash_left": plan.cash_left,
        "slots": plan.n_slots,
        "slots_free": plan.n_free,
        "held": list(held),
        "orders": order_rows(plan),
        "not_taken": [{"rank": one.rank, "ticker": one.ticker, "why": one.refusal} for one in plan.buys if one.refusal],
        "notes": list(plan.notes),
    }
