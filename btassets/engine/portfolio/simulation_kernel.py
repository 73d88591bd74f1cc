"""The walk of many books over the sessions: slots, sizes, cash and marks.

Belongs here: the one compiled loop, and the layout of what it counts. Does not belong here: exits
(known beforehand), metrics of the curve, and who qualifies.
"""

import numpy as np
from numba import njit, types

from btassets.engine.cross_section.ordering import sort_rows_ascending
from btassets.engine.portfolio import simulation_layout as layout
from btassets.engine.portfolio.exits import (
    GAPPED_STOP,
    GAPPED_TARGET,
    NO_LEVELS,
    NO_NEXT_BAR,
    OFF_CALENDAR,
    OPEN_AT_END,
    SHORT,
    TRADABLE,
)
from btassets.engine.portfolio.portfolio_rules import MIN_POSITION_FRAC, MIN_POSITION_USD

# Columns of the open positions.
_SHARES, _PAID, _RISK, _ENTRY_COST, _LAST = range(5)
_ENTRY, _TICKER, _NEXT_BAR, _BARS_HELD, _OPENED = range(5)

_I4 = types.Array(types.int32, 1, "C", readonly=True)
_I8 = types.Array(types.int64, 1, "C", readonly=True)
_F8 = types.Array(types.float64, 1, "C", readonly=True)
_B2 = types.Array(types.boolean, 2, "C", readonly=True)
_F82 = types.Array(types.float64, 2, "C", readonly=True)
_I82 = types.Array(types.int64, 2, "C", readonly=True)
_I12 = types.Array(types.int8, 2, "C", readonly=True)


@njit(cache=True, nogil=True)
def _position_value(real, n):
    """Sum the marked values of the open positions in the order in which they were opened."""
    value = 0.0
    for p in range(n):
        value += real[p, _SHARES] * real[p, _LAST]
    return value


@njit(cache=True, nogil=True)
def _passes(e, rank, status, cutoff):
    if cutoff <= 0.0:
        return True
    return status[e] != SHORT and rank[e] >= cutoff  # NaN is below every cutoff


@njit(cache=True, nogil=True)
def _can_buy(n, slots, cash, cost_frac, least):
    """Whether any row could still be bought: a slot is free and cash reaches for the least position."""
    # A hair below `least`, so that rounding never decides here what the purchase itself decides.
    return n < slots and cash > least * (1.0 + cost_frac) * 0.999999


@njit(cache=True, nogil=True)
def _rows_of_mask(mask, session_starts, mask_rows, mask_starts):
    """Rows that the mask keeps, and where each session starts among them."""
    n = 0
    for d in range(session_starts.shape[0] - 1):
        mask_starts[d] = n
        for e in range(session_starts[d], session_starts[d + 1]):
            mask_rows[n] = e
            n += 1 if mask[e] else 0
    mask_starts[session_starts.shape[0] - 1] = n


@njit(cache=True, nogil=True)
def _first_session(mask_rows, n_rows, rank, status, asof_session, cutoff):
    """As-of session of the first row that this book could buy; -1 without one."""
    for i in range(n_rows):
        e = mask_rows[i]
        possible = status[e] == TRADABLE or status[e] == OFF_CALENDAR
        if possible and _passes(e, rank, status, cutoff):
            return asof_session[e]
    return -1


@njit(cache=True, nogil=True)
def _open_position(real, whole, n, e, ticker, bar, day, shares, paid, risk, cost):
    real[n, _SHARES] = shares
    real[n, _PAID] = paid
    real[n, _RISK] = risk
    real[n, _ENTRY_COST] = cost
    real[n, _LAST] = paid
    whole[n, _ENTRY] = e
    whole[n, _TICKER] = ticker
    whole[n, _NEXT_BAR] = bar
    whole[n, _BARS_HELD] = 0
    whole[n, _OPENED] = day


