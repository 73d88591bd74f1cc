"""The live verdict: no false alarm over a year of looks, an edge that stops is seen, and how long that takes.

Weeks are simulated as they are in truth: setups of a week move together, and holds of six weeks overlap, so the
results of neighbouring weeks share what the market did. The claim comes from a simulated backtest of the same kind,
estimated by the house's own estimator.
"""

import math

import numpy as np
import pytest
from scipy import stats

from btassets.engine.statistics.distributions import student_t_quantile
from btassets.engine.statistics.ewc import estimate
from btassets.engine.statistics.influence import setup_influence
from btassets.engine.statistics.live_verdict import (
    AS_TESTED,
    DECIDES,
    TOO_EARLY,
    WORSE,
    Claim,
    judge,
    log_evidence,
    variances,
)

OVERLAP = 6
FEW = {"n_a_week": 4.0, "common": 0.3}
"""Four setups a week that share 30% of their variance with the market."""
MANY = {"n_a_week": 12.0, "common": 0.1}
"""Twelve that share 10%."""


def simulated(rng, n_weeks, mean, *, n_a_week, common):
    """Weeks of setups with a common moving average of the market's weeks: (sums, counts, all values, week of each)."""
    market = rng.standard_normal(n_weeks + OVERLAP)
    moved = np.convolve(market, np.ones(OVERLAP) / math.sqrt(OVERLAP), "valid")[:n_weeks]
    counts = rng.poisson(n_a_week - 1.0, n_weeks) + 1
    week = np.repeat(np.arange(n_weeks), counts)
    # Bounded and skewed, as R is: a target pays 2, a stop costs 1.
    z = math.sqrt(common) * moved[week] + math.sqrt(1.0 - common) * rng.standard_normal(len(week))
    drift = np.asarray(mean)[week] if np.ndim(mean) else mean
    hit = stats.norm.cdf(z) < (1.0 + drift) / 3.0
    value = np.where(hit, 2.0, -1.0)
    return np.bincount(week, value, n_weeks), np.bincount(week, minlength=n_weeks).astype(float), value, week


def claim_from(rng, mean, n_weeks=260, **kind):
    """What a backtest of five years says."""
    _, _, value, week = simulated(rng, n_weeks, mean, **kind)
    found = estimate(setup_influence(week, value, n_weeks), OVERLAP).row()
    quantile = student_t_quantile(0.975, found["dof"])
    return Claim(found["estimate"], found["ci_lo"], found["se"], found["n_setups"], found["n_weeks"], quantile)


def first_look(sums, counts, claim, verdict):
    """Number of weeks after which a verdict is said for the first time; None: never."""
    if judge(sums, counts, claim).verdict != verdict:
        return None
    low, high = 1, len(sums)
    while low < high:  # a verdict stays once it is said
        middle = (low + high) // 2
        if judge(sums[:middle], counts[:middle], claim).verdict == verdict:
            high = middle
        else:
            low = middle + 1
    return low


def test_the_evidence_is_the_half_normal_mixture():
    from scipy.integrate import quad

    for total, variance, rho in ((3.0, 4.0, 2.0), (-5.0, 1.0, 3.0), (20.0, 9.0, 1.0)):

        def mixed(slope, total=total, variance=variance, rho=rho):
            density = 2.0 * stats.norm.pdf(slope, scale=1.0 / math.sqrt(rho))
            return density * math.exp(slope * total - slope * slope * variance / 2.0)

        whole = quad(mixed, 0.0, 50.0, limit=500)[0]
        assert math.exp(log_evidence(total, variance, rho)) == pytest.approx(whole, rel=1e-6)
    assert log_evidence(0.0, 0.0, 5.0) == pytest.approx(0.0)
    far = [log_evidence(s, 1.0, 1.0) for s in (-13.0, -14.0, -14.5, -15.0, -40.0)]
    assert far == sorted(far, reverse=True)  # the tail of Phi is continued without a step


