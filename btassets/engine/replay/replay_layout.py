"""Inputs and outputs of the compiled replay: grouped arrays, and the row of each column in an output.

Belongs here: names. Each output array has one row per column, in the order of `candidate_columns`, and one
column per table row. Does not belong here: anything that computes, and the tables' contract
(`btassets/graph/`).
"""

from typing import NamedTuple

from btassets.engine.compiling import (
    Bytes,
    Int32s,
    OutInt8Matrix,
    OutInt16Matrix,
    OutInt32Matrix,
    OutInt32s,
    OutRealMatrix,
    Reals,
)
from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.replay.candidate_columns import (
    GRADED_CODES,
    GRADED_DATES,
    GRADED_FLOATS,
    GRADED_SHORTS,
    N_FILL_FLOATS,
    SETUP_CODES,
    SETUP_FLOATS,
    SIGNAL_FLOATS,
)
from btassets.engine.signals import SIGNAL_NAMES


class BarArrays(NamedTuple):
    """Adjusted bars of one ticker, shape (n_bars,) each; bars after T are included but not read."""

    dates: Int32s
    open: Reals
    high: Reals
    low: Reals
    close: Reals
    volume: Reals


class BenchmarkArrays(NamedTuple):
    """Benchmark on the ticker's own dates, shape (n_bars,); NaN if it has no bar."""

    open: Reals
    close: Reals


class RawArrays(NamedTuple):
    """Bars as printed, shape (n_bars,) each.

    Attributes
    ----------
    close, dollar_volume
        US dollars.
    price_factor
        Adjusted over printed price.
    """

    close: Reals
    dollar_volume: Reals
    price_factor: Reals

    @classmethod
    def of(cls, close: Reals, volume: Reals, price_factor: Reals) -> "RawArrays":
        """From printed closes and volumes."""
        return cls(close, close * volume, price_factor)


class Timeline(NamedTuple):
    """Positions of the ticker's bars in the calendar.

    Attributes
    ----------
    session_no
        Shape (n_bars,): index of each bar's date in the calendar's sessions, ascending.
    segment_start
        Shape (n_bars,): first bar after the last long gap up to each bar.
    n_bars
        Bars up to T.
    last_session_no
        Session number of T.
    is_ended
        Whether the ticker has ended at T.
    """

    session_no: Int32s
    segment_start: Int32s
    n_bars: int
    last_session_no: int
    is_ended: bool


class TickerArrays(NamedTuple):
    """One ticker as an input of grading."""

    bars: BarArrays
    bench: BenchmarkArrays
    timeline: Timeline


class AsofGrid(NamedTuple):
    """As-of bars of one ticker, ascending, with the grids of each (bits of `market.calendar`)."""

    bar_no: Int32s
    flags: Bytes


class SetupOutputs(NamedTuple):
    """Columns of `candidates` known at the as-of bar, and the position of each row in the as-of grid."""

    floats: OutRealMatrix
    codes: OutInt8Matrix
    shorts: OutInt16Matrix
    asof: OutInt32s


class GradedOutputs(NamedTuple):
    """Columns of `candidates` written by grading, by element type; `holds` has the rows of `hold_names`."""

    floats: OutRealMatrix
    holds: OutRealMatrix
    codes: OutInt8Matrix
    shorts: OutInt16Matrix
    dates: OutInt32Matrix


class SignalOutputs(NamedTuple):
    """Columns of `factor_signals`, and the position of each row in the as-of grid."""

    floats: OutRealMatrix
    codes: OutInt8Matrix
    shorts: OutInt16Matrix
    asof: OutInt32s


def _row(columns: tuple[str, ...], name: str) -> int:
    return columns.index(name)


# Rows of SetupOutputs.
(
    ENTRY,
    STOP,
    TARGET,
    RR,
    CONFIDENCE,
    PRIMARY_PROB,
    BEST_PROB,
    EV,
    TECHNICAL,
    MOMENTUM_SCORE,
    LEVEL_STRENGTH,
    MOMENTUM,
    RESIDUAL_MOMENTUM,
    SETUP_ADV20,
    PRICE_FACTOR,
) = (_row(SETUP_FLOATS, name) for name in SETUP_FLOATS)
DIRECTION, ACTION, RISK_LEVEL, N_SR_TARGETS, IS_PROJECTED = (_row(SETUP_CODES, name) for name in SETUP_CODES)
N_BARS = 0
SETUP_SHORTS = ("n_bars",)

# Rows of GradedOutputs; those of the fill at the next open are OPEN_FILL rows further down.
REALIZED_R = _row(GRADED_FLOATS, "realized_r")
RISK_PCT = _row(GRADED_FLOATS, "risk_pct")
R_MTM = _row(GRADED_FLOATS, "r_mtm")
BENCH_RET_TARGET = _row(GRADED_FLOATS, "bench_ret_target")
MAE_R = _row(GRADED_FLOATS, "mae_r")
MFE_R = _row(GRADED_FLOATS, "mfe_r")
OPEN_FILL = N_FILL_FLOATS
FILL_OPEN = _row(GRADED_FLOATS, "fill_open")
N_FORWARD, OUTCOME, EXIT_REASON, OUTCOME_OPEN, EXIT_REASON_OPEN, DROP_OPEN = range(len(GRADED_CODES))
HELD, STOP_DAY, MAE_DAY, MFE_DAY, HELD_OPEN, STOP_DAY_OPEN, MAE_DAY_OPEN, MFE_DAY_OPEN = range(len(GRADED_SHORTS))
LABEL_END, LABEL_END_OPEN = range(len(GRADED_DATES))


def signal_row(name: str) -> int:
    """Row of a signal in `SignalOutputs.floats`, and its position among the signals."""
    return _row(SIGNAL_FLOATS, name)


# Rows of SignalOutputs: the signals come first.
N_SIGNALS = len(SIGNAL_NAMES)
FIRST_FORWARD_RETURN = _row(SIGNAL_FLOATS, f"fwd_return_{FORWARD_RETURN_DAYS[0]}")
SIGNAL_CLOSE = _row(SIGNAL_FLOATS, "close")
SIGNAL_ADV20 = _row(SIGNAL_FLOATS, "adv20_usd")
INELIGIBLE_REASON = 0
SIGNAL_N_FORWARD = 0
