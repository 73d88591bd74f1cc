"""Mean and Sharpe ratio of a return series: their influence is the derivative, and pairing two equal ones gives 0."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.ewc import DAILY, estimate
from btassets.engine.statistics.influence import difference
from btassets.engine.statistics.return_series import MEAN, SHARPE, return_influence


def plain_sharpe(returns: np.ndarray) -> float:
    values = returns.tolist()
    mean = math.fsum(values) / len(values)
    variance = math.fsum((x - mean) ** 2 for x in values) / (len(values) - 1)
    return mean / math.sqrt(variance) * math.sqrt(252)


@pytest.fixture
def returns() -> np.ndarray:
    return np.random.default_rng(3).standard_t(5, 800) * 0.01 + 0.0004


def test_estimates_equal_the_plain_ones(returns: np.ndarray) -> None:
    found = return_influence(returns)
    assert found.estimate[MEAN] == pytest.approx(returns.mean() * 252, rel=1e-12)
    assert found.estimate[SHARPE] == pytest.approx(plain_sharpe(returns), rel=1e-12)
    assert np.abs(found.psi.sum(axis=0)).max() < 1e-9


@pytest.mark.parametrize("day", [0, 17, 799])
def test_the_influence_of_a_day_is_what_leaving_it_a_little_more_weight_moves(returns: np.ndarray, day: int) -> None:
    step = 1e-6
    weights = np.ones(len(returns))
    weights[day] += step * len(returns)
    weights /= weights.sum()
    mean = float(weights @ returns)
    spread = math.sqrt(float(weights @ (returns - mean) ** 2) * len(returns) / (len(returns) - 1))
    moved = (mean / spread * math.sqrt(252) - plain_sharpe(returns)) / step
    assert return_influence(returns).psi[day, SHARPE] == pytest.approx(moved, rel=0.02, abs=0.02)


def test_the_error_of_a_sharpe_ratio_is_that_of_its_formula(returns: np.ndarray) -> None:
    """Without serial correlation the error is sqrt((1 + s^2 (k - 1) / 4 - s skew) / n): Lo, with skew and kurtosis."""
    rng = np.random.default_rng(11)
    errors = [estimate(return_influence(rng.standard_normal(1260) * 0.01), DAILY).se[SHARPE] for _ in range(60)]
    assert np.mean(errors) == pytest.approx(math.sqrt(252 / 1260), rel=0.05)


def test_a_series_against_itself_differs_by_exactly_nothing(returns: np.ndarray) -> None:
    found = estimate(difference(return_influence(returns), return_influence(returns)), DAILY)
    assert found.estimate.tolist() == found.ci_lo.tolist() == found.ci_hi.tolist() == [0.0, 0.0]
    assert found.p.tolist() == [1.0, 1.0]


def test_pairing_narrows_the_interval_of_two_books_that_move_together(returns: np.ndarray) -> None:
    other = returns + np.random.default_rng(4).standard_normal(len(returns)) * 0.001
    paired = estimate(difference(return_influence(other), return_influence(returns)), DAILY)
    alone = estimate(return_influence(returns), DAILY)
    assert (paired.se < 0.25 * alone.se).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_days_give_nothing(n: int) -> None:
    found = return_influence(np.zeros(n))
    assert np.isnan(found.estimate).all()
    assert len(found.psi) == n


def test_a_flat_curve_has_a_mean_and_no_sharpe_ratio() -> None:
    found = return_influence(np.zeros(400))
    assert found.estimate[MEAN] == 0.0
    assert np.isnan(found.estimate[SHARPE])
    assert found.n_obs.tolist() == [400, 0]
