"""Counter-based random numbers: the algorithm, the distributions, and that nothing depends on company."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from btassets.sources.synthetic import counter_random as cr

DAYS = np.arange(18_000, 20_000, dtype=np.int32)


def plain_splitmix64(start: int, n: int) -> int:
    """Number n of the sequence, in plain integers."""
    mask = (1 << 64) - 1
    z = (start + n * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def test_published_splitmix64_sequence():
    # First outputs for seed 1234567, as printed with the reference implementation.
    zero_key = np.array([1_234_567], dtype=np.uint64)
    got = cr.random_bits(zero_key, np.arange(1, 4))[:, 0].tolist()
    assert got == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**31 - 1))
def test_bits_equal_plain_integers(key, counter):
    got = cr.random_bits(np.array([key], dtype=np.uint64), np.array([counter]))
    assert int(got[0, 0]) == plain_splitmix64(key, counter)


def test_keys_differ_by_seed_entity_and_stream():
    keys = [cr.stream_keys(s, np.arange(200), k) for s in range(5) for k in range(5)]
    assert len(np.unique(np.concatenate(keys))) == 5 * 5 * 200


def test_own_counters_per_entity_equal_shared_ones():
    keys = cr.stream_keys(3, np.arange(7), 1)
    shared = cr.random_bits(keys, DAYS)
    own = cr.random_bits(keys, np.repeat(DAYS[:, None], 7, axis=1))
    assert np.array_equal(shared, own)


def test_logarithm_and_exponential():
    u = np.concatenate([np.logspace(-300, 0, 5001), 1.0 - np.logspace(-15, -1, 200)])
    assert np.abs(cr.minus_log(u) + np.log(u)).max() < 1e-12
    assert cr.minus_log(np.array([1.0]))[0] == pytest.approx(0.0, abs=1e-13)
    x = np.linspace(-30.0, 30.0, 5001)
    assert np.abs(cr.exponential_function(x) / np.exp(x) - 1.0).max() < 1e-13


def test_circle_is_exactly_symmetric():
    bits = np.arange(0, 2**31, 104_729, dtype=np.uint64)
    x, y = cr.circle_point(bits)
    mirrored_x, same_y = cr.circle_point(np.uint64(2**31 - 1) - bits)
    assert np.array_equal(mirrored_x, -x)
    assert np.array_equal(same_y, y)
    same_x, mirrored_y = cr.circle_point(bits | np.uint64(2**31))
    assert np.array_equal(same_x, x)
    assert np.array_equal(mirrored_y, -y)
    angle = (bits.astype(float) - (2.0**30 - 0.5)) * math.pi / 2.0**31
    assert np.abs(x - np.sin(angle)).max() < 1e-11
    assert np.abs(x * x + y * y - 1.0).max() < 1e-12


@pytest.fixture(scope="module")
def bits():
    return cr.random_bits(cr.stream_keys(5, np.arange(40), 1), DAYS)


def test_distributions(bits):
    def p_value(values, law):
        return stats.kstest(values.ravel(), law).pvalue

    assert p_value(cr.uniform(bits), "uniform") > 0.01
    x, y, tail = cr.student4_pair(bits, max_radius=1e12)
    assert p_value(x * math.sqrt(2.0), stats.t(4).cdf) > 0.01
    assert p_value(y * math.sqrt(2.0), stats.t(4).cdf) > 0.01
    other = cr.random_bits(cr.stream_keys(5, np.arange(40), 2), DAYS)
    mixing = cr.mixing_variance(other, tail, max_variance=1e12)
    assert p_value(1.0 / mixing, stats.gamma(2).cdf) > 0.01
    assert p_value(y / np.sqrt(mixing), "norm") > 0.01, "given its variance the shock is normal"


def test_bell_is_standardised(bits):
    values = cr.bell(bits)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1.0) < 0.01
    assert np.array_equal(cr.bell(~bits), -values)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**63), st.integers(1, 70), st.integers(0, 69), st.integers(1, 50))
def test_no_draw_depends_on_its_company(seed, width, column, length):
    column %= width
    many = cr.random_bits(cr.stream_keys(seed, np.arange(width), 4), DAYS[: length + 3])
    alone = cr.random_bits(cr.stream_keys(seed, np.array([column]), 4), DAYS[:length])
    for draw in (cr.uniform, cr.bell, lambda b: cr.minus_log(cr.uniform(b))):
        assert np.array_equal(draw(many)[:length, column], draw(alone)[:, 0])
    for part_many, part_alone in zip(cr.student4_pair(many, 6.0), cr.student4_pair(alone, 6.0), strict=True):
        assert np.array_equal(part_many[:length, column], part_alone[:, 0])
