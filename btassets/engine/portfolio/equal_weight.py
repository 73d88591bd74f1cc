"""Equal-weight holds of the eligible list: the return of the universe without selection.

Belongs here: the buy-and-hold variant and the one rebalanced each week. Does not belong here: eligibility.
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import BoolMatrix, Int32s, helper, kernel
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.simulation_arrays import PanelArrays, panel_arrays


@helper
def _share_out_the_ended(
    held: NDArray[np.float64],
    idle: float,
    has_bar: NDArray[np.bool_],
    next_bar: NDArray[np.int64],
    panel: PanelArrays,
    delisting_return: float,
) -> float:
    """Distribute the value of tickers on their last session to the others in proportion; the new idle cash."""
    freed = 0.0
    rest = 0.0
    for t in range(held.shape[0]):
        if held[t] > 0.0 and has_bar[t] and panel.is_ended[t] and next_bar[t] == panel.offsets[t + 1]:
            freed += held[t] * (1.0 + delisting_return)
            held[t] = 0.0
        rest += held[t]
    if freed <= 0.0:
        return idle
    if rest <= 0.0:
        return idle + freed
    for t in range(held.shape[0]):
        held[t] *= 1.0 + freed / rest
    return idle


@kernel
def _renewed_hold(
    panel: PanelArrays,
    n_sessions: int,
    renewal_sessions: Int32s,
    is_eligible: BoolMatrix,
    capital: float,
    cost_frac: float,
    delisting_return: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Value at each close from the first rebalancing on, before that day's rebalancing; turnover per rebalancing."""
    offsets, session_no, close = panel.offsets, panel.session_no, panel.close
    n_tickers = offsets.shape[0] - 1
    start = renewal_sessions[0]
    value = np.full(n_sessions - start, np.nan)
    turnover = np.zeros(renewal_sessions.shape[0])
    next_bar = offsets[:-1].copy()
    has_bar = np.zeros(n_tickers, dtype=np.bool_)
    held = np.zeros(n_tickers)  # marked value in dollars
    last = np.full(n_tickers, np.nan)
    idle = capital
    r = 0
    for t in range(n_tickers):
        while next_bar[t] < offsets[t + 1] and session_no[next_bar[t]] < start:
            last[t] = close[next_bar[t]]
            next_bar[t] += 1
    for day in range(start, n_sessions):
        for t in range(n_tickers):
            b = next_bar[t]
            has_bar[t] = b < offsets[t + 1] and session_no[b] == day
            if has_bar[t]:
                if held[t] > 0.0:
                    held[t] *= close[b] / last[t]
                last[t] = close[b]
                next_bar[t] = b + 1
        idle = _share_out_the_ended(held, idle, has_bar, next_bar, panel, delisting_return)
        total = 0.0
        for t in range(n_tickers):
            total += held[t]
        value[day - start] = idle + total
        if r < renewal_sessions.shape[0] and renewal_sessions[r] == day:
            n = 0
            frozen = 0.0  # a held ticker without a bar today cannot be sold today
            for t in range(n_tickers):
                if has_bar[t]:
                    if is_eligible[r, t]:
                        n += 1
                else:
                    frozen += held[t]
            if n > 0:
                free = idle + total - frozen
                share = free / n
                moved = 0.0
                for t in range(n_tickers):
                    if has_bar[t]:
                        wanted = share if is_eligible[r, t] else 0.0
                        moved += abs(wanted - held[t])
                turnover[r] = moved / (idle + total) if idle + total > 0.0 else 0.0
                share = (free - cost_frac * moved) / n
                for t in range(n_tickers):
                    if has_bar[t]:
                        held[t] = share if is_eligible[r, t] else 0.0
                idle = 0.0
                # Bought on its last session: its value is distributed from the next session on.
                idle = _share_out_the_ended(held, idle, has_bar, next_bar, panel, delisting_return)
            r += 1
    return value, turnover


def equal_weight_hold(
    panel: BarPanel,
    is_eligible: NDArray[np.bool_],
    start_session: int,
    capital: float,
    *,
    delisting_return: float = 0.0,
) -> NDArray[np.float64]:
    """Value of equal dollars in every eligible ticker, bought once and never rebalanced, without cost.

    The value of an ended ticker is distributed to the others in proportion to theirs, at its last close.

    Parameters
    ----------
    panel
        Bars up to T.
    is_eligible
        Shape (n_tickers,), at the as-of of `start_session`; those without a bar there are left out.
    start_session
        Bought at this session's close.
    capital
        US dollars.
    delisting_return
        From the last close of an ended ticker, a fraction.

    Returns
    -------
    ndarray
        US dollars at each close from `start_session` on, the first one the capital.
    """
    value, _ = equal_weight_renewed(
        panel,
        np.array([start_session], dtype=np.int32),
        is_eligible[np.newaxis, :],
        capital,
        cost_frac=0.0,
        delisting_return=delisting_return,
    )
    return value


def equal_weight_renewed(
    panel: BarPanel,
    renewal_sessions: NDArray[np.int32],
    is_eligible: NDArray[np.bool_],
    capital: float,
    *,
    cost_frac: float = 0.001,
    delisting_return: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Value of the eligible list, reset to equal weights at the close of every renewal session.

    The cost of a renewal, `cost_frac` of the dollars bought and sold, is charged from the next session on, including
    the first purchase. A held ticker without a bar on the day is left unchanged; the value of an ended one is
    distributed to the others in proportion, at its last close and without cost.

    Parameters
    ----------
    panel
        Bars up to T.
    renewal_sessions
        Week as-ofs, ascending, shape (n_weeks,).
    is_eligible
        Shape (n_weeks, n_tickers).
    capital
        US dollars.
    cost_frac
        Of the turnover.
    delisting_return
        From the last close of an ended ticker, a fraction.

    Returns
    -------
    tuple
        US dollars at each close from the first renewal on, the first one the capital; and turnover per renewal as a
        share of the value, both sides counted, shape (n_weeks,).
    """
    return _renewed_hold(
        panel_arrays(panel),
        len(panel.calendar),
        np.ascontiguousarray(renewal_sessions, dtype=np.int32),
        np.ascontiguousarray(is_eligible, dtype=np.bool_),
        float(capital),
        float(cost_frac),
        float(delisting_return),
    )
