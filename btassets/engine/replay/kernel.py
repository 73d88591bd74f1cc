"""The compiled pass over one ticker: setups, both gradings, factor signals, eligibility.

Belongs here: the loop over as-of bars. Does not belong here: its computations (features, setups, outcome.py), arrays in
and tables out (ticker.py), anything across tickers.

Each as-of bar i reads bars max(segment start, i - 252)..i and nothing else; only grading and forward returns read later
bars.
"""

from typing import NamedTuple

import numpy as np

from btassets.engine.compiling import Flag, OutRealMatrix, RealMatrix, Reals, Whole, helper, kernel
from btassets.engine.conventions import FORWARD_RETURN_DAYS, ExitPolicy
from btassets.engine.features.factors import FactorTerms, factor_terms, momentum, residual_momentum, write_factors
from btassets.engine.features.indicators import SQUARED_CHANGE, bar_terms, window_state
from btassets.engine.features.quality_signals import (
    PRICE_SESSIONS,
    QUALITY_SESSIONS,
    QualityRules,
    ineligible_code,
    quality_terms,
)
from btassets.engine.market.calendar import IS_LATEST, IS_OWN_WEEK, IS_WEEK
from btassets.engine.replay import replay_layout as layout
from btassets.engine.replay.outcome import GradingRules, grade_printed, segment_stops
from btassets.engine.replay.race import SetupPrices, as_printed
from btassets.engine.replay.replay_layout import (
    AsofGrid,
    GradedOutputs,
    RawArrays,
    SetupOutputs,
    SignalOutputs,
    TickerArrays,
)
from btassets.engine.replay.replay_rules import PARAMETER
from btassets.engine.setups.levels import (
    N_TARGET_ROWS,
    STRENGTH,
    TARGET_PRICE,
    Pivots,
    ZoneRules,
    cluster_levels,
    find_pivots,
    projected_targets,
    zone_targets,
)
from btassets.engine.setups.scores import (
    ActionRules,
    choose_action,
    confidence,
    count_conflicts,
    momentum_score,
    technical_score,
    technical_votes,
)
from btassets.engine.setups.targets import Primary, RaceRules, choose_primary

DOLLAR_VOLUME_BARS = 20
MAX_FORWARD_RETURN_DAYS = FORWARD_RETURN_DAYS[-1]
SIGNAL_GRIDS = IS_WEEK | IS_OWN_WEEK | IS_LATEST

_P_STOP = PARAMETER["atr_stop_multiple"]
_P_WINDOW = PARAMETER["window_bars"]
_P_LOOKBACK = PARAMETER["min_lookback_bars"]
_P_HORIZON = PARAMETER["horizon_days"]
_P_HOLDS = PARAMETER["hold_days"]
_P_TRAIL = PARAMETER["trail_atr"]
_P_BREAKEVEN = PARAMETER["breakeven_r"]
_P_PART = PARAMETER["part_frac"]
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

_N_FORWARD = len(FORWARD_RETURN_DAYS)
_DAYS_AHEAD = np.array(FORWARD_RETURN_DAYS, dtype=np.int64)
_MOM_12_1 = layout.signal_row("mom_12_1")
_RESIDUAL = layout.signal_row("mom_12_1_resid")


class Side(NamedTuple):
    """One direction at one as-of bar.

    Attributes
    ----------
    n_targets
        0: no setup.
    n_sr_targets
        Targets at levels; 0 if they are projected.
    primary
        The primary target among them.
    """

    n_targets: Whole
    n_sr_targets: Whole
    primary: Primary


class AsofState(NamedTuple):
    """Values shared by both directions at one as-of bar.

    Attributes
    ----------
    place
        Position of the bar in the as-of grid.
    n_window
        Bars in the window.
    entry, atr
        Close of the bar, ATR(14), price.
    technical, momentum_score
        Scores, 0-100.
    action, n_conflicts
        Code of the action, common conflicts.
    momentum, residual_momentum
        The two signals, fractions.
    dollar_volume
        Mean of the last 20 bars, US dollars.
    price_factor
        Adjusted over printed price.
    """

    place: Whole
    n_window: Whole
    entry: float
    atr: float
    technical: float
    momentum_score: float
    action: Whole
    n_conflicts: Whole
    momentum: float
    residual_momentum: float
    dollar_volume: float
    price_factor: float


