"""Explanation of a setup at its as-of bar: the five votes behind the technical score, and the common conflicts.

Belongs here: the state that the replay computes, for today's list. Does not belong here: wording (report), and the
setups themselves (replay).
"""

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import Int32s, RealMatrix, Reals, kernel
from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.engine.features.indicators import SQUARED_CHANGE, bar_terms, window_state
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.setups.scores import VOTES, momentum_score, technical_score, technical_votes

EXPLANATION_COLUMNS = (*VOTES, "technical", "momentum_score", "stretch_atr", "is_apart", "is_stretched")


_TECHNICAL = EXPLANATION_COLUMNS.index("technical")
_MOMENTUM = EXPLANATION_COLUMNS.index("momentum_score")
_STRETCH = EXPLANATION_COLUMNS.index("stretch_atr")
_APART = EXPLANATION_COLUMNS.index("is_apart")
_STRETCHED = EXPLANATION_COLUMNS.index("is_stretched")


@kernel
def _explain_pass(
    high: Reals,
    low: Reals,
    close: Reals,
    volume: Reals,
    segment_start: Int32s,
    asof_index: Int32s,
    limits: Reals,
) -> RealMatrix:
    """Explanation of each as-of bar, shape (n_asof, n_columns), columns of `EXPLANATION_COLUMNS`.

    `limits`: `window_bars`, `min_lookback_bars`, `max_disagreement`, `max_stretch_atr` of `explain_asof`.
    """
    window_bars, min_lookback_bars = np.int64(limits[0]), np.int64(limits[1])
    max_disagreement, max_stretch_atr = limits[2], limits[3]
    rows = np.full((len(asof_index), len(EXPLANATION_COLUMNS)), np.nan)
    for row in range(len(asof_index)):
        i = np.int64(asof_index[row])
        s = max(np.int64(segment_start[i]), i - window_bars)
        n = i + 1 - s
        if n < min_lookback_bars:
            continue
        c = close[s : i + 1]
        v = volume[s : i + 1]
        terms = bar_terms(high[s : i + 1], low[s : i + 1], c, v)
        state = window_state(0, n - 1, c, v, terms)
        if state.atr <= 0.0:
            continue
        votes = technical_votes(c[n - 1], state)
        for k in range(len(votes)):
            rows[row, k] = votes[k]
        rows[row, _TECHNICAL] = technical_score(votes)
        rows[row, _MOMENTUM] = momentum_score(c, terms[SQUARED_CHANGE])
        away = c[n - 1] - state.ema_fast
        rows[row, _STRETCH] = away / state.atr
        # The comparisons of `count_conflicts`.
        rows[row, _APART] = 1.0 if abs(rows[row, _TECHNICAL] - rows[row, _MOMENTUM]) >= max_disagreement else 0.0
        rows[row, _STRETCHED] = 1.0 if abs(away) >= max_stretch_atr * state.atr else 0.0
    return rows


def explain_asof(
    bars: Bars,
    asof_index: npt.NDArray[np.int32],
    *,
    gap_days: int = 30,
    window_bars: int = SESSIONS_A_YEAR,
    min_lookback_bars: int = 60,
    max_disagreement: float = 20.0,
    max_stretch_atr: float = 2.5,
) -> dict[str, npt.NDArray[np.float64]]:
    """Votes and scores at given bars: name -> float64 (n_asof,).

    `trend` (EMA 20 against 50), `position` (close against EMA 50), `directional_movement` (DMI
    scaled by ADX), `rsi` and `volume` (Chaikin money flow) are votes in [-1, 1], positive for a
    rise; `technical` and `momentum_score` are the columns of the same name in `candidates`. `stretch_atr` is the
    distance of the close from EMA 20 in ATR. `is_apart` and `is_stretched` are 1 for a common conflict of that kind:
    scores apart, close far from EMA 20. NaN where the window has fewer than `min_lookback_bars` bars or never moved.

    Parameters
    ----------
    bars
        One ticker.
    asof_index
        Bar indices; reads only bars up to and including each index.
    gap_days, window_bars, min_lookback_bars
        As in `ReplayRules`.
    max_disagreement, max_stretch_atr
        `conflict_disagreement` and `conflict_stretch_atr` of `ReplayRules`.
    """
    rows = _explain_pass(
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        segment_starts(bars.dates, gap_days),
        np.ascontiguousarray(asof_index, dtype=np.int32),
        np.array([window_bars, min_lookback_bars, max_disagreement, max_stretch_atr], np.float64),
    )
    return {name: np.ascontiguousarray(rows[:, k]) for k, name in enumerate(EXPLANATION_COLUMNS)}
