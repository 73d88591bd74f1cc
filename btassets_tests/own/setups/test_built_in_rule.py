"""`bt.levels`: the setups of the built-in rule from a window."""

import numpy as np

import btassets as bt
from btassets.engine.replay.levels_rule import levels_at
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.own.setups.setup import as_numbers
from btassets.own.windows import Window
from btassets_tests.support.own_panel import ticker_arrays

ARRAYS = ticker_arrays("T0", 3, n_bars=300).frozen()


def test_its_setups_are_the_numbers_of_the_engine() -> None:
    window = Window(ARRAYS, 47, 299)
    setups = bt.levels(window)
    assert [setup.direction for setup in setups] == ["long", "short"]
    expected = levels_at(window.high, window.low, window.close, window.volume, ReplayRules())
    assert np.array_equal(as_numbers(setups, float(window.close[-1])), expected, equal_nan=True)


def test_a_setting_of_the_engine_moves_the_stop() -> None:
    window = Window(ARRAYS, 47, 299)
    near, far = (bt.levels(window, atr_stop_multiple=k)[0] for k in (1.0, 2.0))
    close = float(window.close[-1])
    assert close - far.stop == (close - near.stop) * 2.0 or abs((close - far.stop) / (close - near.stop) - 2.0) < 1e-9


def test_no_setup_from_a_short_window() -> None:
    rows = range(100, 300, 5)
    assert any(bt.levels(Window(ARRAYS, row - 59, row)) for row in rows)
    assert not any(bt.levels(Window(ARRAYS, row - 58, row)) for row in rows)
