"""Rows of the outputs: the kernel writes each column where the tables read it."""

import pytest

from btassets.engine.replay import replay_layout as layout
from btassets.engine.replay.candidate_columns import (
    GRADED_CODES,
    GRADED_DATES,
    GRADED_FLOATS,
    GRADED_SHORTS,
    HOLD_BENCH_RET,
    HOLD_BENCH_RET_OPEN,
    N_HOLD_BLOCKS,
    SETUP_CODES,
    SETUP_FLOATS,
    SIGNAL_FLOATS,
    TIME_R,
    TIME_R_OPEN,
    hold_names,
)

NAMED_BY_COLUMN = (
    (SETUP_FLOATS, ("ENTRY", "STOP", "TARGET", "RR", "EV", "TECHNICAL", "MOMENTUM", "RESIDUAL_MOMENTUM")),
    (SETUP_CODES, ("DIRECTION", "ACTION", "RISK_LEVEL", "N_SR_TARGETS", "IS_PROJECTED")),
    (GRADED_FLOATS, ("REALIZED_R", "RISK_PCT", "R_MTM", "BENCH_RET_TARGET", "FILL_OPEN")),
    (GRADED_CODES, ("N_FORWARD", "OUTCOME", "EXIT_REASON", "OUTCOME_OPEN", "EXIT_REASON_OPEN", "DROP_OPEN")),
)
OTHER_NAMES = (
    (SETUP_FLOATS, "SETUP_ADV20", "adv20_usd"),
    (GRADED_SHORTS, "HELD", "hold_days"),
    (GRADED_SHORTS, "STOP_DAY", "stop_day"),
    (GRADED_SHORTS, "HELD_OPEN", "hold_days_open"),
    (GRADED_SHORTS, "STOP_DAY_OPEN", "stop_day_open"),
    (GRADED_DATES, "LABEL_END", "label_end_date"),
    (GRADED_DATES, "LABEL_END_OPEN", "label_end_date_open"),
    (SIGNAL_FLOATS, "SIGNAL_CLOSE", "close"),
    (SIGNAL_FLOATS, "SIGNAL_ADV20", "adv20_usd"),
)


@pytest.mark.parametrize(
    ("columns", "constant", "column"),
    [*((columns, name, name.lower()) for columns, names in NAMED_BY_COLUMN for name in names), *OTHER_NAMES],
)
def test_a_row_number_is_the_place_of_its_column(columns, constant, column):
    assert columns[getattr(layout, constant)] == column


def test_holds_and_their_benchmark_moves_are_consecutive_in_both_fills():
    for holds in ((5, 10, 21, 30), (3,), (7, 45, 90)):
        names = hold_names(holds)
        assert len(names) == N_HOLD_BLOCKS * len(holds)
        for k, hold in enumerate(holds):
            assert names[TIME_R * len(holds) + k] == f"time_r_{hold}"
            assert names[HOLD_BENCH_RET * len(holds) + k] == f"bench_ret_{hold}"
            assert names[TIME_R_OPEN * len(holds) + k] == f"time_r_{hold}_open"
            assert names[HOLD_BENCH_RET_OPEN * len(holds) + k] == f"bench_ret_{hold}_open"
    assert GRADED_FLOATS[layout.OPEN_FILL + layout.REALIZED_R] == "realized_r_open"


def test_signals_come_before_their_forward_returns():
    assert layout.signal_row("mom_12_1") < layout.N_SIGNALS
    assert layout.FIRST_FORWARD_RETURN == layout.N_SIGNALS
    with pytest.raises(ValueError, match="tuple"):
        layout.signal_row("no_such_signal")
