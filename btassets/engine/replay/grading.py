"""Grading of given setups, and the columns written by grading.

Belongs here: the entry point of the `grade` command for one ticker, and the outputs shared with the replay. Does not
belong here: the rules themselves (outcome.py), costs, gates, averages.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import Int8s, Int32s, Reals, kernel, read_only
from btassets.engine.conventions import AS_PLANNED, HOLD_DAYS, HORIZON_DAYS, ExitPolicy
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.replay.candidate_columns import (
    GRADED_CODES,
    GRADED_DATES,
    GRADED_FLOATS,
    GRADED_SHORTS,
    N_HOLD_BLOCKS,
    hold_names,
)
from btassets.engine.replay.outcome import GradingRules, blank_row, grade_printed
from btassets.engine.replay.race import SetupPrices, atr_of_window, typed_policy
from btassets.engine.replay.replay_layout import BarArrays, BenchmarkArrays, GradedOutputs, TickerArrays, Timeline


class AlignedBars(NamedTuple):
    """One ticker's adjusted bars, with the benchmark and the calendar on its own dates.

    Attributes
    ----------
    bars
        Bars after T are not read.
    bench_open, bench_close
        Shape (n_bars,); NaN where the benchmark has no bar.
    session_no
        Shape (n_bars,): index of each bar's date in the calendar's sessions, ascending.
    """

    bars: Bars
    bench_open: npt.NDArray[np.float64]
    bench_close: npt.NDArray[np.float64]
    session_no: npt.NDArray[np.int32]

    def up_to(self, i: int) -> "AlignedBars":
        """Bars 0 to i, as if there were no later ones."""
        stop = i + 1
        return AlignedBars(self.bars.up_to(i), self.bench_open[:stop], self.bench_close[:stop], self.session_no[:stop])


class GivenPrices(NamedTuple):
    """Setups to grade, shape (n_rows,) each.

    Attributes
    ----------
    bar_no
        As-of bar; -1 (no bar on that date) leaves the row ungraded.
    sign
        +1 long; anything else is graded as a short, as in the legacy profile.
    entry, stop, target, rr
        Levels in prices of the as-of day. `rr` is what a target hit pays at the close fill, as given. A NaN target is
        never hit.
    price_factor
        Adjusted over printed price on the as-of day; 1 for levels in the prices of the bars.
    """

    bar_no: Int32s
    sign: Int8s
    entry: Reals
    stop: Reals
    target: Reals
    rr: Reals
    price_factor: Reals


@kernel
def _grade_pass(
    setups: GivenPrices,
    ticker: TickerArrays,
    rules: GradingRules,
    out: GradedOutputs,
) -> None:
    """Grade every row; one without an as-of bar up to T is left blank."""
    bars = ticker.bars
    for row in range(len(setups.bar_no)):
        i = np.int64(setups.bar_no[row])
        if i < 0 or i >= ticker.timeline.n_bars:
            blank_row(out, row)
            continue
        atr = np.nan
        if rules.policy.trail_atr > 0.0:
            first = max(np.int64(ticker.timeline.segment_start[i]), i - rules.policy.window_bars)
            atr = atr_of_window(first, i, bars.high, bars.low, bars.close)
        setup = SetupPrices(
            setups.sign[row] > 0, setups.entry[row], setups.stop[row], setups.target[row], setups.rr[row], atr
        )
        grade_printed(i, setup, setups.price_factor[row], ticker, rules, out, row)


def bar_arrays(bars: Bars) -> BarArrays:
    """Bars as the compiled code reads them."""
    reals = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return BarArrays(read_only(bars.dates), *(read_only(part) for part in reals))


def ticker_arrays(aligned: AlignedBars, last_session_no: int, *, is_ended: bool, gap_days: int) -> TickerArrays:
    """One ticker as the compiled code reads it; no segment ends with `gap_days` 0."""
    bars, session_no = aligned.bars, aligned.session_no
    return TickerArrays(
        bar_arrays(bars),
        BenchmarkArrays(read_only(aligned.bench_open), read_only(aligned.bench_close)),
        Timeline(
            read_only(session_no),
            read_only(segment_starts(bars.dates, gap_days), np.int32),
            int(np.searchsorted(session_no, last_session_no, side="right")),
            int(last_session_no),
            bool(is_ended),
        ),
    )


def graded_outputs(n_rows: int, n_holds: int) -> GradedOutputs:
    """Empty outputs of `grade_row` for `n_rows` rows, a line per column."""
    return GradedOutputs(
        np.empty((len(GRADED_FLOATS), n_rows)),
        np.empty((N_HOLD_BLOCKS * n_holds, n_rows)),
        np.empty((len(GRADED_CODES), n_rows), dtype=np.int8),
        np.empty((len(GRADED_SHORTS), n_rows), dtype=np.int16),
        np.empty((len(GRADED_DATES), n_rows), dtype=np.int32),
    )


def graded_columns(out: GradedOutputs, n_rows: int, holds: Sequence[int]) -> dict[str, npt.NDArray[np.generic]]:
    """Named columns: views of the first `n_rows` of each output."""
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for names, block in (
        (GRADED_FLOATS, out.floats),
        (hold_names(holds), out.holds),
        (GRADED_CODES, out.codes),
        (GRADED_SHORTS, out.shorts),
        (GRADED_DATES, out.dates),
    ):
        for k, name in enumerate(names):
            columns[name] = block[k, :n_rows]
    return columns


def grade_setups(
    aligned: AlignedBars,
    last_session_no: int,
    setups: GivenPrices,
    *,
    is_ended: bool,
    is_legacy: bool = False,
    horizon_days: int = HORIZON_DAYS,
    hold_days: Sequence[int] = HOLD_DAYS,
    policy: ExitPolicy = AS_PLANNED,
    gap_days: int = 0,
) -> dict[str, npt.NDArray[np.generic]]:
    """Grade given setups of one ticker under both fills.

    Parameters
    ----------
    aligned
        One ticker.
    last_session_no
        Session number of T.
    setups
        Rows to grade.
    is_ended
        Whether the ticker has ended at T.
    is_legacy
        The legacy profile's rule for short histories: an early touch is graded; a row resolved neither by a level nor
        by the bars of the horizon keeps `outcome` -1 (drop and count it).
    horizon_days, hold_days
        As in `ReplayRules`.
    policy
        Exits beside target and hold.
    gap_days
        Calendar days without a bar after which the window of a trailing stop's ATR starts anew; 0: never.

    Returns
    -------
    dict
        Graded columns (`graded_names`), each (n_rows,). Missing: NaN in floats, `NO_DAY` in dates, -1 in the others.
    """
    exact = aligned._replace(
        bench_open=np.asarray(aligned.bench_open, np.float64), bench_close=np.asarray(aligned.bench_close, np.float64)
    )
    return grade_on(
        ticker_arrays(exact, last_session_no, is_ended=is_ended, gap_days=gap_days),
        setups,
        is_legacy=is_legacy,
        horizon_days=horizon_days,
        hold_days=hold_days,
        policy=policy,
    )


def grade_on(
    ticker: TickerArrays,
    setups: GivenPrices,
    *,
    is_legacy: bool = False,
    horizon_days: int = HORIZON_DAYS,
    hold_days: Sequence[int] = HOLD_DAYS,
    policy: ExitPolicy = AS_PLANNED,
) -> dict[str, npt.NDArray[np.generic]]:
    """`grade_setups` on a ticker's compiled arrays, for a caller that grades several times on the same bars."""
    types = (np.int32, np.int8, *(np.float64,) * 5)
    given = GivenPrices(*(read_only(part, dtype) for part, dtype in zip(setups, types, strict=True)))
    n_rows = len(given.bar_no)
    out = graded_outputs(n_rows, len(hold_days))
    holds = read_only(np.array(hold_days), np.int64)
    rules = GradingRules(horizon_days, is_legacy, holds, typed_policy(policy))
    _grade_pass(given, ticker, rules, out)
    return graded_columns(out, n_rows, hold_days)
