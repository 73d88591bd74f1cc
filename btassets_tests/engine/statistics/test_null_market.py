"""A market with the edge destroyed: bars stay bars; betas and volatilities are preserved, momentum is not."""

import numpy as np
import pytest

from btassets.engine.market.bars import Bars
from btassets.engine.statistics.null_market import flipped_bars, market_beta, session_signs, share_at_least
from btassets_tests.support.null_markets import regime_market

FIELDS = ("open", "high", "low", "close")


def example(seed=1, n_tickers=6):
    bars, index = regime_market(seed, n_tickers)
    whole = [own for own in bars.values() if own.n_bars == index.n_bars]
    return whole, index


def test_signs_are_plus_or_minus_one_and_do_not_change_with_later_sessions():
    assert session_signs(0, 50).tolist() == [1] * 50
    signs = session_signs(3, 1000)
    assert set(signs.tolist()) == {-1, 1}
    assert signs[0] == 1
    assert abs(signs.mean()) < 0.1
    assert session_signs(3, 700).tolist() == signs[:700].tolist()
    assert session_signs(4, 1000).tolist() != signs.tolist()


def test_all_plus_gives_the_bars_back():
    whole, index = example()
    for bars in whole:
        same = flipped_bars(bars, index.open, index.close, np.ones(bars.n_bars, np.int8))
        for name in FIELDS:
            assert getattr(same, name) == pytest.approx(getattr(bars, name), rel=1e-9)


def test_a_flipped_bar_is_a_bar_and_its_close_is_mirrored_around_beta_times_the_benchmark():
    whole, index = example()
    signs = session_signs(5, index.n_bars)
    for bars in whole:
        flipped = flipped_bars(bars, index.open, index.close, signs)
        assert (flipped.low > 0).all()
        assert (flipped.low <= np.minimum(flipped.open, flipped.close) + 1e-12).all()
        assert (flipped.high >= np.maximum(flipped.open, flipped.close) - 1e-12).all()
        beta = market_beta(bars.close, index.close)
        bench = index.close[1:] / index.close[:-1] - 1
        real = bars.close[1:] / bars.close[:-1] - 1 - beta * bench
        mirrored = flipped.close[1:] / flipped.close[:-1] - 1 - beta * bench
        kept = np.abs(real) < 0.4
        assert mirrored[kept] == pytest.approx((signs[1:] * real)[kept], abs=1e-9)


def test_two_tickers_keep_the_product_of_their_residuals_and_lose_their_trend():
    rng = np.random.default_rng(0)
    n = 2500
    days = np.arange(n, dtype=np.int32)
    index = _bars(days, 0.01 * rng.standard_normal(n))
    shared = 0.01 * rng.standard_normal(n)
    pair = [_bars(days, shared + 0.002 + 0.005 * rng.standard_normal(n)) for _ in range(2)]  # both drift
    signs = session_signs(7, n)
    before = [own.close[1:] / own.close[:-1] - 1 for own in pair]
    after = [(own := flipped_bars(b, index.open, index.close, signs)).close[1:] / own.close[:-1] - 1 for b in pair]
    assert np.corrcoef(*before)[0, 1] == pytest.approx(np.corrcoef(*after)[0, 1], abs=0.05)
    assert before[0].mean() > 0.0015
    assert abs(after[0].mean()) < 0.0008


def _bars(days, returns):
    close = 40.0 * np.cumprod(1.0 + returns)
    return Bars(days, close, close * 1.01, close * 0.99, close, np.full(len(days), 1e6))


def test_without_a_benchmark_the_whole_move_is_mirrored():
    whole, _ = example()
    bars = whole[0]
    nothing = np.full(bars.n_bars, np.nan)
    flipped = flipped_bars(bars, nothing, nothing, -np.ones(bars.n_bars, np.int8))
    real, mirrored = (own.close[1:] / own.close[:-1] - 1 for own in (bars, flipped))
    kept = np.abs(real) < 0.4
    assert mirrored[kept] == pytest.approx(-real[kept], abs=1e-9)


@pytest.mark.parametrize("n", [0, 1])
def test_a_ticker_too_short_to_have_a_return_stays(n):
    whole, index = example()
    short = whole[0].between(0, n)
    assert flipped_bars(short, index.open[:n], index.close[:n], np.ones(n, np.int8)) is short


def test_the_share_counts_the_real_market_itself():
    assert share_at_least(5.0, np.zeros(19)) == 1 / 20
    assert share_at_least(-1.0, np.zeros(19)) == 1.0
    assert np.isnan(share_at_least(np.nan, np.zeros(3)))
    assert share_at_least(0.5, np.array([np.nan, 1.0])) == 1.0
