"""One ticker replayed: arrays in, the rows of `candidates` and `factor_signals` out.

Belongs here: the outputs of the compiled pass under their names. Does not belong here: the pass
(kernel.py), what it computes (features, setups, outcome.py), anything across tickers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import IS_BAR, IS_LATEST, IS_OWN_WEEK, IS_WEEK, segment_starts
from btassets.engine.replay.candidate_columns import GRID_COLUMNS, SETUP_CODES, SETUP_FLOATS, SIGNAL_FLOATS
from btassets.engine.replay.grading import graded_columns, graded_outputs
from btassets.engine.replay.kernel import compile_replay, replay_pass
from btassets.engine.replay.replay_rules import ReplayRules, pivot_decay, rule_parameters


@dataclass(frozen=True, slots=True)
class TickerReplay:
    """Rows of one ticker for the tables `candidates` and `factor_signals`, without the ticker column.

    Attributes
    ----------
    candidates
        Column name -> (n_rows,): ascending as-of date, long before short. Floats are float64 with
        NaN for missing; codes int8 (`columns.LABELS`), `hold_days` and `stop_day` int16, dates
        int32, with -1 (dates: `days.NO_DAY`) for missing; flags bool.
    signals
        Column name -> (n_rows,): ascending as-of date, rows of the week, own-week and latest grids.
    candidate_index, signal_index
        int32: as-of bar of each row.
    """

    candidates: dict[str, npt.NDArray[np.generic]]
    signals: dict[str, npt.NDArray[np.generic]]
    candidate_index: npt.NDArray[np.int32]
    signal_index: npt.NDArray[np.int32]


def warm_up() -> None:
    """Compile the replay, or load it from numba's cache, before the first ticker needs it."""
    compile_replay()


def replay_ticker(
    bars: Bars,
    bench_open: npt.NDArray[np.float64],
    bench_close: npt.NDArray[np.float64],
    session_no: npt.NDArray[np.int32],
    raw_close: npt.NDArray[np.float64],
    raw_dollar_volume: npt.NDArray[np.float64],
    asof_index: npt.NDArray[np.int32],
    asof_flags: npt.NDArray[np.uint8],
    last_session_no: int,
    is_ended: bool,  # noqa: FBT001 - a fact about the ticker, not an option
    rules: ReplayRules,
) -> TickerReplay:
    """Every setup of one ticker with what became of it, and its factor signals.

    Holds no lock and releases the GIL: threads may replay different tickers at the same time.

    Parameters
    ----------
    bars
        Adjusted bars. Bars after T (session number above `last_session_no`) are not read.
    bench_open, bench_close
        Shape (n_bars,): the benchmark on the ticker's own dates, NaN where it has no bar.
    session_no
        Shape (n_bars,): index of each bar's date in the calendar's sessions, ascending.
    raw_close, raw_dollar_volume
        Shape (n_bars,), unadjusted, US dollars: for eligibility and `adv20_usd`.
    asof_index, asof_flags
        What `market.calendar.asof_grid` returned: ascending bar indices and the grids of each.
    last_session_no
        Session number of T.
    is_ended
        Whether the ticker has ended at T (`market.calendar.has_ended`).
    rules
        Parameters; `gap_days=0` is the legacy profile.
    """
    warm_up()
    n_asof = len(asof_index)
    setup_floats = np.empty((len(SETUP_FLOATS), 2 * n_asof))
    setup_codes = np.empty((len(SETUP_CODES), 2 * n_asof), dtype=np.int8)
    setup_shorts = np.empty((1, 2 * n_asof), dtype=np.int16)
    graded = graded_outputs(2 * n_asof)
    candidate_asof = np.empty(2 * n_asof, dtype=np.int32)
    signal_floats = np.empty((len(SIGNAL_FLOATS), n_asof))
    signal_codes = np.empty((1, n_asof), dtype=np.int8)
    signal_shorts = np.empty((1, n_asof), dtype=np.int16)
    signal_asof = np.empty(n_asof, dtype=np.int32)
    n_candidates, n_signals = replay_pass(
        bars.dates,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        bench_open,
        bench_close,
        session_no,
        raw_close,
        raw_dollar_volume,
        segment_starts(bars.dates, rules.gap_days),
        asof_index,
        asof_flags,
        int(np.searchsorted(session_no, last_session_no, side="right")),
        last_session_no,
        is_ended,
        rule_parameters(rules),
        pivot_decay(rules),
        setup_floats,
        setup_codes,
        setup_shorts,
        *graded,
        candidate_asof,
        signal_floats,
        signal_codes,
        signal_shorts,
        signal_asof,
    )

    asof = candidate_asof[:n_candidates]
    candidate_index = asof_index[asof]
    candidates: dict[str, npt.NDArray[np.generic]] = {"asof_date": bars.dates[candidate_index]}
    flags = asof_flags[asof]
    for name, bit in zip(GRID_COLUMNS, (IS_WEEK, IS_BAR, IS_OWN_WEEK, IS_LATEST), strict=True):
        candidates[name] = (flags & bit) != 0
    candidates["n_bars"] = setup_shorts[0, :n_candidates]
    for k, name in enumerate(SETUP_FLOATS):
        candidates[name] = setup_floats[k, :n_candidates]
    for k, name in enumerate(SETUP_CODES):
        candidates[name] = setup_codes[k, :n_candidates]
    candidates["is_projected"] = candidates["is_projected"].view(bool)
    candidates.update(graded_columns(*graded, n_candidates))

    asof = signal_asof[:n_signals]
    signal_index = asof_index[asof]
    flags = asof_flags[asof]
    reason = signal_codes[0, :n_signals]
    signals: dict[str, npt.NDArray[np.generic]] = {
        "asof_date": bars.dates[signal_index],
        "is_week": (flags & IS_WEEK) != 0,
        "is_own_week": (flags & IS_OWN_WEEK) != 0,
        "is_latest": (flags & IS_LATEST) != 0,
        "n_forward": signal_shorts[0, :n_signals],
        "eligible": reason == -1,
        "ineligible_reason": reason,
    }
    for k, name in enumerate(SIGNAL_FLOATS):
        signals[name] = signal_floats[k, :n_signals]
    return TickerReplay(candidates, signals, candidate_index, signal_index)
