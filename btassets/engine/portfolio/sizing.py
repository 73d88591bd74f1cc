"""Position size in shares: risk and notional cap, the same rule as in the simulation.

Belongs here: one pure function for lists of setups. Does not belong here: cash, slots and refusals, known only to the
simulation (simulation_kernel).
"""


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
