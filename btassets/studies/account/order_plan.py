"""Orders of an account for the next session: exits that are due, and setups of the list in the order of buying.

Belongs here: slots, cash and whole shares by the rule of the simulation. Does not belong here: that rule
(`engine.portfolio.sizing`), what qualifies (`stages.advice.todays_setups`), text (`account_text.py`).

An exit that is due frees neither slot nor cash: the account shows it once it is filled.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets.engine.portfolio.simulation_layout import N_CASH
from btassets.engine.portfolio.sizing import ACCEPTED, order_at_open
from btassets.studies.account.held_exits import DELISTED, HeldExit, HeldState
from btassets.studies.account.positions import Account, Position

ORDER_COLUMNS = ("action", "ticker", "shares", "type", "stop", "target", "reason", "as_of")
"""Columns of the CSV file of orders."""

_DIGITS = 4


@dataclass(frozen=True)
class Held:
    """A position with its close at T (None: no bar) and its state."""

    position: Position
    close: float | None
    state: HeldState | None

    @property
    def exit(self) -> HeldExit | None:
        """The exit that is due; None without one."""
        return None if self.state is None else self.state.exit

    @property
    def stop(self) -> float | None:
        """Stop of the next session: the planned one, or where it has moved to."""
        moved = None if self.state is None else self.state.stop
        return self.position.stop if moved is None else moved


@dataclass(frozen=True)
class Buy:
    """One setup of the list: whole shares to buy at the next open, or why none."""

    rank: int
    ticker: str
    shares: int
    entry: float
    stop: float
    target: float | None
    refusal: str = ""

    @property
    def cost(self) -> float:
        """Notional at the close."""
        return self.shares * self.entry


@dataclass(frozen=True)
class OrderPlan:
    """The account at T, what is due, and which setups to take in order."""

    as_of: str | None
    equity: float
    cash: float
    cash_left: float
    n_slots: int
    n_free: int
    held: tuple[Held, ...]
    buys: tuple[Buy, ...]
    notes: tuple[str, ...]

    @property
    def taken(self) -> list[Buy]:
        """Setups to buy, in order."""
        return [one for one in self.buys if one.shares]

    @property
    def due(self) -> list[tuple[Position, HeldExit]]:
        """Positions with an exit that is due, and the exit."""
        return [(one.position, one.exit) for one in self.held if one.exit is not None]


def equity_of(held: Sequence[Held], cash: float) -> float:
    """Cash and positions at their closes of T; a position without a bar counts as 0."""
    return cash + math.fsum(one.position.shares * one.close for one in held if one.close is not None)


def plan_orders(
    setups: Sequence[Mapping[str, Any]],
    account: Account,
    held: Sequence[Held],
    rules: BookRules,
    *,
    as_of: str | None,
    no_buys: str = "",
) -> OrderPlan:
    """Walk the list as the simulation does in the morning: held tickers, slots, size, cash.

    Parameters
    ----------
    setups
        Qualifying setups, best first.
    held
        Positions of the account at T.
    no_buys
        Why nothing is bought at all; empty: the list may be bought.
    """
    equity = equity_of(held, account.cash)
    cash, n_free = account.cash, max(rules.max_positions - len(held), 0)
    n_slots_free = n_free
    tickers = {one.position.ticker for one in held}
    buys: list[Buy] = []
    for rank, setup in enumerate(setups, 1):
        refusal, shares = no_buys, 0
        if not refusal and setup["direction"] != "long":
            refusal = "short: the portfolio buys long setups only"
        elif not refusal and setup["ticker"] in tickers:
            refusal = "held already"
        elif not refusal and n_free <= 0:
            refusal = f"no free slot of {rules.max_positions}"
        elif not refusal:
            shares, refusal = _whole_shares(setup, equity, cash, rules)
        if shares:
            cash -= shares * setup["entry"] * (1.0 + rules.cost_per_side_frac)
            n_free -= 1
            tickers.add(setup["ticker"])
        levels = (setup["entry"], setup["stop"], setup["target"])
        buys.append(Buy(rank, setup["ticker"], shares, *levels, refusal))
    notes = [*account.notes]
    notes += [f"{one.position.ticker}: {one.position.note}" for one in held if one.position.note]
    return OrderPlan(
        as_of, equity, account.cash, cash, rules.max_positions, n_slots_free, tuple(held), tuple(buys), tuple(notes)
    )


def _whole_shares(setup: Mapping[str, Any], equity: float, cash: float, rules: BookRules) -> tuple[int, str]:
    fracs = (rules.risk_frac, rules.notional_cap_frac, rules.cost_per_side_frac)
    # The open is not known yet: the price paid is assumed to be the close.
    shares, _, code = order_at_open(setup["entry"], setup["stop"], setup["entry"], (equity, cash), fracs)
    if code == N_CASH:
        return 0, "cash does not cover the least position"
    if code != ACCEPTED:
        return 0, "no size: below the least position, or no distance to the stop"
    whole = math.floor(shares)
    return whole, "" if whole else "one share costs more than the position"


def order_rows(plan: OrderPlan) -> list[dict[str, Any]]:
    """Orders with the keys of `ORDER_COLUMNS`: sales first, then purchases in their order; an ended ticker has none."""
    rows: list[dict[str, Any]] = []
    for one in plan.held:
        due, shares, words = one.exit, one.position.shares, ""
        if due is None and one.state is not None and one.state.part is not None:
            due, words = one.state.part, f", {one.state.part_frac:.0%} of the position"
            shares = float(math.floor(shares * one.state.part_frac))
        if due is None or due.reason == DELISTED or not shares:
            continue
        rows.append(
            {
                "action": "SELL",
                "ticker": one.position.ticker,
                "shares": f"{shares:.12g}",
                "type": "MARKET_ON_CLOSE" if due.since is None else "MARKET_ON_OPEN",
                "stop": _price(one.stop),
                "target": _price(one.position.target),
                "reason": (due.reason if due.since is None else f"{due.reason} on {due.since}") + words,
                "as_of": plan.as_of,
            }
        )
    rows += [
        {
            "action": "BUY",
            "ticker": one.ticker,
            "shares": str(one.shares),
            "type": "MARKET_ON_OPEN",
            "stop": _price(one.stop),
            "target": _price(one.target),
            "reason": f"rank {one.rank} of the list",
            "as_of": plan.as_of,
        }
        for one in plan.taken
    ]
    return rows


def _price(value: float | None) -> float | None:
    """A level with the digits of an order."""
    return None if value is None else round(value, _DIGITS)