@njit(cache=True, nogil=True)
def _close_position(
    real, whole, p, received, reason, day, cost_frac, totals, trade_whole, trade_real, first_trade, room
):
    """Book the trade of position p; cash that it brings in."""
    proceeds = real[p, _SHARES] * received
    cost = proceeds * cost_frac
    pnl = proceeds - real[p, _SHARES] * real[p, _PAID] - cost - real[p, _ENTRY_COST]
    risk = real[p, _RISK]
    gross_r = (received - real[p, _PAID]) / risk if risk > 0.0 else 0.0
    risked = real[p, _SHARES] * risk
    net_r = pnl / risked if risked > 0.0 else 0.0
    n = int(totals[layout.T_TRADES])
    if n == 0:
        totals[layout.T_BEST_R] = gross_r
        totals[layout.T_WORST_R] = gross_r
        totals[layout.T_BEST_PNL] = pnl
        totals[layout.T_WORST_PNL] = pnl
    totals[layout.T_TRADES] = n + 1
    if pnl > 0.0:
        totals[layout.T_WINS] += 1.0
    totals[layout.T_PNL] += pnl
    totals[layout.T_BEST_R] = max(totals[layout.T_BEST_R], gross_r)
    totals[layout.T_WORST_R] = min(totals[layout.T_WORST_R], gross_r)
    totals[layout.T_BEST_PNL] = max(totals[layout.T_BEST_PNL], pnl)
    totals[layout.T_WORST_PNL] = min(totals[layout.T_WORST_PNL], pnl)
    totals[layout.T_HOLD] += whole[p, _BARS_HELD]
    totals[layout.T_NET_R] += net_r
    if n < room:
        row = first_trade + n
        trade_whole[row, layout.TRADE_ENTRY] = whole[p, _ENTRY]
        trade_whole[row, layout.TRADE_OPENED] = whole[p, _OPENED]
        trade_whole[row, layout.TRADE_CLOSED] = day
        trade_whole[row, layout.TRADE_HOLD] = whole[p, _BARS_HELD]
        trade_whole[row, layout.TRADE_REASON] = reason
        trade_real[row, layout.TRADE_SHARES] = real[p, _SHARES]
        trade_real[row, layout.TRADE_PAID] = real[p, _PAID]
        trade_real[row, layout.TRADE_RECEIVED] = received
        trade_real[row, layout.TRADE_PNL] = pnl
        trade_real[row, layout.TRADE_GROSS_R] = gross_r
        trade_real[row, layout.TRADE_NET_R] = net_r
    return proceeds - cost


@njit(cache=True, nogil=True)
def _todays_rows(mask_rows, first, last, rank, status, cutoff, unranked, counts, keys, rows):
    """Qualifying tradable rows with their sort keys, in row order; how many.

    `unranked` stands in for a missing rank. Rows that cannot trade are counted by reason.
    """
    n = 0
    for i in range(first, last):
        e = mask_rows[i]
        why = status[e]
        if why == TRADABLE:
            # Written before it is known to count: a store is cheaper than a branch that misses.
            r = rank[e]
            keys[n] = unranked if np.isnan(r) else -r
            rows[n] = e
            n += 1 if cutoff <= 0.0 or r >= cutoff else 0
        elif not _passes(e, rank, status, cutoff):
            continue
        elif why == SHORT:
            counts[layout.N_SHORT] += 1
        elif why == NO_NEXT_BAR:
            counts[layout.N_NO_NEXT_BAR] += 1
        elif why == GAPPED_STOP:
            counts[layout.N_GAPPED_STOP] += 1
        elif why == GAPPED_TARGET:
            counts[layout.N_GAPPED_TARGET] += 1
        elif why == NO_LEVELS:
            counts[layout.N_NO_LEVELS] += 1
    return n


