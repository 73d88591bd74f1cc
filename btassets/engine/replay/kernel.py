"""The compiled pass over one ticker: setups, both gradings, factor signals, eligibility.

Belongs here: the loop over as-of bars. Does not belong here: what is computed in it (features,
setups, outcome.py), arrays in and tables out (ticker.py), anything across tickers.

Each as-of bar i reads bars max(segment start, i - 252)..i and nothing else; only grading and
forward returns look past it.
"""

import numpy as np
from numba import types

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.features.entry import compile_once, entry, inner
from btassets.engine.features.factors import factor_terms, momentum, residual_momentum, write_factors
from btassets.engine.features.indicators import bar_terms, window_state
from btassets.engine.features.quality_signals import PRICE_SESSIONS, QUALITY_SESSIONS, ineligible_code, quality_terms
from btassets.engine.market.calendar import IS_LATEST, IS_OWN_WEEK, IS_WEEK
from btassets.engine.replay.outcome import grade_row, segment_stops
from btassets.engine.replay.replay_rules import PARAMETER
from btassets.engine.setups.levels import cluster_levels, find_pivots, projected_targets, zone_targets
from btassets.engine.setups.scores import (
    choose_action,
    confidence,
    count_conflicts,
    momentum_score,
    technical_score,
    technical_votes,
)
from btassets.engine.setups.targets import choose_primary
from btassets.engine.signals import SIGNAL_NAMES

DOLLAR_VOLUME_BARS = 20
MAX_FORWARD_RETURN_DAYS = FORWARD_RETURN_DAYS[-1]
SIGNAL_GRIDS = IS_WEEK | IS_OWN_WEEK | IS_LATEST

_P_STOP = PARAMETER["atr_stop_multiple"]
_P_WINDOW = PARAMETER["window_bars"]
_P_LOOKBACK = PARAMETER["min_lookback_bars"]
_P_HORIZON = PARAMETER["horizon_days"]
_P_ARM = PARAMETER["pivot_arm"]
_P_TOLERANCE = PARAMETER["level_tolerance_atr"]
_P_SPACING = PARAMETER["zone_spacing_atr"]
_P_TARGET_MIN = PARAMETER["target_min_atr"]
_P_TARGET_MAX = PARAMETER["target_max_atr"]
_P_MAX_TARGETS = PARAMETER["max_targets"]
_P_PROJECTION = PARAMETER["projection"]
_P_PROJECTED = PARAMETER["projected_atr"]
_P_TILT_CONST = PARAMETER["tilt_const"]
_P_TILT_SCORE = PARAMETER["tilt_score"]
_P_TILT_LEVEL = PARAMETER["tilt_level"]
_P_DISAGREEMENT = PARAMETER["conflict_disagreement"]
_P_STRETCH = PARAMETER["conflict_stretch_atr"]
_P_MIN_SR_TARGETS = PARAMETER["min_sr_targets"]
_P_LEAD = PARAMETER["action_lead"]
_P_HIGH = PARAMETER["action_high"]
_P_MODERATE = PARAMETER["action_moderate"]
_P_MIN_BARS = PARAMETER["min_bars"]
_P_MISSING = PARAMETER["max_missing_frac"]
_P_ZERO_VOLUME = PARAMETER["max_zero_volume_frac"]
_P_FLAT = PARAMETER["max_flat_frac"]
_P_CONSTANT = PARAMETER["max_constant_bars"]
_P_MEDIAN_CLOSE = PARAMETER["min_median_close_usd"]
_P_MEDIAN_VOLUME = PARAMETER["min_median_dollar_volume_usd"]

_N_FACTORS = len(SIGNAL_NAMES)
_N_FORWARD = len(FORWARD_RETURN_DAYS)
_DAYS_AHEAD = np.array(FORWARD_RETURN_DAYS, dtype=np.int64)


