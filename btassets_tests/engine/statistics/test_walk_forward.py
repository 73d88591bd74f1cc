"""Windows, purge and choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.statistics.walk_forward import selected, train_means, window_of, windows
from btassets_tests.reference import naive_statistics as naive


@pytest.mark.parametrize(("n_sessions", "n_windows", "n_weeks"), [(1260, 9, 112), (1008, 5, 62), (756, 1, 11)])
def test_five_four_and_three_years(n_sessions, n_windows, n_weeks):
    found = windows(252, n_sessions - 31)
    assert len(found) == n_windows
    sessions = sum(w.test_last - w.test_first + 1 for w in found)
    assert -(-sessions // 5) == n_weeks
    assert found[0].train_last - found[0].train_first + 1 == 78 * 5
    assert found[-1].test_last == n_sessions - 31


@settings(max_examples=40, deadline=None)
@given(first=st.integers(0, 300), length=st.integers(0, 1200))
def test_windows_match_the_reference(first, length):
    found = [(w.train_first, w.train_last, w.test_first, w.test_last) for w in windows(first, first + length)]
    assert found == naive.windows(first, first + length)


def test_no_label_reaches_into_its_test():
    rng = np.random.default_rng(1)
    asof = np.sort(rng.integers(0, 1260, 5000))
    label_end = asof + rng.integers(1, 31, 5000)
    label_end[rng.random(5000) < 0.1] = -1
    for w in windows(252, 1229):
        train, test = w.train_rows(asof, label_end), w.test_rows(asof)
        assert not (train & test).any()
        assert label_end[train].max() < w.test_first
        assert asof[train].min() >= 252
        assert (label_end[train] >= 0).all()
        # a planted leak, taking every row before the test, would be seen
        leaky = (asof >= w.train_first) & (asof < w.test_first)
        assert label_end[leaky].max() >= w.test_first


def test_every_row_is_tested_at_most_once():
    asof = np.arange(1260)
    place = window_of(asof, windows(252, 1229))
    assert place[:672].max() == -1
    assert (np.diff(place[672:1230]) >= 0).all()
    assert (np.unique(place[672:1230]) == np.arange(9)).all()
    assert (place[1230:] == -1).all()


def test_choice_takes_the_first_best_with_enough_setups():
    mean, n = np.array([0.1, 0.3, 0.3, 0.9, np.nan]), np.array([500, 100, 900, 99, 0])
    assert selected(mean, n) == 1
    assert selected(mean, np.zeros(5, dtype=np.int64)) is None


def test_train_means_by_loop():
    rng = np.random.default_rng(2)
    asof = rng.integers(0, 1260, 3000)
    label_end = np.where(rng.random(3000) < 0.1, -1, asof + rng.integers(1, 31, 3000))
    r = rng.standard_normal((3000, 3))
    r[rng.random((3000, 3)) < 0.2] = np.nan
    masks = rng.random((3000, 4)) < 0.4
    masks[:, 3] = False
    found = windows(252, 1229)
    means = list(train_means(found, asof, label_end, masks, r))
    assert len(means) == len(found) == 9
    for window, (mean, n) in zip(found, means, strict=True):
        rows = window.train_rows(asof, label_end)
        for g in range(3):
            for e in range(3):
                values = r[rows & masks[:, g], e]
                assert n[g, e] == np.isfinite(values).sum()
                assert mean[g, e] == pytest.approx(np.nanmean(values))
        assert np.isnan(mean[3]).all()
        assert (n[3] == 0).all()
