"""Lookahead check by truncation: setups must not depend on later bars.

Belongs here: replaying a ticker as if an as-of bar were its last one, and comparing. Does not belong here: the sample
of tickers and dates, and the consequences of a mismatch (the stages).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.market.calendar import IS_LATEST
from btassets.engine.replay.candidate_columns import SETUP_COLUMNS, SIGNAL_SETUP_COLUMNS
from btassets.engine.replay.grading import AlignedBars
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.ticker import TickerReplay, replay_ticker

Columns = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One cell that differs without the bars after its as-of date.

    Attributes
    ----------
    asof_date
        Days since 1970-01-01.
    column
        Differing column; `direction` if one side lacks the row.
    full, truncated
        The cell with all bars and without the later ones; NaN for missing.
    """

    asof_date: int
    column: str
    full: float
    truncated: float


def truncation_mismatches(
    replay: TickerReplay,
    aligned: AlignedBars,
    raw: RawArrays,
    sampled_index: npt.NDArray[np.int32],
    rules: ReplayRules,
    *,
    has_own_rule: bool = False,
) -> list[Mismatch]:
    """Cells of sampled as-of bars that change if every later bar is removed; the check passes if it is empty.

    Compares the columns that must not depend on anything after the as-of bar (`SETUP_COLUMNS`, `SIGNAL_SETUP_COLUMNS`),
    bit by bit, NaN equal to NaN; graded columns and the grids are not compared.

    Parameters
    ----------
    replay
        The rows to check: the result of `replay_ticker`, or the same built from stored tables.
    aligned, raw, rules
        Their inputs.
    sampled_index
        As-of bars to check, each one requested from `replay`.
    has_own_rule
        Whether the setups are those of another rule, which are not compared.
    """
    mismatches: list[Mismatch] = []
    for i in sampled_index.tolist():
        truncated = replay_ticker(
            aligned.up_to(i),
            RawArrays(*(part[: i + 1] for part in raw)),
            AsofGrid(np.array([i], dtype=np.int32), np.array([IS_LATEST], dtype=np.uint8)),
            int(aligned.session_no[i]),
            False,  # noqa: FBT003 - a current ticker at its own last bar
            rules,
        )
        date = int(aligned.bars.dates[i])
        if not has_own_rule:
            full_rows = np.flatnonzero(replay.candidate_index == i)
            mismatches += _differences(date, SETUP_COLUMNS, replay.candidates, full_rows, truncated.candidates)
        full_rows = np.flatnonzero(replay.signal_index == i)
        if len(full_rows):
            mismatches += _differences(date, SIGNAL_SETUP_COLUMNS, replay.signals, full_rows, truncated.signals)
    return mismatches


def _differences(
    date: int, names: tuple[str, ...], full: Columns, full_rows: npt.NDArray[np.int64], truncated: Columns
) -> list[Mismatch]:
    n_truncated = len(truncated[names[0]])
    if len(full_rows) != n_truncated:
        return [Mismatch(date, names[0], float(len(full_rows)), float(n_truncated))]
    found: list[Mismatch] = []
    for name in names:
        ours = full[name][full_rows].astype(np.float64)
        theirs = truncated[name].astype(np.float64)
        differs = (ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))
        found += [Mismatch(date, name, float(ours[k]), float(theirs[k])) for k in np.flatnonzero(differs)]
    return found
