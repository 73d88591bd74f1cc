"""Why the engine leans one way at an as-of bar: the five votes behind the technical score.

Belongs here: the same state that the replay computes, told for today's list. Does not belong here:
wording (report), and the setups themselves (replay).
"""

import numpy as np
import numpy.typing as npt
from numba import types

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.engine.features.entry import compile_once, entry
from btassets.engine.features.indicators import bar_terms, window_state
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.setups.scores import VOTES, momentum_score, technical_score, technical_votes

EXPLANATION_COLUMNS = (*VOTES, "technical", "momentum_score")


@entry
def _explain_pass(high, low, close, volume, segment_start, asof_index, window_bars, min_lookback_bars):
    rows = np.full((len(asof_index), 7), np.nan)
    for row in range(len(asof_index)):
        i = np.int64(asof_index[row])
        s = max(np.int64(segment_start[i]), i - window_bars)
        n = i + 1 - s
        if n < min_lookback_bars:
            continue
        c = close[s : i + 1]
        v = volume[s : i + 1]
        terms = bar_terms(high[s : i + 1], low[s : i + 1], c, v)
        atr, rsi, balance, adx, ema_fast, ema_slow, cmf, _ = window_state(0, n - 1, c, v, terms)
        if atr <= 0.0:
            continue
        votes = technical_votes(c[n - 1], atr, rsi, balance, adx, ema_fast, ema_slow, cmf)
        for k in range(5):
            rows[row, k] = votes[k]
        rows[row, 5] = technical_score(*votes)
        rows[row, 6] = momentum_score(c, terms[6])
    return rows


_FLOATS = types.Array(types.float64, 1, "C", readonly=True)
_INTS = types.Array(types.int32, 1, "C", readonly=True)
_SIGNATURE = (*(_FLOATS,) * 4, _INTS, _INTS, types.int64, types.int64)


def explain_asof(
    bars: Bars,
    asof_index: npt.NDArray[np.int32],
    *,
    gap_days: int = 30,
    window_bars: int = SESSIONS_A_YEAR,
    min_lookback_bars: int = 60,
) -> dict[str, npt.NDArray[np.float64]]:
    """Votes and scores at given bars: name -> float64 (n_asof,).

    `trend` (EMA 20 against 50), `position` (close against EMA 50), `directional_movement` (DMI
    scaled by ADX), `rsi` and `volume` (Chaikin money flow) are votes in [-1, 1], positive for a
    rise; `technical` and `momentum_score` are the columns of the same name in `candidates`. NaN where
    the window has fewer than `min_lookback_bars` bars or never moved.

    Parameters
    ----------
    bars
        One ticker.
    asof_index
        Bar indices; only bars up to each index, itself included, are read.
    gap_days, window_bars, min_lookback_bars
        As in `ReplayRules`.
    """
    compile_once(_explain_pass, _SIGNATURE)
    rows = _explain_pass(
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        segment_starts(bars.dates, gap_days),
        np.ascontiguousarray(asof_index, dtype=np.int32),
        window_bars,
        min_lookback_bars,
    )
    return {name: np.ascontiguousarray(rows[:, k]) for k, name in enumerate(EXPLANATION_COLUMNS)}
