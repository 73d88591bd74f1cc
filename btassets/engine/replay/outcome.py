"""Outcome of a setup: one row graded under both fills, compiled.

Belongs here: the rules of docs/method/engine/grading.md, used by the replay and by `grade_setups` alike. Does not
belong here: arrays of setups (grading.py), costs, averages.

The order of float operations is the legacy profile's, so that its golden rows are reproduced bit for bit.
"""

from typing import NamedTuple

import numpy as np

from btassets.engine.compiling import Flag, Int32s, Int64s, Whole, helper
from btassets.engine.conventions import ExitPolicy
from btassets.engine.days import NO_DAY
from btassets.engine.replay import replay_layout as layout
from btassets.engine.replay.candidate_columns import (
    DROPS,
    EXIT_REASONS,
    HOLD_BENCH_RET,
    HOLD_BENCH_RET_OPEN,
    TIME_R,
    TIME_R_OPEN,
)
from btassets.engine.replay.race import EXPIRED, STOP_HIT, TARGET_HIT, SetupPrices, as_adjusted, walk_forward_bars
from btassets.engine.replay.replay_layout import BarArrays, GradedOutputs, TickerArrays, Timeline

_BY_TARGET = EXIT_REASONS.index("target")
_BY_STOP = EXIT_REASONS.index("stop")
_BY_TIME = EXIT_REASONS.index("time")
_DELISTED = EXIT_REASONS.index("delisted")
_NO_NEXT_BAR = DROPS.index("no_next_bar")
_GAPPED_STOP = DROPS.index("gapped_stop")
_GAPPED_TARGET = DROPS.index("gapped_target")


class GradingRules(NamedTuple):
    """How far and by which exits a setup is graded.

    Attributes
    ----------
    horizon_days
        Bars of the race of target against stop.
    is_legacy
        Whether the legacy rule for short histories applies (`grade_setups`).
    hold_days
        Bars of each fixed hold, ascending.
    policy
        A moving stop applies to the race and to the holds, a part sold at the target to the race.
    """

    horizon_days: int
    is_legacy: bool
    hold_days: Int64s
    policy: ExitPolicy


@helper
def excursions(
    bars: BarArrays,
    first: Whole,
    held: Whole,
    outcome: Whole,
    exit_price: float,
    is_long: Flag,
    fill: float,
    risk: float,
) -> tuple[float, Whole, float, Whole]:
    """Worst and best price while a position is open, in R of its fill, each with its first day.

    Bars `first` to `first + held - 1`. The bar of a stop counts up to the stop: its open and the exit, since the stop
    comes first. The bar of a target counts the exit and what was lost on it before; if it opens beyond the target, the
    position is sold at that open.

    Returns
    -------
    tuple
        R at the worst price (at most 0) and its day (0: never below the fill); the same for the best price (at least
        0).
    """
    sign = 1.0 if is_long else -1.0
    worst, best = 0.0, 0.0
    worst_day, best_day = 0, 0
    for day in range(1, held + 1):
        j = first + day - 1
        adverse = bars.low[j] if is_long else bars.high[j]
        favourable = bars.high[j] if is_long else bars.low[j]
        if day == held and outcome == TARGET_HIT:
            favourable = exit_price
            if sign * (bars.open[j] - exit_price) >= 0.0:
                adverse = bars.open[j]
        elif day == held and outcome != EXPIRED:
            adverse = exit_price
            favourable = bars.open[j]
        lost = sign * (adverse - fill) / risk
        gained = sign * (favourable - fill) / risk
        if lost < worst:
            worst, worst_day = lost, day
        if gained > best:
            best, best_day = gained, day
    return worst, worst_day, best, best_day


@helper
def _shared(part: float, sold: float, rest: float) -> float:
    """Result of a position of which `part` was sold and the rest left later."""
    return part * sold + (1.0 - part) * rest


@helper
def forward_bars(i: Whole, timeline: Timeline, rules: GradingRules) -> tuple[Whole, Whole]:
    """(n_forward, exit reason of an untouched row): -1 instead of a reason if it is not graded.

    Bars are counted up to the horizon, or up to the longest hold if that is longer. A halt does not end a row: nobody
    could have sold just before it, so the portfolio holds through it, and the row continues.
    """
    longest = np.int64(rules.horizon_days)
    for days in rules.hold_days:
        longest = max(longest, days)
    n_forward = min(longest, timeline.n_bars - 1 - i)
    if n_forward >= rules.horizon_days:
        return n_forward, _BY_TIME
    return n_forward, _DELISTED if timeline.is_ended and not rules.is_legacy else -1


@helper
def blank_row(out: GradedOutputs, row: Whole) -> None:
    """Mark every graded column of a row as missing; `n_forward` becomes 0."""
    for k in range(len(out.floats)):
        out.floats[k, row] = np.nan
    for k in range(len(out.holds)):
        out.holds[k, row] = np.nan
    for k in range(len(out.codes)):
        out.codes[k, row] = -1
    out.codes[layout.N_FORWARD, row] = 0
    for k in range(len(out.shorts)):
        out.shorts[k, row] = -1
    for k in range(len(out.dates)):
        out.dates[k, row] = NO_DAY


