"""Verdicts on claims: supported, contradicted, or not distinguishable from noise.

Belongs here: the rules that turn an estimate with its error into a verdict. Does not belong here: the estimates, and
the advice beside the verdict.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from btassets.engine.statistics.distributions import student_t_quantile, student_t_sf
from btassets.engine.statistics.walk_forward import LEAST_WINDOWS

Verdict = Literal["supported", "contradicted", "not distinguishable from noise"]
Confirmed = Literal["yes", "weak", "no", "n/a"]

SUPPORTED: Verdict = "supported"
CONTRADICTED: Verdict = "contradicted"
NOISE: Verdict = "not distinguishable from noise"

LEVEL = 0.05
VARIANT_LEVEL = 0.025
"""Level of a variant of the portfolio. Two portfolios differ in turnover, so in costs: one that trades less is truly
better by a little where no ranking has an edge (decision 0032)."""
OUT_OF_SAMPLE_LEVEL = 0.10
NAMED_LEVEL = 0.025
"""One-sided level of the pre-registered signal: its 95% interval lies above 0."""

TABLE_LEVEL = 0.01
"""False discovery rate of the table of signals; with `NAMED_LEVEL` the family stays within 5%."""

NEGLIGIBLE_MARGIN_R = 0.02


@dataclass(frozen=True)
class Evidence:
    """Inputs of a verdict; NaN = not known (too short, nothing observed).

    Attributes
    ----------
    estimate
        Signed so that the claim is "above 0" (superior, positive), or "at most the margin" (negligible).
    se, dof
        Its standard error on the cosine scale.
    p_adj
        Two-sided p-value, adjusted for the family if there is one.
    confirmed
        Result of the out-of-sample windows.
    """

    estimate: float
    se: float
    dof: int
    p_adj: float
    confirmed: Confirmed = "n/a"


def out_of_sample(estimate: float, se: float, dof: int, n_windows: int, sign: int = 1) -> tuple[float, Confirmed]:
    """One-sided p-value and whether the windows confirm a claim.

    `yes`: same sign and p < .10; `weak`: same sign; `no`: the other sign; `n/a`: fewer than four windows, or no error
    known ("in-sample only").

    Parameters
    ----------
    estimate, se, dof
        Over the test weeks only.
    n_windows
        Windows with a test.
    sign
        Sign of the claim in sample, +1 or -1.
    """
    if n_windows < LEAST_WINDOWS or math.isnan(estimate):
        return math.nan, "n/a"
    signed = sign * estimate
    if not se > 0:
        return math.nan, "n/a"
    p = student_t_sf(signed / se, dof)
    if signed <= 0:
        return p, "no"
    return p, "yes" if p < OUT_OF_SAMPLE_LEVEL else "weak"


def superior(evidence: Evidence, level: float = LEVEL) -> Verdict:
    """Verdict on "better than" and on "above 0" (`positive`).

    Supported: the sign is as claimed, the adjusted p is below `level` and the windows do not contradict it.
    Contradicted: the 95% interval lies wholly on the other side.
    """
    if math.isnan(evidence.estimate) or not evidence.se >= 0:
        return NOISE
    if evidence.estimate > 0 and evidence.p_adj < level and evidence.confirmed != "no":
        return SUPPORTED
    half = student_t_quantile(0.975, evidence.dof) * evidence.se
    return CONTRADICTED if evidence.estimate + half < 0 else NOISE


def negligible(evidence: Evidence, margin: float = NEGLIGIBLE_MARGIN_R) -> Verdict:
    """Verdict on "this adds no more than the margin": non-inferiority at a one-sided 95%.

    `evidence.estimate` is the added value. A floor that stops no setup adds exactly 0: supported.
    """
    if math.isnan(evidence.estimate) or not evidence.se >= 0:
        return NOISE
    half = student_t_quantile(0.95, evidence.dof) * evidence.se
    if evidence.estimate + half <= margin:
        return SUPPORTED
    return CONTRADICTED if evidence.estimate - half > margin else NOISE


def uniquely_best(best: int, p_against: NDArray[np.float64]) -> tuple[Verdict, list[int]]:
    """Verdict on "this one is the best of them", and the set that ties with it (itself included).

    Parameters
    ----------
    best
        Position of the member with the highest estimate.
    p_against
        Step-down p-value of best minus each member, two-sided (the best was picked by looking), shape (k,); its own
        entry is ignored, NaN = not known, which ties.
    """
    tied = [j for j in range(len(p_against)) if j == best or not p_against[j] < LEVEL]
    is_alone = len(tied) == 1 and len(p_against) > 1
    return (SUPPORTED if is_alone else NOISE), tied


def signal_verdict(q: float, ic: float, spread: float, spread_p: float) -> Verdict:
    """Verdict on "this signal predicts returns": the discovery is significant, and the fifths agree.

    Supported: q below `TABLE_LEVEL` over the whole table and the quintile spread has the sign of the IC with p < .05.
    The second condition is needed because ranks alone can mislead: skewed returns give the volatility signal a rank IC
    under a pure martingale.
    """
    if math.isnan(q) or math.isnan(spread_p):
        return NOISE
    return SUPPORTED if q < TABLE_LEVEL and spread_p < LEVEL and ic * spread > 0 else NOISE


def named_signal_verdict(ic: float, p: float, spread: float) -> Verdict:
    """Verdict on "strong tickers keep leading", for the one pre-registered signal and horizon.

    Supported: the 95% interval of the IC lies above 0 and the spread is positive. Contradicted: the interval lies below
    0. The claim is directional (the gate buys the strong) and pre-registered, so it is not adjusted: one-sided it uses
    `NAMED_LEVEL` of the family's 5%, the rest of the table `TABLE_LEVEL`.

    Parameters
    ----------
    p
        Two-sided p-value of the IC.
    """
    if math.isnan(p) or math.isnan(spread):
        return NOISE
    if ic > 0 and p / 2 < NAMED_LEVEL and spread > 0:
        return SUPPORTED
    return CONTRADICTED if ic < 0 and p < LEVEL else NOISE


def headline(ranking: Verdict, list_below_zero: bool) -> Verdict:  # noqa: FBT001 - a fact, not an option
    """Verdict on the headline: the ranking behind the list predicts returns (decision 0019).

    One pre-registered claim. A list that is itself worse than the rest of its universe, by an interval wholly below 0,
    removes the support.
    """
    return NOISE if ranking == SUPPORTED and list_below_zero else ranking


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values adjusted for the number of claims, shape (k,); NaN stays NaN and does not count.

    Source: Holm (1979), Scandinavian J. of Statistics 6.

    >>> holm(np.array([0.01, np.nan, 0.04, 0.03])).round(6).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    rows = np.flatnonzero(~np.isnan(p))
    rows = rows[np.argsort(p[rows], kind="stable")]
    steps = np.arange(len(rows), 0, -1)
    adjusted[rows] = np.minimum(np.maximum.accumulate(p[rows] * steps), 1.0)
    return adjusted