@helper
def zone_rules(parameters: Reals) -> ZoneRules:
    """Rules of the targets, from the parameters."""
    return ZoneRules(
        parameters[_P_SPACING],
        parameters[_P_TARGET_MIN],
        parameters[_P_TARGET_MAX],
        int(parameters[_P_MAX_TARGETS]),
        parameters[_P_PROJECTION] != 0.0,
        parameters[_P_PROJECTED],
        parameters[_P_PROJECTED + 1],
        parameters[_P_PROJECTED + 2],
    )


@helper
def race_rules(parameters: Reals) -> RaceRules:
    """Rules of the race, from the parameters."""
    return RaceRules(
        parameters[_P_STOP],
        int(parameters[_P_HORIZON]),
        parameters[_P_TILT_CONST],
        parameters[_P_TILT_SCORE],
        parameters[_P_TILT_LEVEL],
    )


@helper
def grading_rules(parameters: Reals) -> GradingRules:
    """Horizon, holds and exits, from the parameters; the rules are the standard ones."""
    holds = parameters[_P_HOLDS:].astype(np.int64)
    policy = ExitPolicy(parameters[_P_TRAIL], parameters[_P_BREAKEVEN], parameters[_P_PART], int(parameters[_P_WINDOW]))
    return GradingRules(int(parameters[_P_HORIZON]), False, holds, policy)  # noqa: FBT003


@helper
def action_rules(parameters: Reals) -> ActionRules:
    """Thresholds of the action, from the parameters."""
    return ActionRules(
        parameters[_P_DISAGREEMENT],
        parameters[_P_STRETCH],
        parameters[_P_MIN_SR_TARGETS],
        parameters[_P_LEAD],
        parameters[_P_HIGH],
        parameters[_P_MODERATE],
    )


@helper
def _quality_rules(parameters: Reals) -> QualityRules:
    return QualityRules(
        parameters[_P_MIN_BARS],
        parameters[_P_MISSING],
        parameters[_P_ZERO_VOLUME],
        parameters[_P_FLAT],
        int(parameters[_P_CONSTANT]),
        parameters[_P_MEDIAN_CLOSE],
        parameters[_P_MEDIAN_VOLUME],
    )


@helper
def side_of(
    close: tuple[float, float, float],
    sign: float,
    level: RealMatrix,
    zones: ZoneRules,
    race: RaceRules,
    work: OutRealMatrix,
    target: OutRealMatrix,
) -> Side:
    """One direction; `close` is the entry, ATR and score. The targets are returned in `target`."""
    entry, atr, score = close
    if entry - sign * race.stop_atr * atr <= 0.0:
        return Side(0, 0, Primary(0, 0.0, 0.0, 0.0))
    n_sr = zone_targets(entry, sign, atr, level, zones, work, target)
    n_targets = n_sr
    if n_sr == 0 and zones.is_projected:
        n_targets = projected_targets(entry, sign, atr, zones, target)
    return Side(n_targets, n_sr, choose_primary(target, n_targets, sign, atr, score, race))


@helper
def mean_recent(values: Reals, i: Whole, s: Whole) -> float:
    """Mean of the last 20 values of the window that ends at bar i."""
    first = max(s, i - DOLLAR_VOLUME_BARS + 1)
    total = 0.0
    for t in range(first, i + 1):
        total += values[t]
    return total / (i + 1 - first)


@helper
def _write_forward_returns(
    i: Whole,
    n: Whole,
    segment_stop: Whole,
    is_ended: bool,  # noqa: FBT001 - a fact about the ticker
    close: Reals,
    out: OutRealMatrix,
    row: Whole,
) -> Whole:
    """Write close-to-close returns of bars i to i+h into `out[:, row]`; returns the bars available.

    A ticker that has ended, or a segment before a gap, is followed to its last bar.
    """
    stop = min(n, segment_stop)
    available = min(MAX_FORWARD_RETURN_DAYS, stop - 1 - i)
    is_cut = is_ended or stop < n
    for k in range(_N_FORWARD):
        days = _DAYS_AHEAD[k]
        if days <= available:
            out[layout.FIRST_FORWARD_RETURN + k, row] = close[i + days] / close[i] - 1.0
        elif is_cut:
            out[layout.FIRST_FORWARD_RETURN + k, row] = close[stop - 1] / close[i] - 1.0
        else:
            out[layout.FIRST_FORWARD_RETURN + k, row] = np.nan
    return available


