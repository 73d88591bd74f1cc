"""Position size in shares: the one rule of the simulation, of lists of setups and of orders.

Belongs here: size by risk and notional cap, and the order that cash allows. Does not belong here: slots and the walk
over sessions (`simulation_kernel`), which compiles the functions of this module; numba is not imported here.
"""

from collections.abc import Callable

from btassets.engine.portfolio.portfolio_rules import MIN_POSITION_FRAC
from btassets.engine.portfolio.simulation_layout import N_CASH, N_SIZE

ACCEPTED = -1
"""Refusal code of an order that is not refused; the others are columns of a portfolio's counts."""

Size = Callable[[float, float, float, float, float], float]
Order = Callable[[float, float, float, tuple[float, float], tuple[float, float, float]], tuple[float, float, int]]


def size(entry: float, stop: float, capital: float, risk_frac: float, cap_frac: float) -> float:
    """Shares, fractional, that lose `risk_frac * capital` between entry and stop, capped by notional.

    Parameters
    ----------
    entry, stop
        Prices; works for both directions.
    capital
        Equity, same currency.
    risk_frac
        Share of the capital lost if the stop is filled at its price.
    cap_frac
        Largest share of the capital in the position.

    Returns
    -------
    float
        0 if no size exists: no distance to the stop, or a price that is not positive.

    Examples
    --------
    >>> size(100.0, 95.0, 10_000.0, 0.01, 0.20)
    20.0
    >>> size(100.0, 99.0, 10_000.0, 0.01, 0.20)  # 100 shares would be all of the capital
    20.0
    """
    risk = abs(entry - stop)
    if not (entry > 0.0 and risk > 0.0 and capital > 0.0):
        return 0.0
    return min(risk_frac * capital / risk, cap_frac * capital / entry)


def order_rule(size: Size) -> Order:
    """The rule of an order at the open around a size function: the plain one, or its compiled form."""

    def order(
        entry: float, stop: float, paid: float, money: tuple[float, float], fracs: tuple[float, float, float]
    ) -> tuple[float, float, int]:
        """Shares, planned risk per share, and the refusal (`ACCEPTED`: none).

        Parameters
        ----------
        entry, stop
            Levels at the signal's close: they decide the size.
        paid
            Price paid before costs.
        money
            Equity of yesterday's close, and cash.
        fracs
            Risk and notional cap as shares of the equity, cost per side as a share of the notional.
        """
        equity, cash = money
        risk_frac, cap_frac, cost_frac = fracs
        least = MIN_POSITION_FRAC * equity
        planned = abs(entry - stop)
        if planned <= 0.0 or entry <= 0.0 or paid <= 0.0:
            return 0.0, planned, N_SIZE
        shares = size(entry, stop, equity, risk_frac, cap_frac)
        if shares <= 0.0 or shares * paid < least:
            return 0.0, planned, N_SIZE
        if shares * paid * (1.0 + cost_frac) > cash:
            shares = max(cash, 0.0) / (paid * (1.0 + cost_frac))
            if shares <= 0.0 or shares * paid < least:
                return 0.0, planned, N_CASH
        return shares, planned, ACCEPTED

    return order


order_at_open = order_rule(size)
