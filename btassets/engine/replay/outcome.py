"""What became of a setup: one row graded from both fills, compiled.

Belongs here: the rules of docs/method/engine/grading.md, used by the replay
and by `grade_setups` alike. Does not belong here: arrays of setups (grading.py), costs, averages.

The order of float operations is the legacy profile's: its golden rows are reproduced bit for bit.
"""

import numpy as np

from btassets.engine.conventions import HOLD_DAYS
from btassets.engine.features.entry import inner
from btassets.engine.replay.candidate_columns import (
    EXIT_REASONS,
    N_FILL_FLOATS,
    OUTCOMES,
)

_TARGET_HIT = OUTCOMES.index("target_hit")
_STOP_HIT = OUTCOMES.index("stop_hit")
_AMBIGUOUS = OUTCOMES.index("ambiguous")
_EXPIRED = OUTCOMES.index("expired")
_BY_TARGET = EXIT_REASONS.index("target")
_BY_STOP = EXIT_REASONS.index("stop")
_BY_TIME = EXIT_REASONS.index("time")
_HALTED = EXIT_REASONS.index("halted")
_DELISTED = EXIT_REASONS.index("delisted")
_NO_NEXT_BAR = 0
_GAPPED_STOP = 1
_GAPPED_TARGET = 2
_FILL_OPEN = 2 * N_FILL_FLOATS
_N_TIMES = len(HOLD_DAYS)
_DAY_OF_EXIT = np.array(HOLD_DAYS, dtype=np.int64)


@inner
def walk_forward_bars(high, low, i, n_forward, is_long, stop, target):
    """How bars i+1..i+n_forward met the two levels; touches are inclusive.

    Returns
    -------
    tuple of int
        Outcome code; day that decided it (`n_forward` when none did); first day on which the stop
        was touched, also after the target (0: never). Day 1 is bar i+1.
    """
    outcome = _EXPIRED
    decided = n_forward
    for day in range(1, n_forward + 1):
        j = i + day
        if is_long:
            is_stop = low[j] <= stop
            is_target = high[j] >= target
        else:
            is_stop = high[j] >= stop
            is_target = low[j] <= target
        if outcome == _EXPIRED and (is_stop or is_target):
            decided = day
            if not is_stop:
                outcome = _TARGET_HIT
            elif is_target:
                outcome = _AMBIGUOUS
            else:
                outcome = _STOP_HIT
        if is_stop:
            return outcome, decided, day
    return outcome, decided, 0


@inner
def forward_bars(i, n, segment_stop, is_ended, horizon, is_legacy):
    """(n_forward, exit reason of an untouched row): -1 instead of a reason when it is not graded.

    `segment_stop` is the bar after the last one before a gap, `n` the number of bars up to T.
    """
    stop = n if is_legacy else min(n, segment_stop)
    n_forward = min(horizon, stop - 1 - i)
    if n_forward == horizon:
        return n_forward, _BY_TIME
    if is_legacy:
        return n_forward, -1
    if stop < n:
        return n_forward, _HALTED
    return n_forward, _DELISTED if is_ended else -1


@inner
def blank_row(floats, codes, shorts, ends, row):
    """Mark every graded column of a row as missing; `n_forward` becomes 0."""
    for k in range(len(floats)):
        floats[k, row] = np.nan
    for k in range(len(codes)):
        codes[k, row] = -1
    codes[0, row] = 0
    for k in range(len(shorts)):
        shorts[k, row] = -1
    for k in range(len(ends)):
        ends[k, row] = -1