@helper
def _momenta(i: Whole, s: Whole, is_signal: Flag, terms: FactorTerms, factors: Reals) -> tuple[float, float]:
    """12-1 momentum and its residual, taken from `factors` if the bar has them."""
    if is_signal:
        return factors[_MOM_12_1], factors[_RESIDUAL]
    return momentum(i, s, terms.close), residual_momentum(i, s, terms)


@helper
def write_setup(
    row: Whole,
    setup: SetupPrices,
    own_confidence: float,
    side: Side,
    strength: float,
    state: AsofState,
    rules: ActionRules,
    out: SetupOutputs,
) -> None:
    """Write row `row` of the columns known at the as-of bar; `setup` is in prices of that bar's day."""
    floats, codes = out.floats, out.codes
    p, rr = side.primary.prob, side.primary.rr
    out.asof[row] = state.place
    floats[layout.ENTRY, row] = setup.entry
    floats[layout.STOP, row] = setup.stop
    floats[layout.TARGET, row] = setup.target
    floats[layout.RR, row] = rr
    floats[layout.CONFIDENCE, row] = own_confidence
    floats[layout.PRIMARY_PROB, row] = 100.0 * p
    floats[layout.BEST_PROB, row] = 100.0 * side.primary.best_prob
    floats[layout.EV, row] = p * rr - (1.0 - p)
    floats[layout.TECHNICAL, row] = state.technical
    floats[layout.MOMENTUM_SCORE, row] = state.momentum_score
    floats[layout.LEVEL_STRENGTH, row] = strength
    floats[layout.MOMENTUM, row] = state.momentum
    floats[layout.RESIDUAL_MOMENTUM, row] = state.residual_momentum
    floats[layout.SETUP_ADV20, row] = state.dollar_volume
    floats[layout.PRICE_FACTOR, row] = state.price_factor
    own_conflicts = state.n_conflicts + (1 if side.n_sr_targets < rules.min_sr_targets else 0)
    codes[layout.DIRECTION, row] = 0 if setup.is_long else 1
    codes[layout.ACTION, row] = state.action
    codes[layout.RISK_LEVEL, row] = min(own_conflicts, 2)
    codes[layout.N_SR_TARGETS, row] = side.n_sr_targets
    codes[layout.IS_PROJECTED, row] = 1 if side.n_sr_targets == 0 else 0
    out.shorts[layout.N_BARS, row] = state.n_window


