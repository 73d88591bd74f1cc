"""One ticker replayed: arrays in, the rows of `candidates` and `factor_signals` out.

Belongs here: the outputs of the compiled pass under their names. Does not belong here: the pass (kernel.py), its
computations (features, setups, outcome.py), anything across tickers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import read_only
from btassets.engine.market.calendar import IS_BAR, IS_LATEST, IS_OWN_WEEK, IS_WEEK
from btassets.engine.replay.candidate_columns import GRID_COLUMNS, SETUP_CODES, SETUP_FLOATS, SIGNAL_FLOATS
from btassets.engine.replay.grading import AlignedBars, graded_columns, graded_outputs, ticker_arrays
from btassets.engine.replay.kernel import replay_pass
from btassets.engine.replay.replay_layout import (
    INELIGIBLE_REASON,
    N_BARS,
    SETUP_SHORTS,
    SIGNAL_N_FORWARD,
    AsofGrid,
    RawArrays,
    SetupOutputs,
    SignalOutputs,
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


def replay_ticker(
    aligned: AlignedBars,
    raw: RawArrays,
    asof: AsofGrid,
    last_session_no: int,
    is_ended: bool,  # noqa: FBT001 - a fact about the ticker, not an option
    rules: ReplayRules,
) -> TickerReplay:
    """Every setup of one ticker with its outcome, and its factor signals.

    Holds no lock and releases the GIL, so threads may replay different tickers concurrently.

    Parameters
    ----------
    aligned
        Adjusted bars, benchmark and session numbers. Bars after T (session number above `last_session_no`) are
        not read.
    raw
        Unadjusted: for eligibility and `adv20_usd`.
    asof
        Result of `market.calendar.asof_grid`: ascending bar indices and the grids of each.
    last_session_no
        Session number of T.
    is_ended
        Whether the ticker has ended at T (`market.calendar.has_ended`).
    rules
        Parameters; `gap_days=0` is the legacy profile.
    """
    n_asof = len(asof.bar_no)
    setups = SetupOutputs(
        np.empty((len(SETUP_FLOATS), 2 * n_asof)),
        np.empty((len(SETUP_CODES), 2 * n_asof), dtype=np.int8),
        np.empty((len(SETUP_SHORTS), 2 * n_asof), dtype=np.int16),
        np.empty(2 * n_asof, dtype=np.int32),
    )
    graded = graded_outputs(2 * n_asof, len(rules.hold_days))
    out = SignalOutputs(
        np.empty((len(SIGNAL_FLOATS), n_asof)),
        np.empty((1, n_asof), dtype=np.int8),
        np.empty((1, n_asof), dtype=np.int16),
        np.empty(n_asof, dtype=np.int32),
    )
    n_candidates, n_signals = replay_pass(
        ticker_arrays(aligned, last_session_no, is_ended=is_ended, gap_days=rules.gap_days),
        RawArrays(*(read_only(part) for part in raw)),
        AsofGrid(*(read_only(part) for part in asof)),
        rule_parameters(rules),
        pivot_decay(rules),
        setups,
        graded,
        out,
    )
    dates = aligned.bars.dates
    candidate_index = asof.bar_no[setups.asof[:n_candidates]]
    candidates = candidate_rows(dates[candidate_index], asof.flags[setups.asof[:n_candidates]], setups)
    candidates.update(graded_columns(graded, int(n_candidates), rules.hold_days))
    signal_index = asof.bar_no[out.asof[:n_signals]]
    signals = _signals(dates[signal_index], asof.flags[out.asof[:n_signals]], out)
    return TickerReplay(candidates, signals, candidate_index, signal_index)


def candidate_rows(
    dates: npt.NDArray[np.int32], flags: npt.NDArray[np.uint8], out: SetupOutputs
) -> dict[str, npt.NDArray[np.generic]]:
    """The columns known at the as-of bar, a view of the written rows each."""
    n = len(dates)
    columns: dict[str, npt.NDArray[np.generic]] = {"asof_date": dates}
    for name, bit in zip(GRID_COLUMNS, (IS_WEEK, IS_BAR, IS_OWN_WEEK, IS_LATEST), strict=True):
        columns[name] = (flags & bit) != 0
    columns["n_bars"] = out.shorts[N_BARS, :n]
    for k, name in enumerate(SETUP_FLOATS):
        columns[name] = out.floats[k, :n]
    for k, name in enumerate(SETUP_CODES):
        columns[name] = out.codes[k, :n]
    columns["is_projected"] = columns["is_projected"].view(bool)
    return columns


def _signals(
    dates: npt.NDArray[np.int32], flags: npt.NDArray[np.uint8], out: SignalOutputs
) -> dict[str, npt.NDArray[np.generic]]:
    """The columns of `factor_signals`, a view of the written rows each."""
    n = len(dates)
    reason = out.codes[INELIGIBLE_REASON, :n]
    columns: dict[str, npt.NDArray[np.generic]] = {
        "asof_date": dates,
        "is_week": (flags & IS_WEEK) != 0,
        "is_own_week": (flags & IS_OWN_WEEK) != 0,
        "is_latest": (flags & IS_LATEST) != 0,
        "n_forward": out.shorts[SIGNAL_N_FORWARD, :n],
        "eligible": reason == -1,
        "ineligible_reason": reason,
    }
    for k, name in enumerate(SIGNAL_FLOATS):
        columns[name] = out.floats[k, :n]
    return columns
