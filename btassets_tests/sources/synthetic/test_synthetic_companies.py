"""Companies: traits that depend on their own number alone, and actions that adjust back to the index."""

import numpy as np
import pytest

from btassets.sources.synthetic.synthetic_companies import (
    NO_DATE,
    corporate_actions,
    earnings_jumps,
    first_sessions_at,
    found_companies,
)
from btassets.sources.synthetic.synthetic_factors import DEFAULT_EPOCH, N_SECTORS, MarketSpec

SPEC = MarketSpec(seed=7)
NUMBERS = np.arange(1, 401)
DAYS = np.arange(DEFAULT_EPOCH, DEFAULT_EPOCH + 2600)
SESSIONS = DAYS[(DAYS + 3) % 7 < 5].astype(np.int32)


@pytest.fixture(scope="module")
def companies():
    return found_companies(SPEC, NUMBERS)


def test_traits_do_not_depend_on_the_other_companies(companies):
    alone = found_companies(SPEC, np.array([17, 3]))
    for name in alone.__slots__:
        assert getattr(alone, name).tolist() == getattr(companies, name)[[16, 2]].tolist(), name


def test_traits_are_inside_their_ranges(companies):
    assert set(companies.sector.tolist()) == set(range(N_SECTORS))
    assert ((companies.beta >= 0.55) & (companies.beta <= 1.55)).all()
    assert ((companies.own_vol * np.sqrt(252) >= 0.155) & (companies.own_vol * np.sqrt(252) <= 0.395)).all()
    payers = companies.dividend_yield > 0
    assert 0.5 < payers.mean() < 0.7
    assert ((companies.dividend_yield[payers] >= 0.005) & (companies.dividend_yield[payers] <= 0.04)).all()
    assert ((companies.first_price >= 18) & (companies.first_price <= 168)).all()
    assert (companies.usual_shock > companies.own_vol).all()
    assert ((companies.earnings_offset >= 0) & (companies.earnings_offset < 91)).all()


def test_without_a_lifecycle_every_company_always_existed():
    plain = found_companies(MarketSpec(seed=7, has_lifecycle=False), NUMBERS)
    for name in ("listing_date", "news_date", "end_date"):
        assert (getattr(plain, name) == NO_DATE).all()
    assert (plain.news_jump == 0).all()
    assert (plain.calm_after == 1).all()


def test_an_end_comes_after_its_news_and_late_companies_live_for_a_while(companies):
    many = found_companies(SPEC, np.arange(1, 20_001))
    left = (many.end_date.astype(int) - many.news_date)[many.end_date < NO_DATE]
    assert (left.min(), left.max()) == (15, 89)
    assert set(np.sign(companies.news_jump).tolist()) == {-1.0, 1.0}
    late = companies.listing_date < NO_DATE
    assert 0.05 < late.mean() < 0.2
    both = late & (companies.news_date < NO_DATE)
    assert (companies.news_date[both].astype(int) - companies.listing_date[both] >= 540).all()
    # Takeovers and collapses have mean 0 together.
    assert 0.65 * companies.news_jump.max() + 0.35 * companies.news_jump.min() == pytest.approx(0.0)


def test_a_date_belongs_to_the_first_session_on_or_after_it():
    sessions = np.array([10, 11, 14], np.int32)
    dates = np.array([[9, 10], [12, 15]])
    assert first_sessions_at(sessions, dates).tolist() == [[0, 0], [2, 3]]


def test_earnings_come_once_a_quarter_and_later_sessions_move_none(companies):
    days, jumps = earnings_jumps(companies, SESSIONS, SPEC.seed)
    assert days.shape == jumps.shape
    inside = (days[:, 0] > 0) & (days[:, 0] < len(SESSIONS))
    steps = np.diff(SESSIONS[days[inside, 0]].astype(int))
    assert steps.min() >= 91 - 3
    assert steps.max() <= 91 + 3
    fewer, fewer_jumps = earnings_jumps(companies, SESSIONS[:500], SPEC.seed)
    n = len(fewer) - 1
    np.testing.assert_array_equal(jumps[:n], fewer_jumps[:n])
    assert abs(jumps.mean()) < 4 * jumps.std() / np.sqrt(jumps.size)


def test_actions_adjusted_backward_give_the_index_again(companies):
    rng = np.random.default_rng(1)
    index = np.exp(np.cumsum(rng.normal(0.0006, 0.02, (len(SESSIONS), len(NUMBERS))), axis=0))
    listed = np.zeros(len(NUMBERS), np.int64)
    scale, dividend, split = corporate_actions(companies, SESSIONS, index, listed, SPEC.seed)
    price = index * scale
    # Total return of a holder: shares multiply at a split, and the dividend is paid on the new share.
    holder = split[1:] * (price[1:] + dividend[1:] * price[1:] / (price[:-1] / split[1:] - dividend[1:])) / price[:-1]
    np.testing.assert_allclose(holder, index[1:] / index[:-1], rtol=1e-9)
    assert (dividend[:, companies.dividend_yield == 0] == 0).all()
    assert set(np.unique(split)) <= {0.1, 0.2, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0}
    assert (split != 1).sum() > 20
    assert np.allclose(dividend * 100, np.round(dividend * 100))  # whole cents
    np.testing.assert_allclose(price[0], companies.first_price * index[0])


def test_an_action_before_the_first_bar_does_not_exist(companies):
    index = np.ones((len(SESSIONS), len(NUMBERS)))
    listed = np.full(len(NUMBERS), 900)
    scale, dividend, split = corporate_actions(companies, SESSIONS, index, listed, SPEC.seed)
    assert (dividend[:901] == 0).all()
    assert (split[:901] == 1).all()
    assert dividend[901:].sum() > 0
    assert scale[900] == pytest.approx(companies.first_price)


def test_dear_shares_split_and_very_cheap_ones_join(companies):
    n = len(NUMBERS)
    rising = np.full((len(SESSIONS), n), 12.0)
    rising[0] = 1.0
    _, _, split = corporate_actions(companies, SESSIONS, rising, np.zeros(n, np.int64), SPEC.seed)
    assert (split > 1).any(axis=0).mean() > 0.5
    assert (split >= 1).all()
    falling = np.full((len(SESSIONS), n), 0.01)
    falling[0] = 1.0
    _, _, joined = corporate_actions(companies, SESSIONS, falling, np.zeros(n, np.int64), SPEC.seed)
    first = joined[joined < 1]
    assert set(first.tolist()) <= {0.1, 0.2}
    assert (joined < 1).any(axis=0).all()
