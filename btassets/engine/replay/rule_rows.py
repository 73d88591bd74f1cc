"""Rows of `candidates` for the setups of any rule: the primary target, the engine's columns, both gradings.

Belongs here: what the replay adds to a rule's direction, stop and targets. Does not belong here: the rule, the built-in
rule's own pass (`kernel.py`), and grading (`outcome.py`).

Columns that belong to the bars (`n_bars`, the two momenta, `adv20_usd`) are those of the built-in rule's rows. The
action follows from the scores by the engine's thresholds. `technical`, `momentum_score`, `level_strength` and
`n_sr_targets` belong to the built-in rule and are missing.
"""

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import RealCube, Reals, Whole, helper, kernel, read_only
from btassets.engine.features.factors import factor_terms, momentum, residual_momentum
from btassets.engine.replay import replay_layout as layout
from btassets.engine.replay.candidate_columns import SETUP_CODES, SETUP_FLOATS
from btassets.engine.replay.grading import AlignedBars, graded_columns, graded_outputs, ticker_arrays
from btassets.engine.replay.kernel import (
    AsofState,
    Side,
    action_rules,
    grading_rules,
    mean_recent,
    race_rules,
    write_setup,
)
from btassets.engine.replay.outcome import grade_printed
from btassets.engine.replay.race import SetupPrices, as_printed, atr_of_window
from btassets.engine.replay.replay_layout import (
    SETUP_SHORTS,
    AsofGrid,
    GradedOutputs,
    RawArrays,
    SetupOutputs,
    TickerArrays,
)
from btassets.engine.replay.replay_rules import PARAMETER, ReplayRules, rule_parameters
from btassets.engine.replay.setup_numbers import (
    CONFLICTS,
    MAX_TARGETS,
    PROBABILITY,
    REWARD_TO_RISK,
    SCORE,
    STOP,
    TARGETS,
)
from btassets.engine.replay.ticker import candidate_rows
from btassets.engine.setups.scores import choose_action
from btassets.engine.setups.targets import Primary, RaceRules, hit_probability, tilted_probability

_P_WINDOW = PARAMETER["window_bars"]
_NEUTRAL = 50.0
"""Strength of a target of which none is stated: no tilt."""


@helper
def chosen(
    a: Whole, side: Whole, close: tuple[float, float], numbers: RealCube, race: RaceRules
) -> tuple[Whole, Primary]:
    """Number of targets and the primary one, by the rule of `choose_primary`; `close` is the entry and the ATR."""
    entry, atr = close
    sign = 1.0 if side == 0 else -1.0
    risk = abs(entry - numbers[a, side, STOP])
    n_targets = 0
    place = 0
    primary_rr = np.nan
    primary_p = np.nan
    best_p = np.nan
    largest = -np.inf
    for k in range(MAX_TARGETS):
        target = numbers[a, side, TARGETS + k]
        if np.isnan(target):
            break
        n_targets += 1
        distance = abs(target - entry)
        rr = numbers[a, side, REWARD_TO_RISK + k]
        if np.isnan(rr):
            rr = distance / risk
        p = numbers[a, side, PROBABILITY + k]
        if np.isnan(p) and atr > 0.0:
            p = hit_probability(distance / atr, risk / atr, race.horizon_days)
            p = tilted_probability(p, sign, numbers[a, side, SCORE], _NEUTRAL, race)
        best_p = max(best_p, p) if k > 0 else p
        if k == 0 or p * rr > largest:
            largest = p * rr
            place = k
            primary_rr = rr
            primary_p = p
    return n_targets, Primary(place, primary_rr, primary_p, best_p)