@pytest.mark.parametrize("kind", [FEW, MANY])
def test_an_edge_that_goes_on_is_not_accused(kind):
    """A year of looks after each week, 200 backtests each with its own error: at most 5% accused."""
    rng = np.random.default_rng(16)
    n_accused = 0
    for _ in range(200):
        claim = claim_from(rng, 0.15, **kind)
        sums, counts, _, _ = simulated(rng, 52, 0.15, **kind)
        n_accused += judge(sums, counts, claim).verdict == WORSE
    assert n_accused <= 10, n_accused


@pytest.mark.long
def test_even_at_the_threshold_itself_no_more_than_five_in_a_hundred_are_accused():
    """The claim without its error: the live mean is exactly the threshold, the hardest case that is no lie."""
    rng = np.random.default_rng(17)
    wide = claim_from(rng, 0.15, n_weeks=20_000, **FEW)
    claim = Claim(0.15, 0.15, wide.se, wide.n_setups, wide.n_weeks, 1.96)
    said = [judge(*simulated(rng, 52, 0.15, **FEW)[:2], claim).verdict for _ in range(1_000)]
    assert said.count(WORSE) <= 50
    assert said.count(AS_TESTED) <= 50


def seen_within(rng, weeks, before, after, n=60):
    """Share of runs in which an edge that changes after 30 sessions (six weeks) is seen within so many weeks."""
    times = []
    for _ in range(n):
        claim = claim_from(rng, before, **MANY)
        path = np.where(np.arange(max(weeks)) < 6, before, after)
        times.append(first_look(*simulated(rng, max(weeks), path, **MANY)[:2], claim, WORSE) or np.inf)
    assert min(times) > 6
    return [float(np.mean([time <= limit for time in times])) for limit in weeks]


def test_an_edge_that_turns_is_seen_within_a_year_and_one_that_stops_within_three():
    """0.6R that becomes -0.4R: 9 of 10 within a year, all within three; 0.6R that becomes 0: most within three."""
    one, three = seen_within(np.random.default_rng(18), (52, 156), 0.6, -0.4)
    assert one >= 0.8
    assert three >= 0.95
    _, three = seen_within(np.random.default_rng(18), (52, 156), 0.6, 0.0)
    assert three >= 0.75


def test_half_of_an_edge_gone_takes_many_years():
    """An honest figure: 0.6R that becomes 0.3R is seen in one of 20 within a year, in 2 of 5 within ten."""
    one, ten = seen_within(np.random.default_rng(19), (52, 520), 0.6, 0.3)
    assert one <= 0.15
    assert 0.25 <= ten <= 0.75


def test_as_tested_is_said_and_how_many_more_are_needed():
    rng = np.random.default_rng(20)
    claim = claim_from(rng, 0.6, **FEW)
    before = judge(np.zeros(0), np.zeros(0), claim)
    assert (before.verdict, before.e_worse, before.e_as_tested) == (TOO_EARLY, 1.0, 1.0)
    assert math.isnan(before.mean)
    n_weeks = math.ceil(before.more_setups / claim.setups_a_week)
    counts = np.full(n_weeks, claim.setups_a_week)
    assert judge(counts * claim.mean, counts, claim).verdict == AS_TESTED
    short = judge(counts[:-2] * claim.mean, counts[:-2], claim)
    assert short.verdict == TOO_EARLY
    assert 0 < short.more_setups <= 2 * claim.setups_a_week + 1
    assert short.lo < short.mean < short.hi


def test_a_cost_is_worse_upwards():
    claim = Claim(0.1, 0.2, 0.05, 400, 200, 2.0)
    counts = np.full(200, 2.0)
    assert judge(counts * 0.9, counts, claim, is_more_better=False).verdict == WORSE
    assert judge(counts * -0.5, counts, claim, is_more_better=False).verdict == AS_TESTED


def test_crowded_and_thin_weeks_never_lessen_the_variance():
    claim = Claim(0.1, 0.0, 0.05, 400, 200, 1.959963984540054)
    base = claim.week_variance
    found = variances(np.array([1.0, 2.0, 4.0]), claim) / base
    assert found.tolist() == pytest.approx([0.5, 1.0, 4.0])
    assert DECIDES == 20.0