@inner
def _direction_setup(entry, sign, atr, score, level, n_levels, stop_multiple, horizon, parameters, work, target):
    """One direction at one as-of bar: (n_targets, n_sr_targets, primary, rr, p, best p).

    `n_targets` 0: no setup. The targets are left in `target`.
    """
    if entry - sign * stop_multiple * atr <= 0.0:
        return 0, 0, 0, 0.0, 0.0, 0.0
    n_sr = zone_targets(
        entry,
        sign,
        atr,
        level,
        n_levels,
        parameters[_P_SPACING],
        parameters[_P_TARGET_MIN],
        parameters[_P_TARGET_MAX],
        int(parameters[_P_MAX_TARGETS]),
        work,
        target,
    )
    n_targets = n_sr
    if n_sr == 0 and parameters[_P_PROJECTION] != 0.0:
        n_targets = projected_targets(
            entry,
            sign,
            atr,
            parameters[_P_PROJECTED],
            parameters[_P_PROJECTED + 1],
            parameters[_P_PROJECTED + 2],
            target,
        )
    primary, rr, p, best = choose_primary(
        target,
        n_targets,
        sign,
        atr,
        stop_multiple,
        horizon,
        score,
        parameters[_P_TILT_CONST],
        parameters[_P_TILT_SCORE],
        parameters[_P_TILT_LEVEL],
    )
    return n_targets, n_sr, primary, rr, p, best


@inner
def _mean_recent(values, i, s):
    """Mean of the last 20 values of the window that ends at bar i."""
    first = max(s, i - DOLLAR_VOLUME_BARS + 1)
    total = 0.0
    for t in range(first, i + 1):
        total += values[t]
    return total / (i + 1 - first)


@inner
def _write_forward_returns(i, n, segment_stop, is_ended, close, out, row):
    """Write close-to-close returns of bars i to i+h into `out[:, row]`; returns the bars available.

    A ticker that has ended, or a segment before a gap, is followed to its last bar.
    """
    stop = min(n, segment_stop)
    available = min(MAX_FORWARD_RETURN_DAYS, stop - 1 - i)
    is_cut = is_ended or stop < n
    for k in range(_N_FORWARD):
        days = _DAYS_AHEAD[k]
        if days <= available:
            out[k, row] = close[i + days] / close[i] - 1.0
        elif is_cut:
            out[k, row] = close[stop - 1] / close[i] - 1.0
        else:
            out[k, row] = np.nan
    return available


