"""Group-neutral returns: by hand, against alphalens, and what they can no longer see."""

import warnings

import numpy as np
import pytest

from btassets.engine.cross_section.neutral import NO_GROUP, group_neutral
from btassets.engine.cross_section.rank_ic import weekly_rank_ic
from btassets_tests.support.alphalens_frame import alphalens_frame

N_WEEKS, N_TICKERS, N_GROUPS = 40, 60, 6


def cross_sections(seed):
    """Weeks of 60 tickers in six groups: a signal, and returns that follow it a little."""
    rng = np.random.default_rng(seed)
    week = np.repeat(np.arange(N_WEEKS), N_TICKERS)
    group = np.tile(np.arange(N_TICKERS) % N_GROUPS, N_WEEKS)
    signal = rng.standard_normal((1, len(week)))
    forward = 0.2 * signal + rng.standard_normal((1, len(week)))
    return week, group, signal, forward


def test_means_of_the_known_are_taken_off_and_who_is_alone_is_left_out():
    nan = np.nan
    week = np.array([0, 0, 0, 0, 1, 1, 1])
    group = np.array([0, 0, 1, NO_GROUP, 0, 0, 0])
    forward = np.array([[0.04, 0.02, 0.5, 0.1, 0.03, nan, 0.01], [nan, 0.02, 0.5, 0.1, nan, nan, 0.01]])
    found = group_neutral(week, group, forward)
    assert found[0] == pytest.approx([0.01, -0.01, nan, nan, 0.01, nan, -0.01], nan_ok=True)
    assert np.isnan(found[1]).all()
    nobody = group_neutral(week, np.full(7, NO_GROUP), forward)
    assert np.isnan(nobody).all()
    assert group_neutral(week[:0], group[:0], forward[:, :0]).shape == (2, 0)


def test_what_a_whole_group_did_changes_nothing():
    week, group, signal, forward = cross_sections(1)
    moved = forward + np.random.default_rng(2).standard_normal((N_WEEKS, N_GROUPS))[week, group]
    ours = weekly_rank_ic(week, signal, group_neutral(week, group, forward))
    theirs = weekly_rank_ic(week, signal, group_neutral(week, group, moved))
    assert theirs.ic == pytest.approx(ours.ic, abs=1e-12)
    assert theirs.spread == pytest.approx(ours.spread, abs=1e-12)


def test_a_signal_that_only_picks_groups_is_gone_within_them():
    week, group, _, _ = cross_sections(3)
    rng = np.random.default_rng(4)
    signal = group[np.newaxis] + 0.01 * rng.standard_normal((1, len(week)))
    forward = group[np.newaxis] * 0.5 + rng.standard_normal((1, len(week)))
    assert np.nanmean(weekly_rank_ic(week, signal, forward).ic) > 0.4
    assert abs(np.nanmean(weekly_rank_ic(week, signal, group_neutral(week, group, forward)).ic)) < 0.06


def test_against_alphalens():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from alphalens import performance

        week, group, signal, forward = cross_sections(5)
        ticker = np.tile(np.arange(N_TICKERS), N_WEEKS)
        data = alphalens_frame(week, ticker, signal, forward, group=group)
        ours = weekly_rank_ic(week, signal, group_neutral(week, group, forward))
        theirs = performance.factor_information_coefficient(data, group_adjust=True)["7D"].to_numpy()
        assert ours.ic[0, 0] == pytest.approx(theirs, rel=1e-12)
        by_date, _ = performance.mean_return_by_quantile(data, by_date=True, demeaned=False, group_adjust=True)
        fifths = by_date["7D"].unstack("date").to_numpy()
        assert ours.spread[0, 0] == pytest.approx(fifths[4] - fifths[0], rel=1e-9)