@njit(
    (
        *(_I4, _I8, _I4, _F8, _I8, _I4, _I4, _F8, _F8),
        *(_B2, _F82, _I12, _F82, _I82, _I82, _F82, _I12),
        *(_F82, _I82, _I8, types.boolean, types.boolean, types.boolean),
    ),
    cache=True,
    nogil=True,
)
def walk_books(
    sessions,
    offsets,
    session_no,
    bar_close,
    session_starts,
    ticker_no,
    asof_session,
    entry,
    stop,
    masks,
    ranks,
    status,
    fill_price,
    first_bar,
    exit_bar,
    exit_price,
    reason,
    config_real,
    config_whole,
    trade_starts,
    fills_at_open,
    wants_curve,
    wants_counts,
):
    """Walk every configuration once over `sessions`.

    Without `wants_counts` a book that can buy nothing looks at no row, which is what most sessions of
    most books cost; what it refused is then not counted.

    Returns
    -------
    tuple
        First walked position per book (-1: nothing to trade), equity (n_books, n_walked), curve
        (n_books, n_walked, 4; empty unless wanted), totals, counts, and the two trade tables.
    """
    n_books = config_real.shape[0]
    n_walked = sessions.shape[0]
    first_walked = np.full(n_books, -1, dtype=np.int64)
    equity = np.full((n_books, n_walked), np.nan)
    curve = np.full((n_books, n_walked if wants_curve else 0, 4), np.nan)
    totals = np.zeros((n_books, layout.N_TOTALS))
    counts = np.zeros((n_books, 9), dtype=np.int64)
    # Room for every row; only pages with a trade are ever touched.
    trade_whole = np.empty((trade_starts[n_books], layout.N_TRADE_WHOLE), dtype=np.int64)
    trade_real = np.empty((trade_starts[n_books], layout.N_TRADE_REAL))

    most_positions = 1
    for k in range(n_books):
        most_positions = max(most_positions, config_whole[k, layout.K_POSITIONS])
    n_tickers = offsets.shape[0] - 1
    most_positions = min(most_positions, n_tickers)
    busiest = 0
    for d in range(session_starts.shape[0] - 1):
        busiest = max(busiest, session_starts[d + 1] - session_starts[d])
    real = np.empty((most_positions, 5))
    whole = np.empty((most_positions, 5), dtype=np.int64)
    is_held = np.zeros(n_tickers, dtype=np.bool_)
    keys = np.empty(busiest)
    key_buffer = np.empty(busiest)
    rows = np.empty(busiest, dtype=np.int64)
    row_buffer = np.empty(busiest, dtype=np.int64)
    n_masks = masks.shape[0]
    mask_rows = np.empty((n_masks, masks.shape[1] + 1), dtype=np.int32)
    mask_starts = np.empty((n_masks, session_starts.shape[0]), dtype=np.int64)
    for i in range(n_masks):
        _rows_of_mask(masks[i], session_starts, mask_rows[i], mask_starts[i])
    # A close fill treats a missing rank as 0, as the legacy profile does; an open fill puts it last.
    unranked = np.inf if fills_at_open else 0.0

    for k in range(n_books):
        kept_rows = mask_rows[config_whole[k, layout.K_MASK]]
        starts = mask_starts[config_whole[k, layout.K_MASK]]
        rank = ranks[config_whole[k, layout.K_RANK]]
        x = config_whole[k, layout.K_EXITS]
        slots = config_whole[k, layout.K_POSITIONS]
        risk_frac = config_real[k, layout.C_RISK]
        cap_frac = config_real[k, layout.C_CAP]
        cost_frac = config_real[k, layout.C_COST]
        cutoff = config_real[k, layout.C_CUTOFF]
        start = config_whole[k, layout.K_START]
        if start < 0:
            start = _first_session(kept_rows, starts[-1], rank, status[x], asof_session, cutoff)
            if start < 0:
                continue
        w0 = np.searchsorted(sessions, start)
        if w0 >= n_walked:
            continue
        first_walked[k] = w0
        first_trade = trade_starts[k]
        room = trade_starts[k + 1] - first_trade
        cash = config_real[k, layout.C_CAPITAL]
        marked = cash
        n = 0
        is_held[:] = False

        for w in range(w0, n_walked):
            day = sessions[w]
            if fills_at_open and w > w0 and day > 0:
                base = marked  # equity at yesterday's close, fixed for the morning
                least = MIN_POSITION_FRAC * base
                m = 0
                if wants_counts or _can_buy(n, slots, cash, cost_frac, least):
                    m = _todays_rows(
                        *(kept_rows, starts[day - 1], starts[day], rank, status[x], cutoff),
                        *(unranked, counts[k], keys, rows),
                    )
                if n < slots:  # a full book refuses in any order
                    sort_rows_ascending(keys, rows, m, key_buffer, row_buffer)
                for i in range(m):
                    e = rows[i]
                    t = ticker_no[e]
                    if not (wants_counts or _can_buy(n, slots, cash, cost_frac, least)):
                        break
                    if is_held[t]:
                        counts[k, layout.N_HELD] += 1
                        continue
                    if n >= slots:
                        counts[k, layout.N_SLOTS] += 1
                        continue
                    planned = abs(entry[e] - stop[e])
                    paid = fill_price[x, e]
                    if planned <= 0.0 or entry[e] <= 0.0 or paid <= 0.0:
                        counts[k, layout.N_SIZE] += 1
                        continue
                    shares = min(risk_frac * base / planned, cap_frac * base / entry[e])
                    if shares <= 0.0 or shares * paid < least:
                        counts[k, layout.N_SIZE] += 1
                        continue
                    if shares * paid * (1.0 + cost_frac) > cash:
                        shares = max(cash, 0.0) / (paid * (1.0 + cost_frac))
                        if shares <= 0.0 or shares * paid < least:
                            counts[k, layout.N_CASH] += 1
                            continue
                    cost = shares * paid * cost_frac
                    cash -= shares * paid + cost
                    _open_position(real, whole, n, e, t, first_bar[x, e], day, shares, paid, planned, cost)
                    is_held[t] = True
                    n += 1

            kept = 0
            for p in range(n):
                b = whole[p, _NEXT_BAR]
                t = whole[p, _TICKER]
                if b < offsets[t + 1] and session_no[b] == day:
                    whole[p, _BARS_HELD] += 1
                    whole[p, _NEXT_BAR] = b + 1
                    real[p, _LAST] = bar_close[b]
                    e = whole[p, _ENTRY]
                    if b == exit_bar[x, e]:
                        cash += _close_position(
                            *(real, whole, p, exit_price[x, e], reason[x, e], day, cost_frac),
                            *(totals[k], trade_whole, trade_real, first_trade, room),
                        )
                        is_held[t] = False
                        continue
                if kept != p:
                    real[kept] = real[p]
                    whole[kept] = whole[p]
                kept += 1
            n = kept

            if not fills_at_open:
                marked = cash + _position_value(real, n)
                m = 0
                if wants_counts or _can_buy(n, slots, cash, cost_frac, MIN_POSITION_USD):
                    m = _todays_rows(
                        *(kept_rows, starts[day], starts[day + 1], rank, status[x], cutoff),
                        *(unranked, counts[k], keys, rows),
                    )
                if n < slots:  # a full book refuses in any order
                    sort_rows_ascending(keys, rows, m, key_buffer, row_buffer)
                for i in range(m):
                    e = rows[i]
                    t = ticker_no[e]
                    if not (wants_counts or _can_buy(n, slots, cash, cost_frac, MIN_POSITION_USD)):
                        break
                    if is_held[t]:
                        counts[k, layout.N_HELD] += 1
                        continue
                    if n >= slots:
                        counts[k, layout.N_SLOTS] += 1
                        continue
                    paid = fill_price[x, e]
                    risk = paid - stop[e]
                    if risk <= 0.0 or paid <= 0.0:
                        counts[k, layout.N_SIZE] += 1
                        continue
                    by_rule = min((marked * risk_frac) / risk, (marked * cap_frac) / paid)
                    by_cash = max(cash, 0.0) / (paid * (1.0 + cost_frac))
                    shares = min(by_rule, by_cash)
                    if shares * paid < MIN_POSITION_USD:
                        counts[k, layout.N_CASH if by_cash < by_rule else layout.N_SIZE] += 1
                        continue
                    cost = shares * paid * cost_frac
                    cash -= shares * paid + cost
                    _open_position(real, whole, n, e, t, first_bar[x, e], day, shares, paid, risk, cost)
                    is_held[t] = True
                    n += 1
                    marked = cash + _position_value(real, n)

            value = _position_value(real, n)
            marked = cash + value
            equity[k, w] = marked
            if wants_curve:
                curve[k, w, layout.CURVE_EQUITY] = marked
                curve[k, w, layout.CURVE_CASH] = cash
                curve[k, w, layout.CURVE_EXPOSURE] = value / marked if marked > 0.0 else 0.0
                curve[k, w, layout.CURVE_POSITIONS] = n

        # What is still open is sold at its last mark, so that the last equity is realized money.
        for p in range(n):
            cash += _close_position(
                *(real, whole, p, real[p, _LAST], OPEN_AT_END, sessions[n_walked - 1], cost_frac),
                *(totals[k], trade_whole, trade_real, first_trade, room),
            )
        equity[k, n_walked - 1] = cash
        if wants_curve:
            curve[k, n_walked - 1, layout.CURVE_EQUITY] = cash
            curve[k, n_walked - 1, layout.CURVE_CASH] = cash
            curve[k, n_walked - 1, layout.CURVE_EXPOSURE] = 0.0
            curve[k, n_walked - 1, layout.CURVE_POSITIONS] = 0.0
    return first_walked, equity, curve, totals, counts, trade_whole, trade_real
