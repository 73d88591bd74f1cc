"""A verdict of weekly looks: which checks agree, and how often a year of looks claims what is not there."""

import numpy as np
import pytest

from btassets.engine.cross_section.rank_ic import WeeklyIc
from btassets.engine.statistics.ewc import WEEKLY, estimate
from btassets.engine.statistics.influence import series_influence
from btassets.engine.statistics.looks import LOOKS, MAJORITY, lasting, looks_agreeing, weekly_looks
from btassets.engine.statistics.verdicts import CONTRADICTED, NOISE, SUPPORTED, named_signal_verdict


@pytest.mark.parametrize(
    ("said", "n", "verdict"),
    [
        ([SUPPORTED] * 8, 8, SUPPORTED),
        ([SUPPORTED] * 9 + [NOISE], 8, SUPPORTED),
        ([SUPPORTED] * 5, 5, SUPPORTED),
        ([SUPPORTED] * 4, 4, NOISE),
        ([SUPPORTED, NOISE, NOISE, NOISE] + [SUPPORTED] * 4, 5, SUPPORTED),
        ([SUPPORTED, NOISE, NOISE, NOISE, NOISE] + [SUPPORTED] * 9, 4, NOISE),
        ([NOISE] + [SUPPORTED] * 8, 0, NOISE),
        ([CONTRADICTED] * 8, 8, CONTRADICTED),
        ([CONTRADICTED] * 4 + [SUPPORTED] * 8, 4, NOISE),
        ([], 0, NOISE),
    ],
)
def test_a_verdict_takes_the_newest_check_and_most_of_eight(said, n, verdict):
    assert (LOOKS, MAJORITY) == (8, 5)
    assert looks_agreeing(said) == n
    assert lasting(said) == verdict


def series(n_weeks):
    week = np.arange(n_weeks, dtype=np.int32) * 7
    ic = np.arange(2.0 * n_weeks).reshape(1, 2, n_weeks)
    return WeeklyIc(week=week, ic=ic, spread=-ic, size=np.ones(ic.shape, np.int32))


def test_a_look_knows_the_weeks_up_to_its_own_only():
    looks = list(weekly_looks(series(30), 3))
    assert [len(look.week) for look in looks] == [30, 29, 28]
    for look in looks:
        assert look.ic.shape == look.spread.shape == look.size.shape == (1, 2, len(look.week))
        assert (look.ic == series(30).ic[:, :, : len(look.week)]).all()


def test_weeks_without_a_return_yet_are_no_looks():
    weekly = series(30)
    weekly.ic[:, :, 28:] = np.nan
    assert [len(look.week) for look in weekly_looks(weekly, 2)] == [28, 27]


def test_a_short_history_has_the_looks_that_there_are():
    assert [len(look.week) for look in weekly_looks(series(2), 8)] == [2, 1]


def test_a_year_of_looks_at_nothing_rarely_finds_anything():
    """Weekly correlations without an edge: one look passes more often within a year than most of eight."""
    x = np.random.default_rng(11).standard_normal((200, 2000))
    said = np.empty((52 + LOOKS - 1, x.shape[1]), np.bool_)
    for k in range(len(said)):
        found = estimate(series_influence(x[: 200 - k]), WEEKLY)
        said[k] = [named_signal_verdict(ic, p, 1.0) == SUPPORTED for ic, p in zip(found.estimate, found.p, strict=True)]
    most = np.stack([said[k] & (said[k : k + LOOKS].sum(axis=0) >= MAJORITY) for k in range(52)])
    assert said[0].mean() == pytest.approx(0.025, abs=0.01)
    assert most[0].mean() < said[0].mean()
    assert most.any(axis=0).mean() < min(0.07, said[:52].any(axis=0).mean())