@kernel
def _given_pass(
    ticker: TickerArrays,
    raw: RawArrays,
    grid: AsofGrid,
    parameters: Reals,
    numbers: RealCube,
    setups: SetupOutputs,
    graded: GradedOutputs,
) -> Whole:
    """Fill the outputs of one ticker from its rule's `numbers` by as-of bar; returns how many rows were written."""
    bars, timeline = ticker.bars, ticker.timeline
    n = timeline.n_bars
    window = int(parameters[_P_WINDOW])
    race = race_rules(parameters)
    actions = action_rules(parameters)
    grading = grading_rules(parameters)
    close = bars.close[:n]
    factor = factor_terms(bars.high[:n], close, ticker.bench.close[:n])
    row = np.int64(0)  # not a literal, which would trigger a second compile
    for a in range(len(grid.bar_no)):
        has_long, has_short = not np.isnan(numbers[a, 0, STOP]), not np.isnan(numbers[a, 1, STOP])
        if not (has_long or has_short):
            continue
        i = np.int64(grid.bar_no[a])
        s = max(np.int64(timeline.segment_start[i]), i - window)
        entry, atr = close[i], atr_of_window(s, i, bars.high, bars.low, close)
        score_long = numbers[a, 0, SCORE] if has_long else 0.0
        score_short = numbers[a, 1, SCORE] if has_short else 0.0
        action = choose_action(score_long, score_short, has_long, has_short, actions)
        common = AsofState(
            a, i - s + 1, entry, atr, np.nan, np.nan, action, 0,
            momentum(i, s, close), residual_momentum(i, s, factor), mean_recent(raw.dollar_volume, i, s),
            raw.price_factor[i],
        )  # fmt: skip
        for side in range(2):
            if np.isnan(numbers[a, side, STOP]):
                continue
            n_targets, primary = chosen(a, side, (entry, atr), numbers, race)
            target = numbers[a, side, TARGETS + primary.place]
            setup = SetupPrices(side == 0, entry, numbers[a, side, STOP], target, primary.rr, atr)
            setup = as_printed(setup, raw.close[i], common.price_factor)
            found = Side(n_targets, 0, primary)
            write_setup(row, setup, numbers[a, side, SCORE], found, np.nan, common, actions, setups)
            setups.codes[layout.RISK_LEVEL, row] = np.int8(numbers[a, side, CONFLICTS])
            setups.codes[layout.N_SR_TARGETS, row] = np.int8(-1)
            setups.codes[layout.IS_PROJECTED, row] = np.int8(0)
            grade_printed(i, setup, common.price_factor, ticker, grading, graded, row)
            row += 1
    return row


def given_candidates(
    aligned: AlignedBars,
    raw: RawArrays,
    asof: AsofGrid,
    numbers: npt.NDArray[np.float64],
    last_session_no: int,
    rules: ReplayRules,
    *,
    is_ended: bool,
) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of `candidates` of one ticker for the setups of a rule, as of `TickerReplay.candidates`.

    Parameters
    ----------
    aligned, raw, asof, last_session_no, is_ended, rules
        As of `replay_ticker`.
    numbers
        Setups at each as-of bar, (n_asof, 2, N_NUMBERS): long, short; NaN without one.
    """
    n_rows = 2 * len(asof.bar_no)
    setups = SetupOutputs(
        np.empty((len(SETUP_FLOATS), n_rows)),
        np.empty((len(SETUP_CODES), n_rows), dtype=np.int8),
        np.empty((len(SETUP_SHORTS), n_rows), dtype=np.int16),
        np.empty(n_rows, dtype=np.int32),
    )
    graded = graded_outputs(n_rows, len(rules.hold_days))
    n_found = _given_pass(
        ticker_arrays(aligned, last_session_no, is_ended=is_ended, gap_days=rules.gap_days),
        RawArrays(*(read_only(part) for part in raw)),
        AsofGrid(*(read_only(part) for part in asof)),
        rule_parameters(rules),
        read_only(numbers),
        setups,
        graded,
    )
    places = setups.asof[:n_found]
    dates = aligned.bars.dates[asof.bar_no[places]]
    columns = candidate_rows(dates, asof.flags[places], setups)
    columns.update(graded_columns(graded, int(n_found), rules.hold_days))
    return columns
