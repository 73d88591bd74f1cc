"""Grading of given setups, and the columns that grading writes.

Belongs here: the door of the `grade` command for one ticker, and the outputs that the replay shares
with it. Does not belong here: the rules themselves (outcome.py), costs, gates, averages.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from btassets.engine.conventions import HORIZON_DAYS
from btassets.engine.features.entry import compile_once, entry
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.replay.candidate_columns import GRADED_CODES, GRADED_DATES, GRADED_FLOATS, GRADED_SHORTS
from btassets.engine.replay.outcome import blank_row, grade_row, segment_stops


@entry
def _grade_pass(
    dates,
    open_,
    high,
    low,
    close,
    bench_open,
    bench_close,
    session_no,
    segment_start,
    n,
    last_session_no,
    is_ended,
    horizon,
    is_legacy,
    index,
    sign,
    entry,
    stop,
    target,
    rr,
    floats,
    codes,
    shorts,
    ends,
):
    stops = segment_stops(segment_start)
    for row in range(len(index)):
        i = np.int64(index[row])
        if i < 0 or i >= n:
            blank_row(floats, codes, shorts, ends, row)
            continue
        grade_row(
            i,
            sign[row] > 0,
            entry[row],
            stop[row],
            target[row],
            rr[row],
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
            is_legacy,
            floats,
            codes,
            shorts,
            ends,
            row,
        )


_FLOATS = types.Array(types.float64, 1, "C", readonly=True)
_INTS = types.Array(types.int32, 1, "C", readonly=True)
_SIGNATURE = (
    _INTS,
    *(_FLOATS,) * 6,
    _INTS,
    _INTS,
    types.int64,
    types.int64,
    types.boolean,
    types.int64,
    types.boolean,
    _INTS,
    types.Array(types.int8, 1, "C", readonly=True),
    *(_FLOATS,) * 4,
    types.Array(types.float64, 2, "C"),
    types.Array(types.int8, 2, "C"),
    types.Array(types.int16, 2, "C"),
    types.Array(types.int32, 2, "C"),
)


def compile_grading() -> None:
    """Compile the grading pass, or load it from the cache."""
    compile_once(_grade_pass, _SIGNATURE)


def graded_outputs(
    n_rows: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8], npt.NDArray[np.int16], npt.NDArray[np.int32]]:
    """Empty outputs of `grade_row` for `n_rows` rows: float64, int8, int16, int32, a line per column."""
    return (
        np.empty((len(GRADED_FLOATS), n_rows)),
        np.empty((len(GRADED_CODES), n_rows), dtype=np.int8),
        np.empty((len(GRADED_SHORTS), n_rows), dtype=np.int16),
        np.empty((len(GRADED_DATES), n_rows), dtype=np.int32),
    )


def graded_columns(
    floats: npt.NDArray[np.float64],
    codes: npt.NDArray[np.int8],
    shorts: npt.NDArray[np.int16],
    ends: npt.NDArray[np.int32],
    n_rows: int,
) -> dict[str, npt.NDArray[np.generic]]:
    """Named columns: views of the first `n_rows` of each output."""
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for names, block in (
        (GRADED_FLOATS, floats),
        (GRADED_CODES, codes),
        (GRADED_SHORTS, shorts),
        (GRADED_DATES, ends),
    ):
        for k, name in enumerate(names):
            columns[name] = block[k, :n_rows]
    return columns


def grade_setups(
    bars: Bars,
    bench_open: npt.NDArray[np.float64],
    bench_close: npt.NDArray[np.float64],
    session_no: npt.NDArray[np.int32],
    last_session_no: int,
    index: npt.NDArray[np.int32],
    sign: npt.NDArray[np.int8],
    entry: npt.NDArray[np.float64],
    stop: npt.NDArray[np.float64],
    target: npt.NDArray[np.float64],
    rr: npt.NDArray[np.float64],
    *,
    is_ended: bool,
    is_legacy: bool = False,
    gap_days: int = 30,
    horizon_days: int = HORIZON_DAYS,
) -> dict[str, npt.NDArray[np.generic]]:
    """Grade given setups of one ticker from both fills.

    Parameters
    ----------
    bars
        One ticker. Bars after T are not read.
    bench_open, bench_close
        Shape (n_bars,), on the ticker's dates, NaN where the benchmark has no bar.
    session_no, last_session_no
        Shape (n_bars,): index of each bar's date in the calendar's sessions; that of T.
    index
        Shape (n_rows,): as-of bar of each setup; -1 (no bar on that date) leaves the row ungraded.
    sign
        +1 long; anything else is graded as a short, as in the legacy profile.
    entry, stop, target, rr
        Shape (n_rows,). `rr` is what a target hit pays at the close fill, as given. A NaN target
        is never hit.
    is_ended
        Whether the ticker has ended at T.
    is_legacy
        The legacy profile's rule for short histories: an early touch is graded, a row that neither level
        nor 30 bars resolve keeps `outcome` -1 (drop and count it); no gap counts.
    gap_days, horizon_days
        As in `ReplayRules`.

    Returns
    -------
    dict
        Graded columns (`GRADED_FLOATS`, `GRADED_CODES`, `GRADED_SHORTS`, `GRADED_DATES`), each
        (n_rows,). Missing: NaN in floats, -1 in the others.
    """
    compile_grading()
    outputs = graded_outputs(len(index))
    _grade_pass(
        np.ascontiguousarray(bars.dates, dtype=np.int32),
        *(np.ascontiguousarray(part) for part in (bars.open, bars.high, bars.low, bars.close)),
        np.ascontiguousarray(bench_open, dtype=np.float64),
        np.ascontiguousarray(bench_close, dtype=np.float64),
        np.ascontiguousarray(session_no, dtype=np.int32),
        segment_starts(bars.dates, 0 if is_legacy else gap_days),
        int(np.searchsorted(session_no, last_session_no, side="right")),
        last_session_no,
        is_ended,
        horizon_days,
        is_legacy,
        np.ascontiguousarray(index, dtype=np.int32),
        np.ascontiguousarray(sign, dtype=np.int8),
        *(np.ascontiguousarray(part, dtype=np.float64) for part in (entry, stop, target, rr)),
        *outputs,
    )
    return graded_columns(*outputs, len(index))
