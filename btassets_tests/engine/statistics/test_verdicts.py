"""Verdicts as tables of cases."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.verdicts import (
    CONTRADICTED,
    NOISE,
    SUPPORTED,
    Evidence,
    headline,
    named_signal_verdict,
    negligible,
    out_of_sample,
    signal_verdict,
    superior,
    uniquely_best,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (Evidence(0.10, 0.03, 8, 0.01, "yes"), SUPPORTED),
        (Evidence(0.10, 0.03, 8, 0.01, "weak"), SUPPORTED),
        (Evidence(0.10, 0.03, 8, 0.01), SUPPORTED),  # in sample only
        (Evidence(0.10, 0.03, 8, 0.01, "no"), NOISE),
        (Evidence(0.10, 0.03, 8, 0.06, "yes"), NOISE),  # the family takes it back
        (Evidence(-0.10, 0.03, 8, 0.01, "yes"), CONTRADICTED),
        (Evidence(-0.10, 0.03, 8, 0.90, "n/a"), CONTRADICTED),  # the interval alone decides
        (Evidence(-0.06, 0.03, 8, 0.08, "yes"), NOISE),
        (Evidence(0.10, NAN, 8, NAN), NOISE),  # too short
        (Evidence(NAN, NAN, 3, NAN), NOISE),
        (Evidence(0.0, 0.0, 8, 1.0), NOISE),
    ],
)
def test_superior(evidence, verdict):
    assert superior(evidence) == verdict


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (Evidence(0.0, 0.005, 8, 1.0), SUPPORTED),  # 0.005 * 1.86 < 0.02
        (Evidence(0.0, 0.02, 8, 1.0), NOISE),
        (Evidence(-0.5, 0.02, 8, 0.0), SUPPORTED),
        (Evidence(0.2, 0.02, 8, 0.0), CONTRADICTED),
        (Evidence(0.05, 0.02, 8, 0.04), NOISE),
        (Evidence(0.0, 0.0, 8, 1.0), SUPPORTED),  # a floor that stops nothing
        (Evidence(0.0, NAN, 8, NAN), NOISE),
    ],
)
def test_negligible(evidence, verdict):
    assert negligible(evidence) == verdict


def test_uniquely_best_names_who_ties():
    assert uniquely_best(1, np.array([0.01, NAN, 0.04])) == (SUPPORTED, [1])
    assert uniquely_best(1, np.array([0.01, NAN, 0.30])) == (NOISE, [1, 2])
    assert uniquely_best(0, np.array([NAN, NAN, 0.01])) == (NOISE, [0, 1])
    assert uniquely_best(0, np.array([NAN])) == (NOISE, [0])


@pytest.mark.parametrize(
    ("estimate", "se", "n_windows", "sign", "word"),
    [
        (0.10, 0.03, 9, 1, "yes"),
        (0.10, 0.03, 3, 1, "n/a"),
        (0.02, 0.03, 9, 1, "weak"),
        (-0.02, 0.03, 9, 1, "no"),
        (-0.10, 0.03, 9, -1, "yes"),
        (0.10, NAN, 9, 1, "n/a"),
        (NAN, NAN, 9, 1, "n/a"),
        (0.0, 0.03, 9, 1, "no"),
    ],
)
def test_out_of_sample(estimate, se, n_windows, sign, word):
    p, found = out_of_sample(estimate, se, 8, n_windows, sign)
    assert found == word
    assert math.isnan(p) == (word == "n/a")


def test_signals_need_ranks_and_fifths():
    assert signal_verdict(0.009, 0.05, 0.01, 0.02) == SUPPORTED
    assert signal_verdict(0.009, -0.018, 0.001, 0.02) == NOISE  # the volatility signal of a martingale
    assert signal_verdict(0.009, 0.05, 0.01, 0.20) == NOISE
    assert signal_verdict(0.011, 0.05, 0.01, 0.02) == NOISE  # the table's level is .01
    assert signal_verdict(0.06, 0.05, 0.01, 0.02) == NOISE
    assert signal_verdict(NAN, 0.05, 0.01, NAN) == NOISE


def test_the_signal_named_in_advance_is_judged_on_its_own_side():
    assert named_signal_verdict(0.05, 0.049, 0.01) == SUPPORTED  # its 95% interval lies above 0
    assert named_signal_verdict(0.05, 0.051, 0.01) == NOISE
    assert named_signal_verdict(0.05, 0.01, -0.01) == NOISE  # the fifths disagree
    assert named_signal_verdict(-0.05, 0.09, -0.01) == NOISE
    assert named_signal_verdict(-0.05, 0.04, -0.01) == CONTRADICTED
    assert named_signal_verdict(NAN, NAN, NAN) == NOISE


def test_headline_needs_both_and_no_refusal():
    assert headline(SUPPORTED, SUPPORTED, "weak") == SUPPORTED
    assert headline(SUPPORTED, SUPPORTED, "no") == NOISE
    assert headline(SUPPORTED, NOISE, "yes") == NOISE
    assert headline(SUPPORTED, CONTRADICTED, "yes") == CONTRADICTED
