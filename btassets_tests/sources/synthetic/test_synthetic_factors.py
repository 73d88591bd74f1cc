"""Common factors: the volatility recursion by hand, and that dates and seeds alone decide."""

import numpy as np
import pytest

from btassets.sources.synthetic.synthetic_factors import (
    DEFAULT_EPOCH,
    MAX_HALF_RETURN,
    N_SECTORS,
    MarketSpec,
    garch_states,
    market_factor,
    sector_factors,
)

DAYS = np.arange(DEFAULT_EPOCH, DEFAULT_EPOCH + 3000, dtype=np.int32)


def test_a_state_grows_from_one_by_its_factor_and_floor_up_to_its_limit():
    growth = np.array([[0.5, 2.0], [0.5, 3.0], [2.0, 9.0], [0.0, 1.0]])
    expected = [[1.0, 1.0], [0.6, 2.1], [0.4, 6.0], [0.9, 6.0]]
    assert garch_states(growth, 0.1) == pytest.approx(np.array(expected))


def test_the_factor_depends_on_seed_and_date_alone():
    spec = MarketSpec(seed=5)
    whole, stress = market_factor(spec, DAYS)
    part, part_stress = market_factor(spec, DAYS[:100])
    for name in ("night", "day", "variance"):
        np.testing.assert_array_equal(getattr(whole, name)[:100], getattr(part, name))
    np.testing.assert_array_equal(stress[:100], part_stress)
    other, _ = market_factor(MarketSpec(seed=6), DAYS[:100])
    assert not np.isin(other.night, part.night).any()


def test_the_market_has_its_volatility_its_drift_and_no_return_beyond_the_clip():
    plain, stress = market_factor(MarketSpec(seed=1), DAYS)
    moves = plain.night + plain.day
    assert moves.std() * np.sqrt(252) == pytest.approx(0.158, rel=0.25)
    assert np.abs(plain.night).max() <= MAX_HALF_RETURN
    assert stress[0] == 1.0
    assert stress.min() > 0
    assert (plain.variance > 0).all()
    drifting, _ = market_factor(MarketSpec(seed=1, drift_annual=0.252), DAYS)
    np.testing.assert_allclose(drifting.night + drifting.day - moves, 0.001)
    np.testing.assert_allclose(drifting.night - plain.night, 0.0003)


def test_falls_raise_tomorrows_variance_more_than_rises():
    plain, stress = market_factor(MarketSpec(seed=2), DAYS)
    shock = (plain.night + plain.day)[:-1]
    growth = stress[1:] / stress[:-1]
    falls, rises = shock < np.quantile(shock, 0.1), shock > np.quantile(shock, 0.9)
    assert growth[falls].mean() > 1.05 * growth[rises].mean()
    assert growth[np.abs(shock) < 0.002].mean() < 1.0


def test_sectors_are_as_many_as_declared_and_grow_with_the_markets_stress():
    calm = sector_factors(MarketSpec(seed=3), DAYS, np.ones(len(DAYS)))
    assert calm.night.shape == calm.day.shape == calm.variance.shape == (len(DAYS), N_SECTORS)
    wild = sector_factors(MarketSpec(seed=3), DAYS, np.full(len(DAYS), 4.0))
    # Half of the variance moves with the market's: 0.5 + 0.5 x 4.
    np.testing.assert_allclose(wild.day, calm.day * np.sqrt(2.5))
    np.testing.assert_allclose(wild.variance, calm.variance * 2.5)
    correlation = np.corrcoef(calm.day.T)
    assert np.abs(correlation[~np.eye(N_SECTORS, dtype=bool)]).max() < 0.1
