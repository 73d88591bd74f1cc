"""Quantile portfolios by hand, and against alphalens."""

import warnings

import numpy as np
import pytest

from btassets.engine.cross_section.quantiles import weekly_quantiles
from btassets.engine.cross_section.rank_ic import weekly_rank_ic
from btassets_tests.support.alphalens_frame import alphalens_frame

DATES, NAMES = 12, 25


def cross_sections(seed=1):
    rng = np.random.default_rng(seed)
    week = np.repeat(np.arange(DATES, dtype=np.int32), NAMES)
    ticker = np.tile(np.arange(NAMES, dtype=np.int32), DATES)
    persistent = rng.standard_normal(NAMES)
    signal = np.tile(persistent, DATES) + 0.5 * rng.standard_normal(DATES * NAMES)
    forward = 0.01 * signal + 0.05 * rng.standard_normal(DATES * NAMES)
    return week, ticker, signal[np.newaxis], forward[np.newaxis]


def test_fifths_by_hand():
    week = np.repeat(np.arange(2, dtype=np.int32), 20)
    ticker = np.tile(np.arange(20, dtype=np.int32), 2)
    rising = np.arange(20.0)
    swapped = rising.copy()
    swapped[[19, 0]] = swapped[[0, 19]]  # the strongest and the weakest change places
    forward = np.tile(rising, 2) / 100
    forward[19] = np.nan
    found = weekly_quantiles(week, ticker, np.concatenate((rising, swapped))[np.newaxis], forward[np.newaxis])
    assert found.mean_return[0, 0, :, 0] == pytest.approx([0.015, 0.055, 0.095, 0.135, 0.17])
    assert np.isnan(found.turnover[0, :, 0]).all()
    assert found.turnover[0, :, 1] == pytest.approx([0.25, 0.25])
    expected = np.corrcoef(rising, swapped)[0, 1]
    assert found.autocorrelation[0, 1] == pytest.approx(expected)


def test_thin_weeks_are_not_cut_and_break_the_chain():
    week, ticker, signal, forward = cross_sections()
    signal = signal.copy()
    signal[0, week == 4] = np.nan
    found = weekly_quantiles(week, ticker, signal, forward)
    assert np.isnan(found.mean_return[0, 0, :, 4]).all()
    assert np.isnan(found.turnover[0, :, [0, 4, 5]]).all()
    assert not np.isnan(found.turnover[0, :, 6]).any()
    assert np.isnan(found.autocorrelation[0, [0, 4, 5]]).all()
    nothing = weekly_quantiles(week[:0], ticker[:0], signal[:, :0], forward[:, :0])
    assert nothing.mean_return.shape == (1, 1, 5, 0)


def test_against_alphalens():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from alphalens import performance

        week, ticker, signal, forward = cross_sections(3)
        data = alphalens_frame(week, ticker, signal, forward)
        found = weekly_quantiles(week, ticker, signal, forward)
        by_date, _ = performance.mean_return_by_quantile(data, by_date=True, demeaned=False)
        theirs = by_date["7D"].unstack("date").to_numpy()
        assert found.mean_return[0, 0] == pytest.approx(theirs, rel=1e-12)
        turnover = performance.quantile_turnover(data["factor_quantile"], 5).to_numpy()
        assert found.turnover[0, 1, 1:] == pytest.approx(turnover[1:], rel=1e-12)
        persistence = performance.factor_rank_autocorrelation(data).to_numpy()
        assert found.autocorrelation[0, 1:] == pytest.approx(persistence[1:], rel=1e-12)
        theirs = performance.factor_information_coefficient(data)["7D"].to_numpy()
        assert weekly_rank_ic(week, signal, forward).ic[0, 0] == pytest.approx(theirs, rel=1e-12)
