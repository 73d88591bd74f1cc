"""Bars from returns: the given closes, the laws of high and low, volume that follows the move."""

import numpy as np
import pytest

from btassets.sources.synthetic.synthetic_bars import Traded, shown_bars
from btassets.sources.synthetic.synthetic_factors import Returns

N_DAYS, N_TICKERS, FIRST = 1500, 20, 100
SESSIONS = np.arange(18_000, 18_000 + N_DAYS, dtype=np.int32)


def traded(day=None, night=None, variance=None, columns=slice(None)):
    rng = np.random.default_rng(4)
    shape = (N_DAYS, N_TICKERS)
    day = rng.normal(0, 0.01, shape) if day is None else np.full(shape, day)
    night = rng.normal(0, 0.005, shape) if night is None else np.full(shape, night)
    variance = np.full(shape, 1e-4 if variance is None else variance)
    close = 50 * np.cumprod((1 + night) * (1 + day), axis=0)
    return Traded(
        np.arange(1001, 1001 + N_TICKERS)[columns],
        Returns(night[:, columns], day[:, columns], variance[:, columns]),
        close[:, columns],
        np.full(N_TICKERS, 0.011)[columns],
        np.full(N_TICKERS, 5e6)[columns],
    )


def test_bars_end_at_the_close_begin_before_the_days_return_and_contain_both():
    given = traded()
    bars = shown_bars(given, 3, SESSIONS, FIRST)
    np.testing.assert_array_equal(bars.close, given.close[FIRST:])
    np.testing.assert_allclose(bars.close / bars.open - 1, given.returns.day[FIRST:], atol=1e-12)
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.volume >= 1).all()
    assert (bars.volume == np.floor(bars.volume)).all()


def test_high_and_low_follow_the_extremes_of_a_brownian_path():
    # From open to an equal close: the maximum m has P(m > x) = exp(-2 x^2 / v), mean sqrt(pi v / 8).
    bars = shown_bars(traded(day=0.0, variance=1e-4), 3, SESSIONS, FIRST)
    up, down = bars.high / bars.open - 1, 1 - bars.low / bars.open
    for reach in (up, down):
        assert reach.mean() == pytest.approx(np.sqrt(np.pi * 1e-4 / 8), rel=0.02)
        for x in (0.002, 0.006, 0.012):
            assert (reach > x).mean() == pytest.approx(np.exp(-2 * x * x / 1e-4), abs=0.01)
    assert abs(np.corrcoef(up.ravel(), down.ravel())[0, 1]) < 0.03
    narrow = shown_bars(traded(day=0.0, variance=1e-12), 3, SESSIONS, FIRST)
    assert (narrow.high / narrow.low - 1).max() < 1e-4


def test_a_low_is_never_more_than_nine_tenths_below_its_open():
    bars = shown_bars(traded(day=-0.1, night=0.1 / 0.9, variance=4.0), 3, SESSIONS, FIRST)
    assert (1 - bars.low / bars.open).max() == pytest.approx(0.9)


def log_value(day, night):
    given = traded(day=day, night=night)
    return np.log(shown_bars(given, 3, SESSIONS, FIRST).volume * given.close[FIRST:])


def test_volume_grows_with_the_size_of_the_whole_move_in_either_direction():
    still = log_value(0.0, 0.0)
    for day, night, move in ((0.0, 0.0011, 0.1), (0.0, -0.0011, 0.1), (0.0011, 0.0011, 0.2), (0.0011, -0.0011, 0.0)):
        assert (log_value(day, night) - still).mean() == pytest.approx(0.3 * move, abs=1e-3)
    # A move of eight usual ones is the most that counts; a few days, before such prices leave all bounds.
    for night in (0.088, 0.1):
        assert (log_value(0.0, night) - still)[:5].mean() == pytest.approx(0.3 * 8, abs=0.02)


def test_volume_is_an_autoregression_of_075():
    level = log_value(0.0, 0.0)
    level = level - level.mean(axis=0)
    assert (level[1:] * level[:-1]).mean() / (level**2).mean() == pytest.approx(0.75, abs=0.03)
    assert level.std() == pytest.approx(0.22 / np.sqrt(1 - 0.75**2), rel=0.05)


def test_a_company_has_the_same_bars_alone_and_from_a_later_start():
    whole = shown_bars(traded(), 3, SESSIONS, FIRST)
    alone = shown_bars(traded(columns=slice(4, 5)), 3, SESSIONS, FIRST)
    later = shown_bars(traded(), 3, SESSIONS, FIRST + 50)
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(whole, name)[:, 4:5], getattr(alone, name), err_msg=name)
        np.testing.assert_array_equal(getattr(whole, name)[50:], getattr(later, name), err_msg=name)


def test_bars_of_one_ticker_are_copies_of_its_rows():
    bars = shown_bars(traded(), 3, SESSIONS, FIRST)
    rows = slice(10, 14)
    one = bars.raw_bars(2, rows, SESSIONS[FIRST:][rows], np.zeros(4), np.ones(4))
    assert one.close.tolist() == bars.close[rows, 2].tolist()
    assert one.volume.tolist() == bars.volume[rows, 2].tolist()
    assert one.dates.tolist() == [18_110, 18_111, 18_112, 18_113]
    one.close[:] = 0.0
    assert (bars.close[rows, 2] > 0).all()
