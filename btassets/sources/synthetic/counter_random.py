"""Random numbers that are a pure function of (seed, entity, stream, counter).

Belongs here: the hash, and the few distributions needed by the synthetic market. Does not belong here: any rule of the
market itself.

Nothing has a state, so any entity can be drawn alone and in any order, and a later counter never changes an earlier
draw. The arithmetic uses only integers, `+ - * /`, `sqrt` and `floor`, all exactly defined by IEEE 754: library `log`,
`exp` and `sin` differ in the last bit between processors, these do not, so a demo gives the same numbers everywhere.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Uint64s = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

# splitmix64 (Steele, Lea and Flood, OOPSLA 2014): the golden-ratio step and Stafford's "mix 13".
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32, _S16 = (np.uint64(k) for k in (27, 30, 31, 32, 16))
_LOW_16, _LOW_21, _LOW_31, _LOW_32 = (np.uint64((1 << k) - 1) for k in (16, 21, 31, 32))

_MANTISSA = np.int64((1 << 52) - 1)
_HALF_EXPONENT = np.int64(1022 << 52)
_SQRT_HALF = math.sqrt(0.5)
_LN_2 = 0.6931471805599453

_ATANH_TERMS = tuple(1.0 / k for k in (15, 13, 11, 9, 7, 5, 3))
_EXP_TERMS = tuple(1.0 / math.factorial(k) for k in range(12, -1, -1))
_SINE_TERMS = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(8, -1, -1))
_HALF_PI_OVER_2_30 = math.pi / 2.0**31


def _mixed(x: Uint64s) -> Uint64s:
    """Scramble `x` in place by the splitmix64 finalizer."""
    x ^= x >> _S30
    x *= _MIX_1
    x ^= x >> _S27
    x *= _MIX_2
    x ^= x >> _S31
    return x


def stream_keys(seed: int, entities: npt.NDArray[Any], stream: int) -> Uint64s:
    """Key of one stream for every entity, shape of `entities`.

    Parameters
    ----------
    seed
        Any integer; only its lowest 64 bits count.
    entities
        Non-negative integers that identify the entity (a ticker's number, the market, a sector).
    stream
        Non-negative integer that identifies the drawn quantity.
    """
    with np.errstate(over="ignore"):  # 64-bit wrap-around is the algorithm
        key = np.full(np.shape(entities), seed & 0xFFFFFFFFFFFFFFFF, dtype=np.uint64)
        key = _mixed(key + _STEP)
        key = _mixed(key + (np.asarray(entities).astype(np.uint64) + np.uint64(1)) * _STEP)
        return _mixed(key + np.uint64(stream + 1) * _STEP)


def random_bits(keys: Uint64s, counters: npt.NDArray[Any]) -> Uint64s:
    """64 random bits per counter and key.

    Element [i, j] is number `counters[i]` of the splitmix64 sequence that starts at `keys[j]`.

    Parameters
    ----------
    keys
        From `stream_keys`, shape (n_entities,).
    counters
        Non-negative integers, e.g. days since 1970-01-01: shape (n,) if all entities share them, (n, n_entities) if
        each has its own.

    Returns
    -------
    numpy.ndarray
        uint64, shape (n, n_entities).
    """
    steps = np.asarray(counters).astype(np.uint64) * _STEP
    if steps.ndim == 1:
        steps = steps[:, None]
    return _mixed(keys[None, :] + steps)


def uniform(bits: Uint64s) -> Floats:
    """53-bit uniforms inside (0, 1), neither end included, same shape."""
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def uniform_pair(bits: Uint64s) -> tuple[Floats, Floats]:
    """Two independent 32-bit uniforms inside (0, 1) from the two halves of `bits`."""
    high = ((bits >> _S32).astype(np.float64) + 0.5) * 2.0**-32
    low = ((bits & _LOW_32).astype(np.float64) + 0.5) * 2.0**-32
    return high, low


def minus_log(u: Floats) -> Floats:
    """-ln(u) for u in (0, 1], absolute error below 1e-13, never negative.

    With u = m 2^k, m in [1/2, 1), and f = (m - sqrt(1/2)) / (m + sqrt(1/2)):
    ln u = (k - 1/2) ln 2 + 2 atanh(f), and |f| < 0.172 makes eight terms enough.
    """
    raw = u.view(np.int64)
    half_exponents = (raw >> 52).astype(np.float64)
    half_exponents -= 1022.5
    m = ((raw & _MANTISSA) | _HALF_EXPONENT).view(np.float64)
    f = m - _SQRT_HALF
    m += _SQRT_HALF
    f /= m
    square = np.multiply(f, f, out=m)
    total = np.full_like(f, _ATANH_TERMS[0])
    for term in _ATANH_TERMS[1:]:
        total *= square
        total += term
    total *= square
    total += 1.0
    total *= f
    total *= -2.0
    half_exponents *= _LN_2
    total -= half_exponents
    return np.maximum(total, 0.0, out=total)


def exponential_function(x: Floats) -> Floats:
    """Exponential function of x for |x| < 700, relative error below 1e-13."""
    k = np.floor(x * (1.0 / _LN_2) + 0.5)
    r = x - k * _LN_2
    total = np.full_like(r, _EXP_TERMS[0])
    for term in _EXP_TERMS[1:]:
        total *= r
        total += term
    return np.ldexp(total, k.astype(np.int32))


def circle_point(bits32: Uint64s) -> tuple[Floats, Floats]:
    """Point on the unit circle, uniform by angle, from the 32 lowest bits.

    Exactly symmetric: the first coordinate's angle is one of 2^31 values placed symmetrically around 0, the second
    one's sign is a separate bit. So either coordinate has mean exactly 0 given the other, which makes the market an
    exact martingale.
    """
    angle = (bits32 & _LOW_31).astype(np.float64)
    angle -= 2.0**30 - 0.5
    angle *= _HALF_PI_OVER_2_30
    square = angle * angle
    sine = np.full_like(angle, _SINE_TERMS[0])
    for term in _SINE_TERMS[1:]:
        sine *= square
        sine += term
    sine *= angle
    np.multiply(sine, sine, out=square)
    np.subtract(1.0, square, out=square)
    np.maximum(square, 0.0, out=square)
    cosine = np.sqrt(square, out=square)
    sign = (((bits32 >> _S31) & np.uint64(1)).astype(np.float64)) * 2.0 - 1.0
    cosine *= sign
    return sine, cosine


def student4_pair(bits: Uint64s, max_radius: float) -> tuple[Floats, Floats, Floats]:
    """Bivariate Student t with 4 degrees of freedom, each coordinate of variance 1.

    The pair is (z1, z2) / sqrt(g) with independent normals and ONE g ~ Gamma(2, 1): uncorrelated,
    but large together. Bailey's polar method (Math. Comp. 62, 1994): radius^2 = 2 (u^-1/2 - 1).

    Parameters
    ----------
    bits
        From `random_bits`.
    max_radius
        Larger radii are clipped to this one, keeping the direction, so that symmetry and hence mean 0 are exact.

    Returns
    -------
    tuple of numpy.ndarray
        x, y, and 1 + radius^2 / 2 (before clipping), an input of `mixing_variance`.
    """
    tail = ((bits >> _S32).astype(np.float64) + 0.5) * 2.0**-32
    np.sqrt(tail, out=tail)
    np.divide(1.0, tail, out=tail)
    radius = tail - 1.0
    radius *= 2.0
    np.sqrt(radius, out=radius)
    np.minimum(radius, max_radius, out=radius)
    x, y = circle_point(bits & _LOW_32)
    x *= radius
    y *= radius
    return x, y, tail


def mixing_variance(bits: Uint64s, tail: Floats, max_variance: float) -> Floats:
    """Draw 1/g of a `student4_pair` given the pair: the actual variance of its Brownian paths.

    Given the pair, g ~ Gamma(3) / (1 + radius^2 / 2); Gamma(3) = -ln(u1 u2 u3), 21 bits each.
    """
    product = ((bits & _LOW_21).astype(np.float64) + 0.5) * 2.0**-63
    product *= ((bits >> np.uint64(21)) & _LOW_21).astype(np.float64) + 0.5
    product *= ((bits >> np.uint64(42)) & _LOW_21).astype(np.float64) + 0.5
    variance = np.divide(tail, minus_log(product))
    return np.minimum(variance, max_variance, out=variance)


def bell(bits: Uint64s) -> Floats:
    """Sum of four 16-bit uniforms, standardised: nearly normal, mean exactly 0, |x| < 3.47."""
    total = (bits & _LOW_16).astype(np.float64)
    for shift in (_S16, _S32, np.uint64(48)):
        total += ((bits >> shift) & _LOW_16).astype(np.float64)
    total -= 4 * 32767.5
    total *= math.sqrt(3.0) / 65536.0
    return total
