"""Simulation of many portfolios over the sessions: slots, sizes, cash and marks.

Belongs here: the one compiled loop. Does not belong here: exits (computed beforehand), metrics of the curve, and
qualification.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Flag, Int8s, Int32s, Int64s, OutRealMatrix, OutReals, Reals, Whole, helper, kernel
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
from btassets.engine.portfolio.simulation_arrays import (
    ChoiceArrays,
    ConfigArrays,
    EntryArrays,
    ExitArrays,
    PanelArrays,
    Wants,
)
from btassets.engine.portfolio.sizing import order_rule, size


class Holdings(NamedTuple):
    """Open positions of the simulated portfolio, in opening order.

    `real` and `whole` have a row per position, columns of the layout; `is_held` has one flag per ticker.
    """

    real: OutRealMatrix
    whole: NDArray[np.int64]
    is_held: NDArray[np.bool_]


class Scratch(NamedTuple):
    """Buffers for the rows of the busiest session: sort keys, rows, and the buffers of the sort."""

    keys: OutReals
    rows: NDArray[np.int64]
    key_buffer: OutReals
    row_buffer: NDArray[np.int64]


class TradeTables(NamedTuple):
    """Totals of the simulated portfolio, the trade tables of all, and its rows in them."""

    totals: OutReals
    whole: NDArray[np.int64]
    real: OutRealMatrix
    first: Whole
    room: Whole


class Book(NamedTuple):
    """One configuration as read by the simulation.

    Attributes
    ----------
    kept_rows
        Entries that pass the floors, in order.
    rank, status, fill_price, first_bar
        Shape (n_entries,): percentile, and the columns of the exits.
    counts
        Its counts, columns of the layout.
    slots
        Maximum number of positions.
    risk_frac, cap_frac, cost_frac, cutoff_pct
        As in `BookRules` and `BookConfig`.
    unranked
        Sort key of a missing rank.
    fills_at_open, wants_counts
        As in `Wants`.
    """

    kept_rows: Int32s
    rank: Reals
    status: Int8s
    fill_price: Reals
    first_bar: Int64s
    counts: NDArray[np.int64]
    slots: Whole
    risk_frac: float
    cap_frac: float
    cost_frac: float
    cutoff_pct: float
    unranked: float
    fills_at_open: bool
    wants_counts: bool


@helper
def _position_value(real: NDArray[np.float64], n: Whole) -> float:
    """Sum the marked values of the open positions in opening order."""
    value = 0.0
    for p in range(n):
        value += real[p, layout.SHARES] * real[p, layout.LAST]
    return value


@helper
def _passes(e: Whole, rank: Reals, status: Int8s, cutoff: float) -> Flag:
    """Whether an entry passes the percentile cutoff; shorts pass only without one."""
    if cutoff <= 0.0:
        return True
    return status[e] != SHORT and rank[e] >= cutoff  # NaN is below every cutoff


@helper
def _can_buy(n: Whole, cash: float, least: float, book: Book) -> Flag:
    """Whether any row could still be bought: a slot is free and cash covers the minimum position."""
    # Slightly below `least`, so that rounding never decides here instead of in the purchase itself.
    return n < book.slots and cash > least * (1.0 + book.cost_frac) * 0.999999


@helper
def _rows_of_mask(
    mask: NDArray[np.bool_], session_starts: Int64s, mask_rows: NDArray[np.int32], mask_starts: NDArray[np.int64]
) -> None:
    """Rows that pass the mask, and the start of each session among them."""
    n = 0
    for d in range(session_starts.shape[0] - 1):
        mask_starts[d] = n
        for e in range(session_starts[d], session_starts[d + 1]):
            mask_rows[n] = e
            n += 1 if mask[e] else 0
    mask_starts[session_starts.shape[0] - 1] = n


@helper
def _first_session(
    mask_rows: Int32s, n_rows: Whole, rank: Reals, status: Int8s, asof_session: Int32s, cutoff: float
) -> Whole:
    """As-of session of the first row that this portfolio could buy; -1 without one."""
    for i in range(n_rows):
        e = mask_rows[i]
        possible = status[e] == TRADABLE or status[e] == OFF_CALENDAR
        if possible and _passes(e, rank, status, cutoff):
            return np.int64(asof_session[e])
    return -1


@helper
def _open_position(
    n: Whole, e: Whole, ticker: Whole, day: Whole, order: tuple[float, float, float], book: Book, held: Holdings
) -> float:
    """Open position n with `order` (shares, price, planned risk); returns its cost in dollars."""
    shares, paid, risk = order
    cost = shares * paid * book.cost_frac
    real, whole = held.real, held.whole
    real[n, layout.SHARES] = shares
    real[n, layout.PAID] = paid
    real[n, layout.RISK] = risk
    real[n, layout.ENTRY_COST] = cost
    real[n, layout.LAST] = paid
    real[n, layout.SOLD] = 0.0
    whole[n, layout.ENTRY] = e
    whole[n, layout.TICKER] = ticker
    whole[n, layout.NEXT_BAR] = book.first_bar[e]
    whole[n, layout.BARS_HELD] = 0
    whole[n, layout.OPENED] = day
    held.is_held[ticker] = True
    return shares * paid + cost


@helper
def _close_position(
    p: Whole, received: float, reason: Whole, day: Whole, cost_frac: float, held: Holdings, trades: TradeTables
) -> float:
    """Record the trade of position p, a part sold before included; returns the proceeds of the rest.

    The trade of a position sold in two parts has all its shares and their mean price.
    """
    real, whole, totals = held.real, held.whole, trades.totals
    shares, paid = real[p, layout.SHARES], real[p, layout.PAID]
    proceeds = shares * received
    cost = proceeds * cost_frac
    pnl = proceeds - shares * paid - cost - real[p, layout.ENTRY_COST]
    risk = real[p, layout.RISK]
    sold = real[p, layout.SOLD]
    if sold > 0.0:
        pnl += sold * (real[p, layout.SOLD_AT] - paid) - real[p, layout.SOLD_COST]
        received = (proceeds + sold * real[p, layout.SOLD_AT]) / (shares + sold)
        shares += sold
    gross_r = (received - paid) / risk if risk > 0.0 else 0.0
    risked = shares * risk
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
    totals[layout.T_HOLD] += whole[p, layout.BARS_HELD]
    totals[layout.T_NET_R] += net_r
    if n < trades.room:
        row = trades.first + n
        trades.whole[row, layout.TRADE_ENTRY] = whole[p, layout.ENTRY]
        trades.whole[row, layout.TRADE_OPENED] = whole[p, layout.OPENED]
        trades.whole[row, layout.TRADE_CLOSED] = day
        trades.whole[row, layout.TRADE_HOLD] = whole[p, layout.BARS_HELD]
        trades.whole[row, layout.TRADE_REASON] = reason
        trades.real[row, layout.TRADE_SHARES] = shares
        trades.real[row, layout.TRADE_PAID] = paid
        trades.real[row, layout.TRADE_RECEIVED] = received
        trades.real[row, layout.TRADE_PNL] = pnl
        trades.real[row, layout.TRADE_GROSS_R] = gross_r
        trades.real[row, layout.TRADE_NET_R] = net_r
    return proceeds - cost


@helper
def _sell_part(p: Whole, part: float, price: float, cost_frac: float, held: Holdings) -> float:
    """Sell a part of position p, which stays open; returns its proceeds."""
    real = held.real
    sold = real[p, layout.SHARES] * part
    proceeds = sold * price
    cost = proceeds * cost_frac
    real[p, layout.SHARES] -= sold
    real[p, layout.SOLD] = sold
    real[p, layout.SOLD_AT] = price
    real[p, layout.SOLD_COST] = cost
    return proceeds - cost


@helper
def _todays_rows(first: Whole, last: Whole, book: Book, scratch: Scratch) -> Whole:
    """Qualifying tradable rows of `kept_rows[first:last]` with their sort keys, in row order; returns their number.

    `unranked` is the key of a missing rank. Untradable rows are counted by reason.
    """
    rank, status, cutoff, counts = book.rank, book.status, book.cutoff_pct, book.counts
    keys, rows = scratch.keys, scratch.rows
    n = 0
    for i in range(first, last):
        e = book.kept_rows[i]
        why = status[e]
        if why == TRADABLE:
            # Written before it is known to count, because a store is cheaper than a mispredicted branch.
            r = rank[e]
            keys[n] = book.unranked if np.isnan(r) else -r
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


_size = helper(size)
_order_at_open = helper(order_rule(_size))


@helper
def _order_at_close(
    e: Whole, equity: float, cash: float, entries: EntryArrays, book: Book
) -> tuple[float, float, Whole]:
    """Shares and planned risk of a fill at the close, and the refusal reason (-1: none)."""
    paid = book.fill_price[e]
    risk = paid - entries.stop[e]
    if risk <= 0.0 or paid <= 0.0:
        return 0.0, risk, layout.N_SIZE
    by_rule = _size(paid, entries.stop[e], equity, book.risk_frac, book.cap_frac)
    by_cash = max(cash, 0.0) / (paid * (1.0 + book.cost_frac))
    shares = min(by_rule, by_cash)
    if shares * paid < MIN_POSITION_USD:
        return 0.0, risk, layout.N_CASH if by_cash < by_rule else layout.N_SIZE
    return shares, risk, -1


@helper
def _buy(
    day: Whole,
    span: tuple[Whole, Whole],
    n: Whole,
    money: tuple[float, float],
    entries: EntryArrays,
    book: Book,
    held: Holdings,
    scratch: Scratch,
) -> tuple[Whole, float]:
    """Buy qualifying kept rows of `span`, best rank first; returns positions and cash.

    At the open `money` is cash and yesterday's equity, the basis of all sizes of the morning. At the close it is cash
    and current equity, which falls with the cost of each purchase.
    """
    cash, equity = money
    least = MIN_POSITION_FRAC * equity if book.fills_at_open else MIN_POSITION_USD
    m = 0
    if book.wants_counts or _can_buy(n, cash, least, book):
        m = _todays_rows(span[0], span[1], book, scratch)
    if n < book.slots:  # a full portfolio refuses all, so the order does not matter
        sort_rows_ascending(scratch.keys, scratch.rows, m, scratch.key_buffer, scratch.row_buffer)
    for i in range(m):
        e = int(scratch.rows[i])
        t = entries.ticker_no[e]
        if not (book.wants_counts or _can_buy(n, cash, least, book)):
            break
        if held.is_held[t]:
            book.counts[layout.N_HELD] += 1
            continue
        if n >= book.slots:
            book.counts[layout.N_SLOTS] += 1
            continue
        if book.fills_at_open:
            fracs = book.risk_frac, book.cap_frac, book.cost_frac
            shares, risk, refusal = _order_at_open(
                entries.entry[e], entries.stop[e], book.fill_price[e], (equity, cash), fracs
            )
        else:
            shares, risk, refusal = _order_at_close(e, equity, cash, entries, book)
        if refusal >= 0:
            book.counts[refusal] += 1
            continue
        cash -= _open_position(n, e, np.int64(t), day, (shares, book.fill_price[e], risk), book, held)
        n += 1
        if not book.fills_at_open:
            equity = cash + _position_value(held.real, n)
    return n, cash


@helper
def _mark_and_sell(
    day: Whole,
    n: Whole,
    cash: float,
    panel: PanelArrays,
    exits: tuple[Int64s, Reals, Int8s, Int64s, Reals, Reals],
    cost_frac: float,
    held: Holdings,
    trades: TradeTables,
) -> tuple[Whole, float]:
    """Mark every position that has a bar on the day, and sell those that exit on it; returns positions and cash.

    `exits` are bar, price and reason of each entry's exit; bar, price and share of the part sold before it.
    """
    exit_bar, exit_price, reason, part_bar, part_price, part_frac = exits
    real, whole = held.real, held.whole
    kept = 0
    for p in range(n):
        b = whole[p, layout.NEXT_BAR]
        t = whole[p, layout.TICKER]
        if b < panel.offsets[t + 1] and panel.session_no[b] == day:
            whole[p, layout.BARS_HELD] += 1
            whole[p, layout.NEXT_BAR] = b + 1
            real[p, layout.LAST] = panel.close[b]
            e = int(whole[p, layout.ENTRY])
            if b == part_bar[e]:
                cash += _sell_part(p, part_frac[e], part_price[e], cost_frac, held)
            if b == exit_bar[e]:
                cash += _close_position(p, exit_price[e], np.int64(reason[e]), day, cost_frac, held, trades)
                held.is_held[t] = False
                continue
        if kept != p:
            real[kept] = real[p]
            whole[kept] = whole[p]
        kept += 1
    return kept, cash


@helper
def _write_point(curve: NDArray[np.float64], equity: float, cash: float, exposure: float, n: Whole) -> None:
    """Write one point of the daily curve, shape (4,)."""
    curve[layout.CURVE_EQUITY] = equity
    curve[layout.CURVE_CASH] = cash
    curve[layout.CURVE_EXPOSURE] = exposure
    curve[layout.CURVE_POSITIONS] = n


@kernel
def walk_books(
    sessions: Int32s,
    panel: PanelArrays,
    entries: EntryArrays,
    choice: ChoiceArrays,
    exits: ExitArrays,
    configs: ConfigArrays,
    wants: Wants,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
]:
    """Simulate every configuration once over `sessions`.

    Without `wants.counts` a portfolio that cannot buy skips all rows, which saves most of the work; its refusals are
    then not counted.

    Parameters
    ----------
    sessions
        Walked sessions, ascending, shape (n_walked,).
    panel, entries, choice, exits
        Bars, setups, floors and ranks, fills and exits.
    configs, wants
        Configuration of each portfolio, and the requested outputs.

    Returns
    -------
    tuple
        First walked position per portfolio (-1: nothing to trade), equity (n_books, n_walked), curve (n_books,
        n_walked, 4; empty unless requested), totals, counts, and the two trade tables.
    """
    session_starts = entries.session_starts
    n_books = configs.real.shape[0]
    n_walked = sessions.shape[0]
    first_walked = np.full(n_books, -1, dtype=np.int64)
    equity = np.full((n_books, n_walked), np.nan)
    curve = np.full((n_books, n_walked if wants.curve else 0, layout.N_CURVE), np.nan)
    totals = np.zeros((n_books, layout.N_TOTALS))
    counts = np.zeros((n_books, layout.N_COUNTS), dtype=np.int64)
    # Over-allocate: untouched pages cost no memory.
    trade_whole = np.empty((configs.trade_starts[n_books], layout.N_TRADE_WHOLE), dtype=np.int64)
    trade_real = np.empty((configs.trade_starts[n_books], layout.N_TRADE_REAL))

    n_tickers = panel.offsets.shape[0] - 1
    most_positions = 1
    for k in range(n_books):
        most_positions = max(most_positions, configs.whole[k, layout.K_POSITIONS])
    most_positions = min(most_positions, n_tickers)
    busiest = 0
    for d in range(session_starts.shape[0] - 1):
        busiest = max(busiest, session_starts[d + 1] - session_starts[d])
    held = Holdings(
        np.empty((most_positions, layout.N_POSITION_COLUMNS)),
        np.empty((most_positions, layout.N_POSITION_COLUMNS), dtype=np.int64),
        np.zeros(n_tickers, dtype=np.bool_),
    )
    scratch = Scratch(
        np.empty(busiest), np.empty(busiest, dtype=np.int64), np.empty(busiest), np.empty(busiest, dtype=np.int64)
    )
    n_masks = choice.masks.shape[0]
    mask_rows = np.empty((n_masks, choice.masks.shape[1] + 1), dtype=np.int32)
    mask_starts = np.empty((n_masks, session_starts.shape[0]), dtype=np.int64)
    for i in range(n_masks):
        _rows_of_mask(choice.masks[i], session_starts, mask_rows[i], mask_starts[i])

    for k in range(n_books):
        x = configs.whole[k, layout.K_EXITS]
        starts = mask_starts[configs.whole[k, layout.K_MASK]]
        book = Book(
            mask_rows[configs.whole[k, layout.K_MASK]],
            choice.ranks[configs.whole[k, layout.K_RANK]],
            exits.status[x],
            exits.fill_price[x],
            exits.first_bar[x],
            counts[k],
            configs.whole[k, layout.K_POSITIONS],
            configs.real[k, layout.C_RISK],
            configs.real[k, layout.C_CAP],
            configs.real[k, layout.C_COST],
            configs.real[k, layout.C_CUTOFF],
            # A close fill treats a missing rank as 0, as the legacy profile does; an open fill sorts it last.
            np.inf if wants.fills_at_open else 0.0,
            wants.fills_at_open,
            wants.counts,
        )
        own_exits = (
            exits.exit_bar[x],
            exits.exit_price[x],
            exits.reason[x],
            exits.part_bar[x],
            exits.part_price[x],
            exits.part_frac[x],
        )
        start = configs.whole[k, layout.K_START]
        if start < 0:
            start = _first_session(
                book.kept_rows, starts[-1], book.rank, book.status, entries.asof_session, book.cutoff_pct
            )
            if start < 0:
                continue
        w0 = np.searchsorted(sessions, start)
        if w0 >= n_walked:
            continue
        first_walked[k] = w0
        first_trade = configs.trade_starts[k]
        room = configs.trade_starts[k + 1] - first_trade
        trades = TradeTables(totals[k], trade_whole, trade_real, first_trade, room)
        cash = configs.real[k, layout.C_CAPITAL]
        marked = cash
        n = np.int64(0)
        held.is_held[:] = False

        for w in range(w0, n_walked):
            day = np.int64(sessions[w])
            if wants.fills_at_open and w > w0 and day > 0:
                span = starts[day - 1], starts[day]
                n, cash = _buy(day, span, n, (cash, marked), entries, book, held, scratch)
            n, cash = _mark_and_sell(day, n, cash, panel, own_exits, book.cost_frac, held, trades)
            if not wants.fills_at_open:
                marked = cash + _position_value(held.real, n)
                span = starts[day], starts[day + 1]
                n, cash = _buy(day, span, n, (cash, marked), entries, book, held, scratch)
            value = _position_value(held.real, n)
            marked = cash + value
            equity[k, w] = marked
            if wants.curve:
                _write_point(curve[k, w], marked, cash, value / marked if marked > 0.0 else 0.0, n)

        # Open positions are sold at their last mark, so that the last equity is realized.
        last_day = np.int64(sessions[n_walked - 1])
        for p in range(n):
            price = held.real[p, layout.LAST]
            cash += _close_position(p, price, np.int64(OPEN_AT_END), last_day, book.cost_frac, held, trades)
        equity[k, n_walked - 1] = cash
        if wants.curve:
            _write_point(curve[k, n_walked - 1], cash, cash, 0.0, 0)
    return first_walked, equity, curve, totals, counts, trade_whole, trade_real