@kernel
def replay_pass(
    ticker: TickerArrays,
    raw: RawArrays,
    grid: AsofGrid,
    parameters: Reals,
    decay: Reals,
    setups: SetupOutputs,
    graded: GradedOutputs,
    signals: SignalOutputs,
) -> tuple[Whole, Whole]:
    """Fill the outputs of one ticker; returns how many candidate rows and signal rows were written.

    Parameters
    ----------
    ticker, raw, grid
        Inputs of `replay_ticker`.
    parameters, decay
        From `rule_parameters` and `pivot_decay`.
    setups, graded
        Room for two rows per as-of bar.
    signals
        Room for one row per as-of bar.
    """
    bars, timeline = ticker.bars, ticker.timeline
    session_no, segment_start, n = timeline.session_no, timeline.segment_start, timeline.n_bars
    window = int(parameters[_P_WINDOW])
    min_lookback = int(parameters[_P_LOOKBACK])
    arm = int(parameters[_P_ARM])
    stop_multiple = parameters[_P_STOP]
    zones = zone_rules(parameters)
    race = race_rules(parameters)
    actions = action_rules(parameters)
    quality_rules = _quality_rules(parameters)
    grading = grading_rules(parameters)

    # O(n_bars) once per ticker. Bars after T are excluded here.
    high = bars.high[:n]
    low = bars.low[:n]
    close = bars.close[:n]
    volume = bars.volume[:n]
    stops = segment_stops(segment_start[:n])
    terms = bar_terms(high, low, close, volume)
    factor = factor_terms(high, close, ticker.bench.close[:n])
    quality = quality_terms(high, low, volume, raw.close, raw.dollar_volume, quality_rules)
    pivot_bar = np.empty(2 * n, np.int32)
    pivot_price = np.empty(2 * n)
    n_pivots = find_pivots(high, low, arm, pivot_bar, pivot_price)

    work = np.empty((3, 2 * (window + 1)))
    level = np.empty((2, 2 * (window + 1)))
    n_target_slots = max(3, zones.max_targets)
    target_long = np.empty((N_TARGET_ROWS, n_target_slots))
    target_short = np.empty((N_TARGET_ROWS, n_target_slots))
    factors = np.empty(layout.N_SIGNALS)

    first_pivot = 0
    stop_pivot = 0
    first_quality = 0
    first_price = 0
    n_candidates = np.int64(0)  # not a literal, which would trigger a second compile
    n_signals = np.int64(0)
    for a in range(len(grid.bar_no)):
        i = np.int64(grid.bar_no[a])
        s = max(np.int64(segment_start[i]), i - window)
        n_window = i - s + 1
        dollar_volume = mean_recent(raw.dollar_volume, i, s)

        is_signal = grid.flags[a] & SIGNAL_GRIDS != 0
        if is_signal:
            write_factors(i, s, factor, factors)
            signals.asof[n_signals] = a
            for k in range(layout.N_SIGNALS):
                signals.floats[k, n_signals] = factors[k]
            signals.shorts[layout.SIGNAL_N_FORWARD, n_signals] = _write_forward_returns(
                i, n, np.int64(stops[i]), timeline.is_ended, close, signals.floats, n_signals
            )
            signals.floats[layout.SIGNAL_CLOSE, n_signals] = raw.close[i]
            signals.floats[layout.SIGNAL_ADV20, n_signals] = dollar_volume
            while session_no[first_quality] <= session_no[i] - QUALITY_SESSIONS:
                first_quality += 1
            while session_no[first_price] <= session_no[i] - PRICE_SESSIONS:
                first_price += 1
            signals.codes[layout.INELIGIBLE_REASON, n_signals] = ineligible_code(
                i, n_window, first_quality, first_price, quality, quality_rules
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
        state = window_state(s, i, close, volume, terms)
        atr = state.atr
        if atr <= 0.0:
            continue
        entry = close[i]
        technical = technical_score(technical_votes(entry, state))
        walked = momentum_score(close[s : i + 1], terms[SQUARED_CHANGE, s : i + 1])
        score = (technical + walked) / 2.0
        pivots = Pivots(pivot_bar[first_pivot:stop_pivot], pivot_price[first_pivot:stop_pivot])
        tolerance = parameters[_P_TOLERANCE] * atr
        n_levels = cluster_levels(i, pivots, volume, state.mean_volume, decay, tolerance, work, level)
        levels = level[:, :n_levels]
        long_side = side_of((entry, atr, score), 1.0, levels, zones, race, work, target_long)
        short_side = side_of((entry, atr, score), -1.0, levels, zones, race, work, target_short)
        if long_side.n_targets == 0 and short_side.n_targets == 0:
            continue
        n_conflicts = count_conflicts(technical, walked, entry, state, actions)
        conf_long = confidence(score, n_conflicts)
        conf_short = confidence(100.0 - score, n_conflicts)
        action = choose_action(conf_long, conf_short, long_side.n_targets > 0, short_side.n_targets > 0, actions)
        raw_momentum, residual = _momenta(i, s, is_signal, factor, factors)
        common = AsofState(
            *(a, n_window, entry, atr, technical, walked, action, n_conflicts, raw_momentum, residual),
            *(dollar_volume, raw.price_factor[i]),
        )
        for direction in range(2):
            is_long = direction == 0
            side = long_side if is_long else short_side
            target = target_long if is_long else target_short
            if side.n_targets == 0:
                continue
            stop = entry - stop_multiple * atr if is_long else entry + stop_multiple * atr
            place = side.primary.place
            setup = SetupPrices(is_long, entry, stop, target[TARGET_PRICE, place], side.primary.rr, atr)
            setup = as_printed(setup, raw.close[i], common.price_factor)
            own_confidence = conf_long if is_long else conf_short
            write_setup(n_candidates, setup, own_confidence, side, target[STRENGTH, place], common, actions, setups)
            grade_printed(i, setup, common.price_factor, ticker, grading, graded, n_candidates)
            n_candidates += 1
    return n_candidates, n_signals
