"""Normal and Student t distributions, to the last few bits, without scipy.

Belongs here: distribution functions and quantiles for intervals and p-values. Does not belong here: the tests.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-300
_MAX_STEPS = 400

# Wichura (1988), algorithm AS 241 (PPND16): rational approximations of the normal quantile in the middle,
# the near tail and the far tail, highest power first.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: float) -> float:
    top = bottom = 0.0
    for above, below in zip(*coefficients, strict=True):
        top = top * x + above
        bottom = bottom * x + below
    return top / bottom


def normal_cdf(x: float) -> float:
    """Probability that a standard normal is at or below `x`.

    >>> round(normal_cdf(1.96), 6)
    0.975002
    """
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal at `probability`; infinite at 0 and 1.

    Source: Wichura (1988), Applied Statistics 37, AS 241; 1e-16 relative.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    if not 0.0 < probability < 1.0:
        return math.copysign(math.inf, probability - 0.5) if probability in (0.0, 1.0) else math.nan
    centred = probability - 0.5
    if abs(centred) <= 0.425:
        return centred * _ratio(_MIDDLE, 0.180625 - centred * centred)
    tail = math.sqrt(-math.log(min(probability, 1.0 - probability)))
    value = _ratio(_NEAR, tail - 1.6) if tail <= 5.0 else _ratio(_FAR, tail - 5.0)
    return math.copysign(value, centred)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function, by Lentz's method."""
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for i in range(1, _MAX_STEPS):
        even = i * (b - i) * x / ((a + 2 * i - 1.0) * (a + 2 * i))
        odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1.0))
        step = 1.0
        for coefficient in (even, odd):
            d = 1.0 + coefficient * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + coefficient / c
            c = c if abs(c) > _TINY else _TINY
            step = c * d
            value *= step
        if abs(step - 1.0) < 1e-16:
            break
    return value


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b). Source: DLMF 8.17.22."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(log_front)
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def student_t_sf(t: float, dof: float) -> float:
    """Probability that Student's t with `dof` degrees of freedom exceeds `t`; NaN for NaN.

    Tails keep their relative precision. Source: DLMF 8.17; P(T > t) = I_x(dof/2, 1/2) / 2 with x = dof / (dof + t^2).

    >>> round(student_t_sf(2.306004, 8), 6)
    0.025
    """
    if math.isnan(t) or math.isnan(dof):
        return math.nan
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    tail = 0.5 * _incomplete_beta(0.5 * dof, 0.5, dof / (dof + t * t))
    return tail if t >= 0 else 1.0 - tail


def two_sided_p(t: NDArray[np.float64], dof: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two-sided p-value of each t, shape (k,); NaN where `t` or `dof` is NaN."""
    pairs = zip(np.abs(t).tolist(), np.broadcast_to(dof, np.shape(t)).tolist(), strict=True)
    return np.array([2.0 * student_t_sf(a, b) for a, b in pairs], dtype=np.float64)


def _density(t: float, dof: float) -> float:
    log_scale = math.lgamma(0.5 * (dof + 1.0)) - math.lgamma(0.5 * dof) - 0.5 * math.log(dof * math.pi)
    return math.exp(log_scale - 0.5 * (dof + 1.0) * math.log1p(t * t / dof))


@lru_cache(maxsize=4096)
def student_t_quantile(probability: float, dof: float) -> float:
    """Quantile of Student's t at `probability`.

    Newton steps on the tail probability from the normal quantile, kept inside a bracket.

    >>> round(student_t_quantile(0.975, 8), 6)
    2.306004
    """
    if not 0.0 < probability < 1.0 or math.isnan(dof):
        return normal_quantile(probability) if not math.isnan(dof) else math.nan
    if probability < 0.5:
        return -student_t_quantile(1.0 - probability, dof)
    tail = 1.0 - probability
    low, high = 0.0, max(1.0, normal_quantile(probability))
    while student_t_sf(high, dof) > tail:
        low, high = high, 2.0 * high
    t = low
    for _ in range(200):
        error = student_t_sf(t, dof) - tail
        low, high = (t, high) if error > 0 else (low, t)
        step = error / _density(t, dof)
        following = t + step
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - t) <= 1e-15 * max(1.0, abs(t)):
            return following
        t = following
    return t
