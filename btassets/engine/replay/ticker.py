"""One ticker replayed: arrays in, the rows of `candidates` and `factor_signals` out.

Belongs here: the outputs of the compiled pass under their names. Does not belong here: the pass (kernel.py), its
computations (features, setups, outcome.py), anything across tickers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import read_only
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import IS_BAR, IS_LATEST, IS_OWN_WEEK, IS_WEEK
from btassets.engine.replay.candidate_columns import GRID_COLUMNS, SETUP_CODES, SETUP_FLOATS, SIGNAL_FLOATS
from btassets.engine.replay.grading import bar_arrays, graded_columns, graded_outputs, timeline_of
from btassets.engine.replay.kernel import replay_pass
from btassets.engine.replay.replay_layout import (
    INELIGIBLE_REASON,
    N_BARS,
    SETUP_SHORTS,
    SIGNAL_N_FORWARD,
    AsofGrid,
    BenchmarkArrays,
    RawArrays,
    SetupOutputs,
    SignalOutputs,
    TickerArrays,
)
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
    """Compile the replay, or load it from numba's cache, before the first ticker."""
    replay_pass.load()


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
    """Every setup of one ticker with its outcome, and its factor signals.

    Holds no lock and releases the GIL, so threads may replay different tickers concurrently.

    Parameters
    ----------
    bars
        Adjusted bars. Bars after T (session number above `last_session_no`) are not read.
    bench_open, bench_close
        Shape (n_bars,): the benchmark on the ticker's own dates, NaN if it has no bar.
    session_no
        Shape (n_bars,): index of each bar's date in the calendar's sessions, ascending.
    raw_close, raw_dollar_volume
        Shape (n_bars,), unadjusted, US dollars: for eligibility and `adv20_usd`.
    asof_index, asof_flags
        Result of `market.calendar.asof_grid`: ascending bar indices and the grids of each.
    last_session_no
        Session number of T.
    is_ended
        Whether the ticker has ended at T (`market.calendar.has_ended`).
    rules
        Parameters; `gap_days=0` is the legacy profile.
    """
    n_asof = len(asof_index)
    setups = SetupOutputs(
        np.empty((len(SETUP_FLOATS), 2 * n_asof)),
        np.empty((len(SETUP_CODES), 2 * n_asof), dtype=np.int8),
        np.empty((len(SETUP_SHORTS), 2 * n_asof), dtype=np.int16),
        np.empty(2 * n_asof, dtype=np.int32),
    )
    graded = graded_outputs(2 * n_asof)
    out = SignalOutputs(
        np.empty((len(SIGNAL_FLOATS), n_asof)),
        np.empty((1, n_asof), dtype=np.int8),
        np.empty((1, n_asof), dtype=np.int16),
        np.empty(n_asof, dtype=np.int32),
    )
    n_candidates, n_signals = replay_pass(
        TickerArrays(
            bar_arrays(bars),
            BenchmarkArrays(read_only(bench_open), read_only(bench_close)),
            timeline_of(bars, session_no, last_session_no, is_ended=is_ended, gap_days=rules.gap_days),
        ),
        RawArrays(read_only(raw_close), read_only(raw_dollar_volume)),
        AsofGrid(read_only(asof_index), read_only(asof_flags)),
        rule_parameters(rules),
        pivot_decay(rules),
        setups,
        graded,
        out,
    )

    asof = setups.asof[:n_candidates]
    candidate_index = asof_index[asof]
    candidates: dict[str, npt.NDArray[np.generic]] = {"asof_date": bars.dates[candidate_index]}
    flags = asof_flags[asof]
    for name, bit in zip(GRID_COLUMNS, (IS_WEEK, IS_BAR, IS_OWN_WEEK, IS_LATEST), strict=True):
        candidates[name] = (flags & bit) != 0
    candidates["n_bars"] = setups.shorts[N_BARS, :n_candidates]
    for k, name in enumerate(SETUP_FLOATS):
        candidates[name] = setups.floats[k, :n_candidates]
    for k, name in enumerate(SETUP_CODES):
        candidates[name] = setups.codes[k, :n_candidates]
    candidates["is_projected"] = candidates["is_projected"].view(bool)
    candidates.update(graded_columns(graded, int(n_candidates)))

    asof = out.asof[:n_signals]
    signal_index = asof_index[asof]
    flags = asof_flags[asof]
    reason = out.codes[INELIGIBLE_REASON, :n_signals]
    signals: dict[str, npt.NDArray[np.generic]] = {
        "asof_date": bars.dates[signal_index],
        "is_week": (flags & IS_WEEK) != 0,
        "is_own_week": (flags & IS_OWN_WEEK) != 0,
        "is_latest": (flags & IS_LATEST) != 0,
        "n_forward": out.shorts[SIGNAL_N_FORWARD, :n_signals],
        "eligible": reason == -1,
        "ineligible_reason": reason,
    }
    for k, name in enumerate(SIGNAL_FLOATS):
        signals[name] = out.floats[k, :n_signals]
    return TickerReplay(candidates, signals, candidate_index, signal_index)