@entry
def replay_pass(
    dates,
    open_,
    high,
    low,
    close,
    volume,
    bench_open,
    bench_close,
    session_no,
    raw_close,
    raw_dollar_volume,
    segment_start,
    asof_index,
    asof_flags,
    n,
    last_session_no,
    is_ended,
    parameters,
    decay,
    setup_floats,
    setup_codes,
    setup_shorts,
    graded_floats,
    graded_codes,
    graded_shorts,
    graded_dates,
    candidate_asof,
    signal_floats,
    signal_codes,
    signal_shorts,
    signal_asof,
):
    """Fill the outputs of one ticker; returns how many candidate rows and signal rows were written.

    Inputs are the arguments of `replay_ticker`, read-only; `n` is the number of bars up to T. Each
    output has one line per column (`SETUP_FLOATS`, `SETUP_CODES`, `GRADED_*`, `SIGNAL_FLOATS`) and
    room for two candidates, or one signal row, per as-of bar; `*_asof` take the position of each
    row's as-of bar in `asof_index`.
    """
    window = int(parameters[_P_WINDOW])
    min_lookback = int(parameters[_P_LOOKBACK])
    horizon = int(parameters[_P_HORIZON])
    arm = int(parameters[_P_ARM])
    stop_multiple = parameters[_P_STOP]
    max_constant = int(parameters[_P_CONSTANT])

    # O(n_bars) once per ticker. Bars after T do not exist here.
    high = high[:n]
    low = low[:n]
    close = close[:n]
    volume = volume[:n]
    stops = segment_stops(segment_start[:n])
    terms = bar_terms(high, low, close, volume)
    returns, bench_returns, n_pairs, year_high = factor_terms(high, close, bench_close[:n])
    counts, constant_end = quality_terms(
        high,
        low,
        volume,
        raw_close,
        raw_dollar_volume,
        max_constant,
        parameters[_P_MEDIAN_CLOSE],
        parameters[_P_MEDIAN_VOLUME],
    )
    pivot_bar = np.empty(2 * n, np.int32)
    pivot_price = np.empty(2 * n)
    n_pivots = find_pivots(high, low, arm, pivot_bar, pivot_price)

    work = np.empty((3, 2 * (window + 1)))
    level = np.empty((2, 2 * (window + 1)))
    n_target_slots = max(3, int(parameters[_P_MAX_TARGETS]))
    target_long = np.empty((3, n_target_slots))
    target_short = np.empty((3, n_target_slots))
    factors = np.empty(_N_FACTORS)

    first_pivot = 0
    stop_pivot = 0
    first_quality = 0
    first_price = 0
    n_candidates = np.int64(0)  # not a literal: a call with one would be compiled twice
    n_signals = np.int64(0)
    for a in range(len(asof_index)):
        i = np.int64(asof_index[a])
        flags = asof_flags[a]
        s = max(np.int64(segment_start[i]), i - window)
        n_window = i - s + 1
        dollar_volume = _mean_recent(raw_dollar_volume, i, s)

        is_signal = flags & SIGNAL_GRIDS != 0
        if is_signal:
            write_factors(i, s, close, returns, bench_returns, n_pairs, year_high, factors)
            signal_asof[n_signals] = a
            for k in range(_N_FACTORS):
                signal_floats[k, n_signals] = factors[k]
            signal_shorts[0, n_signals] = _write_forward_returns(
                i, n, stops[i], is_ended, close, signal_floats[_N_FACTORS:], n_signals
            )
            signal_floats[_N_FACTORS + _N_FORWARD, n_signals] = close[i]
            signal_floats[_N_FACTORS + _N_FORWARD + 1, n_signals] = dollar_volume
            while session_no[first_quality] <= session_no[i] - QUALITY_SESSIONS:
                first_quality += 1
            while session_no[first_price] <= session_no[i] - PRICE_SESSIONS:
                first_price += 1
            signal_codes[0, n_signals] = ineligible_code(
                i,
                n_window,
                first_quality,
                first_price,
                counts,
                constant_end,
                raw_close,
                raw_dollar_volume,
                parameters[_P_MIN_BARS],
                parameters[_P_MISSING],
                parameters[_P_ZERO_VOLUME],
                parameters[_P_FLAT],
                max_constant,
                parameters[_P_MEDIAN_CLOSE],
                parameters[_P_MEDIAN_VOLUME],
            )
            n_signals += 1

        if n_window < min_lookback:
            continue
        while first_pivot < n_pivots and pivot_bar[first_pivot] < s + arm:
            first_pivot += 1
        stop_pivot = max(stop_pivot, first_pivot)
        while stop_pivot < n_pivots and pivot_bar[stop_pivot] <= i - arm:
            stop_pivot += 1
        if stop_pivot == first_pivot:
            continue
        atr, rsi, balance, adx, ema_fast, ema_slow, cmf, mean_volume = window_state(s, i, close, volume, terms)
        if atr <= 0.0:
            continue
        entry = close[i]
        trend, position, movement, rsi_vote, volume_vote = technical_votes(
            entry, atr, rsi, balance, adx, ema_fast, ema_slow, cmf
        )
        technical = technical_score(trend, position, movement, rsi_vote, volume_vote)
        walked = momentum_score(close[s : i + 1], terms[6, s : i + 1])
        score = (technical + walked) / 2.0
        n_levels = cluster_levels(
            i,
            pivot_bar[first_pivot:stop_pivot],
            pivot_price[first_pivot:stop_pivot],
            volume,
            mean_volume,
            decay,
            parameters[_P_TOLERANCE] * atr,
            work,
            level,
        )
        n_long, sr_long, primary_long, rr_long, p_long, best_long = _direction_setup(
            entry, 1.0, atr, score, level, n_levels, stop_multiple, horizon, parameters, work, target_long
        )
        n_short, sr_short, primary_short, rr_short, p_short, best_short = _direction_setup(
            entry, -1.0, atr, score, level, n_levels, stop_multiple, horizon, parameters, work, target_short
        )
        if n_long == 0 and n_short == 0:
            continue
        n_conflicts = count_conflicts(
            technical, walked, entry, ema_fast, atr, parameters[_P_DISAGREEMENT], parameters[_P_STRETCH]
        )
        conf_long = confidence(score, n_conflicts)
        conf_short = confidence(100.0 - score, n_conflicts)
        action = choose_action(
            conf_long,
            conf_short,
            n_long > 0,
            n_short > 0,
            parameters[_P_LEAD],
            parameters[_P_HIGH],
            parameters[_P_MODERATE],
        )
        if is_signal:
            raw_momentum = factors[0]
            residual = factors[1]
        else:
            raw_momentum = momentum(i, s, close)
            residual = residual_momentum(i, s, returns, bench_returns, n_pairs)

        for direction in range(2):
            is_long = direction == 0
            if is_long:
                n_targets, n_sr, primary, rr, p, best = (
                    n_long,
                    sr_long,
                    primary_long,
                    rr_long,
                    p_long,
                    best_long,
                )
                target = target_long
                own_confidence = conf_long
                stop = entry - stop_multiple * atr
            else:
                n_targets, n_sr, primary, rr, p, best = (
                    n_short,
                    sr_short,
                    primary_short,
                    rr_short,
                    p_short,
                    best_short,
                )
                target = target_short
                own_confidence = conf_short
                stop = entry + stop_multiple * atr
            if n_targets == 0:
                continue
            row = n_candidates
            n_candidates += 1
            candidate_asof[row] = a
            setup_floats[0, row] = entry
            setup_floats[1, row] = stop
            setup_floats[2, row] = target[0, primary]
            setup_floats[3, row] = rr
            setup_floats[4, row] = own_confidence
            setup_floats[5, row] = 100.0 * p
            setup_floats[6, row] = 100.0 * best
            setup_floats[7, row] = p * rr - (1.0 - p)
            setup_floats[8, row] = technical
            setup_floats[9, row] = walked
            setup_floats[10, row] = target[2, primary]
            setup_floats[11, row] = raw_momentum
            setup_floats[12, row] = residual
            setup_floats[13, row] = dollar_volume
            own_conflicts = n_conflicts + (1 if n_sr < parameters[_P_MIN_SR_TARGETS] else 0)
            setup_codes[0, row] = direction
            setup_codes[1, row] = action
            setup_codes[2, row] = min(own_conflicts, 2)
            setup_codes[3, row] = n_sr
            setup_codes[4, row] = 1 if n_sr == 0 else 0
            setup_shorts[0, row] = n_window
            grade_row(
                i,
                is_long,
                entry,
                stop,
                target[0, primary],
                rr,
                n,
                stops[i],
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
                False,  # noqa: FBT003 - the standard rules; numba takes no keywords here
                graded_floats,
                graded_codes,
                graded_shorts,
                graded_dates,
                row,
            )
    return n_candidates, n_signals