@helper
def grade_row(
    i: Whole,
    setup: SetupPrices,
    ticker: TickerArrays,
    rules: GradingRules,
    out: GradedOutputs,
    row: Whole,
) -> None:
    """Grade one setup at bar i under both fills and write column `row` of the outputs.

    Parameters
    ----------
    i
        As-of bar.
    setup
        Direction, prices and reward.
    ticker, rules
        Its bars, and the grading rules.
    out, row
        Destination of the result.
    """
    bars, bench, timeline = ticker.bars, ticker.bench, ticker.timeline
    floats, codes, shorts, ends = out.floats, out.codes, out.shorts, out.dates
    is_long, entry, stop, target, rr = setup.is_long, setup.entry, setup.stop, setup.target, setup.rr
    base = layout.OPEN_FILL
    blank_row(out, row)
    n_forward, cut = forward_bars(i, timeline, rules)
    codes[layout.N_FORWARD, row] = n_forward
    risk = abs(entry - stop)
    risk_frac = risk / entry if entry != 0.0 else 0.0
    floats[layout.RISK_PCT, row] = risk_frac

    # Next-open fill: known once the next bar is, graded or not.
    is_filled = False
    fill = 0.0
    if n_forward > 0 and timeline.session_no[i + 1] == timeline.session_no[i] + 1:
        fill = bars.open[i + 1]
        if (fill <= stop) if is_long else (fill >= stop):
            codes[layout.DROP_OPEN, row] = _GAPPED_STOP
        elif (fill >= target) if is_long else (fill <= target):
            codes[layout.DROP_OPEN, row] = _GAPPED_TARGET
        else:
            is_filled = True
            floats[layout.FILL_OPEN, row] = fill
            floats[base + layout.RISK_PCT, row] = risk / fill
    elif timeline.session_no[i] < timeline.last_session_no:
        codes[layout.DROP_OPEN, row] = _NO_NEXT_BAR

    n_raced = min(n_forward, rules.horizon_days)
    outcome, decided, stop_day, level = walk_forward_bars(
        bars.high, bars.low, i, n_forward, n_raced, setup, rules.policy
    )
    # Of a part sold at the target, the rest is left by the stop or at the end of the race.
    part = rules.policy.part_frac if outcome == TARGET_HIT and risk > 0.0 else 1.0
    is_split = part < 1.0
    is_rest_stopped = is_split and 0 < stop_day <= n_raced
    is_unresolved = outcome == EXPIRED or (is_split and not is_rest_stopped)
    if cut < 0 and (is_unresolved or not rules.is_legacy):
        return

    left = decided
    reason = cut
    if is_split:
        left = stop_day if is_rest_stopped else n_raced
        if is_rest_stopped:
            reason = _BY_STOP
    elif outcome == TARGET_HIT:
        reason = _BY_TARGET
    elif outcome != EXPIRED:
        reason = _BY_STOP
    codes[layout.OUTCOME, row] = outcome
    codes[layout.EXIT_REASON, row] = reason
    shorts[layout.HELD, row] = left
    if stop_day > 0:
        shorts[layout.STOP_DAY, row] = stop_day
    ends[layout.LABEL_END, row] = bars.dates[i + n_forward]

    stop_price = 0.0
    stop_r = -1.0
    if stop_day > 0:
        stop_bar_open = bars.open[i + stop_day]
        stop_price = min(level, stop_bar_open) if is_long else max(level, stop_bar_open)
        if risk > 0.0 and entry > 0.0:
            stop_r = (stop_price - entry) / risk if is_long else (entry - stop_price) / risk

    mark = 0.0
    has_r = risk_frac > 0.0 and n_forward > 0
    n_holds = len(rules.hold_days)
    is_whole = timeline.is_ended and not rules.is_legacy
    for k in range(n_holds):
        # Beyond the horizon an early stop alone does not make a result, as in the race.
        if rules.hold_days[k] > max(n_forward, rules.horizon_days) and not is_whole:
            continue
        day = min(rules.hold_days[k], n_forward)
        c = bars.close[i + day]
        result = 0.0
        if 0 < stop_day <= day:
            result = stop_r
            day = stop_day
        elif has_r:
            result = ((c - entry) / entry if is_long else (entry - c) / entry) / risk_frac
        out.holds[TIME_R * n_holds + k, row] = result if has_r else 0.0
        out.holds[HOLD_BENCH_RET * n_holds + k, row] = bench.close[i + day] / bench.close[i] - 1.0
    target_price = target
    if outcome == TARGET_HIT:
        floats[layout.REALIZED_R, row] = rr
        floats[layout.R_MTM, row] = rr
        # A limit order at the target is filled at the open of a bar that starts beyond it.
        bar_open = bars.open[i + decided]
        if not rules.is_legacy and risk > 0.0 and ((bar_open > target) if is_long else (bar_open < target)):
            target_price = bar_open
            floats[layout.R_MTM, row] = rr + ((bar_open - target) if is_long else (target - bar_open)) / risk
    elif outcome == EXPIRED:
        if has_r:
            c = bars.close[i + n_raced]
            mark = ((c - entry) / entry if is_long else (entry - c) / entry) / risk_frac
        floats[layout.REALIZED_R, row] = 0.0 if reason == _BY_TIME else mark
        floats[layout.R_MTM, row] = mark
    else:
        floats[layout.REALIZED_R, row] = stop_r
        floats[layout.R_MTM, row] = stop_r
    rest_price = stop_price if is_rest_stopped else bars.close[i + n_raced]
    if is_split:
        rest = (rest_price - entry) / risk if is_long else (entry - rest_price) / risk
        floats[layout.REALIZED_R, row] = _shared(part, floats[layout.REALIZED_R, row], rest)
        floats[layout.R_MTM, row] = _shared(part, floats[layout.R_MTM, row], rest)
    bench_ret = bench.close[i + decided] / bench.close[i] - 1.0
    if is_split:
        bench_ret = _shared(part, bench_ret, bench.close[i + left] / bench.close[i] - 1.0)
    floats[layout.BENCH_RET_TARGET, row] = bench_ret
    ending = outcome
    left_at = target_price if outcome == TARGET_HIT else stop_price
    if is_split:
        ending = STOP_HIT if is_rest_stopped else EXPIRED
        left_at = stop_price
    if risk > 0.0:
        worst, worst_day, best, best_day = excursions(bars, i + 1, left, ending, left_at, is_long, entry, risk)
        floats[layout.MAE_R, row] = worst
        floats[layout.MFE_R, row] = best
        shorts[layout.MAE_DAY, row] = worst_day
        shorts[layout.MFE_DAY, row] = best_day

    if not is_filled or risk <= 0.0:
        return
    sign = 1.0 if is_long else -1.0
    codes[layout.OUTCOME_OPEN, row] = outcome
    codes[layout.EXIT_REASON_OPEN, row] = reason
    shorts[layout.HELD_OPEN, row] = left
    shorts[layout.STOP_DAY_OPEN, row] = shorts[layout.STOP_DAY, row]
    ends[layout.LABEL_END_OPEN, row] = ends[layout.LABEL_END, row]
    for k in range(n_holds):
        if np.isnan(out.holds[TIME_R * n_holds + k, row]):
            continue
        day = min(rules.hold_days[k], n_forward)
        price = bars.close[i + day]
        if 0 < stop_day <= day:
            day = stop_day
            price = stop_price
        out.holds[TIME_R_OPEN * n_holds + k, row] = sign * (price - fill) / risk
        out.holds[HOLD_BENCH_RET_OPEN * n_holds + k, row] = bench.close[i + day] / bench.open[i + 1] - 1.0
    price = bars.close[i + n_raced]
    if outcome == TARGET_HIT:
        price = target
    elif outcome != EXPIRED:
        price = stop_price
    result = sign * (price - fill) / risk
    realized = 0.0 if outcome == EXPIRED and reason == _BY_TIME else result
    marked = sign * (target_price - fill) / risk if outcome == TARGET_HIT else result
    bench_ret = bench.close[i + decided] / bench.open[i + 1] - 1.0
    if is_split:
        rest = sign * (rest_price - fill) / risk
        realized = _shared(part, realized, rest)
        marked = _shared(part, marked, rest)
        bench_ret = _shared(part, bench_ret, bench.close[i + left] / bench.open[i + 1] - 1.0)
    floats[base + layout.REALIZED_R, row] = realized
    floats[base + layout.R_MTM, row] = marked
    floats[base + layout.BENCH_RET_TARGET, row] = bench_ret
    worst, worst_day, best, best_day = excursions(bars, i + 1, left, ending, left_at, is_long, fill, risk)
    floats[base + layout.MAE_R, row] = worst
    floats[base + layout.MFE_R, row] = best
    shorts[layout.MAE_DAY_OPEN, row] = worst_day
    shorts[layout.MFE_DAY_OPEN, row] = best_day


@helper
def segment_stops(segment_start: Int32s) -> Int32s:
    """Bar after the last one of each bar's segment, int32 of shape (n_bars,)."""
    n = len(segment_start)
    stops = np.empty(n, np.int32)
    stop = n
    for t in range(n - 1, -1, -1):
        stops[t] = stop
        if segment_start[t] == t:
            stop = t
    return stops


@helper
def grade_printed(
    i: Whole,
    setup: SetupPrices,
    factor: float,
    ticker: TickerArrays,
    rules: GradingRules,
    out: GradedOutputs,
    row: Whole,
) -> None:
    """Grade a setup in prices of its as-of day, `factor` being the adjusted over the printed one; so is the fill."""
    grade_row(i, as_adjusted(setup, factor), ticker, rules, out, row)
    out.floats[layout.FILL_OPEN, row] /= factor