@inner
def grade_row(
    i,
    is_long,
    entry,
    stop,
    target,
    rr,
    n,
    segment_stop,
    dates,
    open_,
    high,
    low,
    close,
    bench_open,
    bench_close,
    session_no,
    last_session_no,
    is_ended,
    horizon,
    is_legacy,
    floats,
    codes,
    shorts,
    ends,
    row,
):
    """Grade one setup at bar i from both fills and write column `row` of the four outputs.

    The outputs have one line per name of `GRADED_FLOATS`, `GRADED_CODES`, `GRADED_SHORTS` and
    `GRADED_DATES`.
    """
    blank_row(floats, codes, shorts, ends, row)
    n_forward, cut = forward_bars(i, n, segment_stop, is_ended, horizon, is_legacy)
    codes[0, row] = n_forward
    risk = abs(entry - stop)
    risk_frac = risk / entry if entry != 0.0 else 0.0
    floats[1, row] = risk_frac

    # Next-open fill: known as soon as the next bar is, graded or not.
    is_filled = False
    fill = 0.0
    if n_forward > 0 and session_no[i + 1] == session_no[i] + 1:
        fill = open_[i + 1]
        if (fill <= stop) if is_long else (fill >= stop):
            codes[5, row] = _GAPPED_STOP
        elif (fill >= target) if is_long else (fill <= target):
            codes[5, row] = _GAPPED_TARGET
        else:
            is_filled = True
            floats[_FILL_OPEN, row] = fill
            floats[N_FILL_FLOATS + 1, row] = risk / fill
    elif session_no[i] < last_session_no:
        codes[5, row] = _NO_NEXT_BAR

    outcome, decided, stop_day = walk_forward_bars(high, low, i, n_forward, is_long, stop, target)
    if cut < 0 and (outcome == _EXPIRED or not is_legacy):
        return

    reason = cut
    if outcome == _TARGET_HIT:
        reason = _BY_TARGET
    elif outcome != _EXPIRED:
        reason = _BY_STOP
    codes[1, row] = outcome
    codes[2, row] = reason
    shorts[0, row] = decided
    if stop_day > 0:
        shorts[1, row] = stop_day
    ends[0, row] = dates[i + n_forward]

    stop_price = 0.0
    stop_r = -1.0
    if stop_day > 0:
        stop_bar_open = open_[i + stop_day]
        stop_price = min(stop, stop_bar_open) if is_long else max(stop, stop_bar_open)
        if risk > 0.0 and entry > 0.0:
            stop_r = (stop_price - entry) / risk if is_long else (entry - stop_price) / risk

    mark = 0.0
    has_r = risk_frac > 0.0 and n_forward > 0
    for k in range(_N_TIMES):
        day = min(_DAY_OF_EXIT[k], n_forward)
        c = close[i + day]
        result = 0.0
        if 0 < stop_day <= day:
            result = stop_r
            day = stop_day
        elif has_r:
            result = ((c - entry) / entry if is_long else (entry - c) / entry) / risk_frac
        floats[2 + k, row] = result if has_r else 0.0
        floats[8 + k, row] = bench_close[i + day] / bench_close[i] - 1.0
    target_price = target
    if outcome == _TARGET_HIT:
        floats[0, row] = rr
        floats[6, row] = rr
        # A limit order waiting at the target is filled at the open of a bar that starts beyond it.
        bar_open = open_[i + decided]
        if not is_legacy and risk > 0.0 and ((bar_open > target) if is_long else (bar_open < target)):
            target_price = bar_open
            floats[6, row] = rr + ((bar_open - target) if is_long else (target - bar_open)) / risk
    elif outcome == _EXPIRED:
        if has_r:
            c = close[i + n_forward]
            mark = ((c - entry) / entry if is_long else (entry - c) / entry) / risk_frac
        floats[0, row] = 0.0 if reason == _BY_TIME else mark
        floats[6, row] = mark
    else:
        floats[0, row] = stop_r
        floats[6, row] = stop_r
    floats[7, row] = bench_close[i + decided] / bench_close[i] - 1.0

    if not is_filled or risk <= 0.0:
        return
    base = N_FILL_FLOATS
    sign = 1.0 if is_long else -1.0
    codes[3, row] = outcome
    codes[4, row] = reason
    shorts[2, row] = decided
    shorts[3, row] = shorts[1, row]
    ends[1, row] = ends[0, row]
    for k in range(_N_TIMES):
        day = min(_DAY_OF_EXIT[k], n_forward)
        price = close[i + day]
        if 0 < stop_day <= day:
            day = stop_day
            price = stop_price
        floats[base + 2 + k, row] = sign * (price - fill) / risk
        floats[base + 8 + k, row] = bench_close[i + day] / bench_open[i + 1] - 1.0
    price = close[i + n_forward]
    if outcome == _TARGET_HIT:
        price = target
    elif outcome != _EXPIRED:
        price = stop_price
    result = sign * (price - fill) / risk
    floats[base, row] = 0.0 if outcome == _EXPIRED and reason == _BY_TIME else result
    floats[base + 6, row] = sign * (target_price - fill) / risk if outcome == _TARGET_HIT else result
    floats[base + 7, row] = bench_close[i + decided] / bench_open[i + 1] - 1.0


@inner
def segment_stops(segment_start):
    """Bar after the last one of each bar's segment, int32 of shape (n_bars,)."""
    n = len(segment_start)
    stops = np.empty(n, np.int32)
    stop = n
    for t in range(n - 1, -1, -1):
        stops[t] = stop
        if segment_start[t] == t:
            stop = t
    return stops