_FLOATS = types.Array(types.float64, 1, "C", readonly=True)
_INTS = types.Array(types.int32, 1, "C", readonly=True)
_OUT_FLOATS = types.Array(types.float64, 2, "C")
_OUT_CODES = types.Array(types.int8, 2, "C")
_OUT_SHORTS = types.Array(types.int16, 2, "C")
_OUT_INTS = types.Array(types.int32, 1, "C")
_SIGNATURE = (
    _INTS,
    *(_FLOATS,) * 7,
    _INTS,
    _FLOATS,
    _FLOATS,
    _INTS,
    _INTS,
    types.Array(types.uint8, 1, "C", readonly=True),
    types.int64,
    types.int64,
    types.boolean,
    _FLOATS,
    _FLOATS,
    _OUT_FLOATS,
    _OUT_CODES,
    _OUT_SHORTS,
    _OUT_FLOATS,
    _OUT_CODES,
    _OUT_SHORTS,
    types.Array(types.int32, 2, "C"),
    _OUT_INTS,
    _OUT_FLOATS,
    _OUT_CODES,
    _OUT_SHORTS,
    _OUT_INTS,
)


def compile_replay() -> None:
    """Compile the pass for its one signature, or load that from the cache."""
    compile_once(replay_pass, _SIGNATURE)
