"""Mean ranks over the weeks before, against a plain walk."""

import numpy as np
import pytest

from btassets.engine.cross_section.lagged_ranks import lagged_mean, rank_fractions


def test_ranks_run_from_minus_one_to_one_and_ties_share():
    week = np.array([0, 0, 0, 7, 7, 7, 7, 14], np.int32)
    values = np.array([[3.0, 1.0, 2.0, 5.0, 5.0, np.nan, 1.0, 9.0]])
    found = rank_fractions(week, values)[0]
    assert found[:3].tolist() == [1.0, -1.0, 0.0]
    assert found[3:7].tolist() == pytest.approx([0.5, 0.5, np.nan, -1.0], nan_ok=True)
    assert np.isnan(found[7])  # alone in its week


@pytest.mark.parametrize("n_weeks", [1, 2, 6, 13])
def test_the_mean_is_over_the_calendar_weeks_in_which_the_ticker_was_ranked(n_weeks):
    rng = np.random.default_rng(n_weeks)
    cells = [(w, t) for w in range(20) if w not in (7, 8) for t in range(9) if rng.random() > 0.2]
    week_no, ticker = np.array(cells).T
    values = rng.standard_normal((2, len(cells)))
    values[rng.random(values.shape) < 0.1] = np.nan
    fractions = rank_fractions((7 * week_no).astype(np.int32), values)
    found = lagged_mean(week_no, ticker, fractions, n_weeks)
    for s in range(2):
        for row, (w, t) in enumerate(cells):
            own = [
                fractions[s, k]
                for k, (v, u) in enumerate(cells)
                if u == t and w - n_weeks < v <= w and not np.isnan(fractions[s, k])
            ]
            expected = np.nan if np.isnan(fractions[s, row]) else np.mean(own)
            assert found[s, row] == pytest.approx(expected, nan_ok=True, abs=1e-11)


def test_equal_histories_stay_equal():
    """Sums in another order must not break a tie: equal means are ties of the correlation."""
    week_no = np.repeat(np.arange(30), 3)
    ticker = np.tile(np.arange(3), 30)
    values = np.random.default_rng(1).standard_normal((1, 90))
    values[0, 1::3] = values[0, 0::3]
    found = lagged_mean(week_no, ticker, rank_fractions((7 * week_no).astype(np.int32), values), 6)[0]
    assert (found[0::3] == found[1::3]).all()
