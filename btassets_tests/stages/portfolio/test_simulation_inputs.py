"""Inputs of many simulations: setups in play, exits by name, percentiles by week, the benchmark's returns."""

import numpy as np
import pytest

from btassets.engine.portfolio.exits import REASON_NAMES
from btassets.settings.models import Settings
from btassets.settings.profiles import PROFILES
from btassets.stages.portfolio.simulation_inputs import read_book_inputs
from btassets_tests.support.graded_rows import RISING, N, graded, portfolio_tables, ranks

ENTRY = float(RISING[4])
SETUPS = graded(
    ("A", 4, "long", ENTRY, ENTRY * 0.9, ENTRY * 1.05, 95.0, True, True),
    ("b", 6, "short", 50.0, 55.0, 40.0, 90.0, True, False),
    ("b", 7, "short", 50.0, 55.0, 40.0, 91.0, True, True),
    ("A", 3, "long", 50.0, 45.0, 90.0, 99.0, False, False),
    ("b", 2, "long", 50.0, 45.0, 60.0, 30.0, True, False),
)
RANKS = ranks(
    ("week", 2, "A", 95.0),
    ("week", 9, "b", 20.0),
    ("week", 9, "A", 80.0),
    ("bar", 5, "b", 77.0),
    ("latest", 39, "A", 66.0),
)
SETTINGS = Settings.model_validate({"exits": {"hold_days": [5, 10]}, "costs": {"per_side_frac": 0.0}})


@pytest.fixture
def inputs(tmp_path):
    return read_book_inputs(portfolio_tables(tmp_path, SETUPS, RANKS), SETTINGS)


def test_setups_in_play_pass_the_floors_and_shorts_only_if_they_qualify(inputs):
    assert inputs.entries.asof_session.tolist() == [2, 4, 7]
    assert inputs.entries.is_long.tolist() == [True, True, False]
    assert inputs.activation.tolist() == inputs.raw.tolist() == [30.0, 95.0, 91.0]
    assert inputs.is_qualified.tolist() == [False, True, True]
    assert inputs.meets_core.tolist() == [True, True, True]


def test_each_hold_and_the_target_have_exits_of_their_own(inputs):
    assert list(inputs.exits) == ["target", "hold_5", "hold_10"]
    at = 1
    days = {name: int(e.exit_bar[at] - e.first_bar[at]) + 1 for name, e in inputs.exits.items()}
    assert (days["hold_5"], days["hold_10"]) == (5, 10)
    assert REASON_NAMES[inputs.exits["target"].reason[at]] == "target"
    assert inputs.exits_of("target") is inputs.exits["target"]
    assert inputs.exits_of("hold") is inputs.exits["hold_10"]
    assert inputs.rules.hold_days == 10


def test_percentiles_are_those_of_the_week_grid_by_week_and_ticker(inputs):
    np.testing.assert_array_equal(inputs.percentile, [[95.0, np.nan], [80.0, 20.0]])
    assert inputs.start == 2
    assert inputs.week_of.tolist() == [-1] * 2 + [0] * 7 + [1] * (N + 1 - 9)


def test_the_benchmark_has_a_return_where_both_closes_are_known(inputs):
    assert np.isnan(inputs.benchmark_returns[:2]).all()  # the first close is missing
    assert inputs.benchmark_returns[2:] == pytest.approx([0.001] * (N - 2))
    assert len(inputs.panel.open) == 0  # only closes are kept


def test_the_legacy_portfolio_has_no_common_start_and_sees_all_setups_in_play(tmp_path):
    legacy = Settings(profile="legacy", **PROFILES["legacy"])
    inputs = read_book_inputs(portfolio_tables(tmp_path, SETUPS, RANKS), legacy)
    assert inputs.start is None
    assert inputs.entries.asof_session.tolist() == [2, 4, 6, 7]
    assert inputs.rules.fill == "close"
