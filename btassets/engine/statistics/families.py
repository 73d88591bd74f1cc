"""Many comparisons at once: step-down over a family, false discovery rate over signals, the strict star.

Belongs here: p-values adjusted for the number of comparisons. Does not belong here: single errors (ewc) and claims
(verdicts).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.statistics.ewc import degrees_of_freedom, effective_dof, loadings
from btassets.engine.statistics.influence import Influence

DRAWS = 4000
SEED = 20180719
STAR_P = 0.0027
"""p below which a signal gets a star: the t of 3 required by Harvey, Liu and Zhu (2016), as a normal tail. With 8
degrees of freedom that is a t above 4.28."""

_CHUNK = 500  # draws per batch, which keeps the work arrays small


@dataclass(frozen=True)
class Family:
    """Adjusted p-values of a family of k estimates against 0, shape (k,) each.

    Attributes
    ----------
    t
        Statistics on the family's common span.
    p_adj
        Step-down p-values, two-sided, valid for the whole family under any dependence. NaN for members without an
        error; those do not count as members.
    size
        Members that count.
    dof
        Cosine transforms of the family.
    """

    t: NDArray[np.float64]
    p_adj: NDArray[np.float64]
    size: int
    dof: int


def step_down(
    influence: Influence,
    overlap: int,
    *,
    is_member: NDArray[np.bool_] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Family:
    """Step-down max-t over k estimates on the scale of the cosine estimator.

    With R the correlation of the loadings (nu x k), statistics under the joint null are drawn as
    Z_j / sqrt(S_jj) with Z ~ N(0, R) and S_jj the mean square of as many further draws from N(0, R) as
    member j has degrees of freedom. The
    p-value of a member is the share of draws in which the largest |t*| among it and all weaker
    members reaches its |t|, made monotone.

    Parameters
    ----------
    influence
        The family's estimates and series on one axis.
    overlap
        Weeks of overlap, the family's largest.
    is_member
        Shape (k,); members that count. None = all with an error.
    draws, seed
        The seed is fixed: the same input gives the same p-values.

    Notes
    -----
    Source: Romano and Wolf (2005), Econometrica 73, on the fixed-nu scale of Lazarus et al. (2018).
    The loadings themselves are a square root of R, also where R is singular (nested or identical
    members); a QR step shortens it to k rows, so that a draw takes k normals and not nu.
    """
    k = len(influence)
    observed = influence.last >= influence.first
    if is_member is not None:
        observed = observed & is_member
    t = np.full(k, np.nan)
    p_adj = np.full(k, np.nan)
    if not observed.any():
        return Family(t, p_adj, 0, 0)
    first, last = int(influence.first[observed].min()), int(influence.last[observed].max())
    n_periods = last - first + 1
    nu = degrees_of_freedom(n_periods, overlap)
    span = influence.psi[first : last + 1] if n_periods > 1 else np.zeros((2, k))
    own_span = np.maximum(influence.last - influence.first + 1, 1)
    transformed = loadings(span * (n_periods / own_span), nu)
    scale = np.sqrt(np.mean(transformed * transformed, axis=0))
    se = scale / np.sqrt(n_periods)
    members = np.flatnonzero(observed & (se > 1e-12 * np.abs(influence.estimate)))
    exact_zero = observed & (influence.estimate == 0.0) & (se == 0.0)
    t[exact_zero], p_adj[exact_zero] = 0.0, 1.0
    if len(members):
        t[members] = influence.estimate[members] / se[members]
        dof = effective_dof(span[:, members], nu, overlap)
        draws_t = _null_draws(transformed[:, members] / scale[members], dof, draws, seed)
        p_adj[members] = _step_down_p(np.abs(t[members]), draws_t)
    return Family(t, p_adj, len(members) + int(exact_zero.sum()), nu)


def _null_draws(
    standardised: NDArray[np.float64], dof: NDArray[np.int64], draws: int, seed: int
) -> NDArray[np.float64]:
    """|t*| under the joint null, shape (draws, k), from loadings with mean square 1, shape (nu, k)."""
    nu, k = standardised.shape
    root = np.linalg.qr(standardised / np.sqrt(nu), mode="r")
    generator = np.random.Generator(np.random.PCG64(seed))
    absolute = np.empty((draws, k))
    for start in range(0, draws, _CHUNK):
        n = min(_CHUNK, draws - start)
        normal = generator.standard_normal((n * (nu + 1), len(root))) @ root
        normal = normal.reshape(n, nu + 1, k)
        spread = np.sqrt(np.cumsum(normal[:, 1:] ** 2, axis=1)[:, dof - 1, np.arange(k)] / dof)
        absolute[start : start + n] = np.abs(normal[:, 0]) / spread
    return absolute


def _step_down_p(t: NDArray[np.float64], draws_t: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(-t, kind="stable")
    largest = np.maximum.accumulate(draws_t[:, order[::-1]], axis=1)[:, ::-1]
    p = (1.0 + np.count_nonzero(largest >= t[order], axis=0)) / (1.0 + len(draws_t))
    adjusted = np.empty_like(t)
    adjusted[order] = np.maximum.accumulate(p)
    return adjusted


def benjamini_hochberg(p: NDArray[np.float64], n_tests: int = 0) -> NDArray[np.float64]:
    """q-values: the false discovery rate at which each p-value would just be called, shape (k,).

    NaN p-values stay NaN and do not count. Source: Benjamini and Hochberg (1995), JRSS B 57.

    Parameters
    ----------
    n_tests
        Tests of the family, if more were made than there are p-values: those without one count as if their p were 1.

    >>> benjamini_hochberg(np.array([0.01, 0.04, np.nan, 0.03])).round(6).tolist()
    [0.03, 0.04, nan, 0.04]
    >>> benjamini_hochberg(np.array([0.01, 0.04]), n_tests=4).round(6).tolist()
    [0.04, 0.08]
    """
    q = np.full(len(p), np.nan)
    rows = np.flatnonzero(~np.isnan(p))
    if len(rows) == 0:
        return q
    order = rows[np.argsort(p[rows], kind="stable")]
    scaled = p[order] * (max(len(order), n_tests) / np.arange(1, len(order) + 1))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def has_star(p: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each p-value passes the threshold for a literature that tested hundreds of factors."""
    return p < STAR_P
