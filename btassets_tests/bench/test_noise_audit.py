"""The audit counts what it should, on tables made by hand and on real ones; the long form is slow."""

from dataclasses import replace

import numpy as np
import pytest

from btassets_tests.bench.audit_markets import NAMED, Job, Market
from btassets_tests.bench.noise_audit import (
    FAMILIES,
    any_claim,
    coverage_lines,
    edge_lines,
    family_line,
    interval,
    main,
    null_lines,
    table,
    year_lines,
)
from btassets_tests.bench.reduced_audit import is_uniform, p_values, reduced_audit

NOISE = "not distinguishable from noise"


MOVED = {"family": "levels", "estimate": 0.1, "p_adj": 0.01, "oos_confirmed": "yes"}


def market(claims=(), signals=(), pairs=()):
    rows = [{"topic": t, "claim_kind": k, "seed_rule_says": s, "verdict": v, "p_raw": None} for t, k, s, v in claims]
    cells = [{"signal": s, "horizon_days": h, "verdict": v} for s, h, v in signals]
    return Market(rows, cells, list(pairs))


SILENT = market(
    [("headline", "positive", None, NOISE), ("exit", "superior", "hold", NOISE), ("gate", "superior", "keep", NOISE)],
    [("mom_12_1_resid", 30, NOISE)],
)


@pytest.mark.parametrize(
    ("families", "claim"),
    [
        (["headline"], ("headline", "positive", None)),
        (["list"], ("list", "positive", None)),
        (["exits"], ("exit", "superior", "hold")),
        (["floors"], ("gate", "superior", "keep")),
        (["cutoffs"], ("cutoff", "uniquely_best", "other_cutoff")),
        (["raw cutoff"], ("cutoff_90", "superior", "candidate")),
        (["capacity"], ("capacity_15", "superior", None)),
        (["book", "book: expectancy"], ("expectancy", "positive", None)),
        (["book", "book: random picks"], ("random_pick", "superior", None)),
        (["book", "book: benchmark"], ("benchmark", "superior", "beats")),
        (["book", "book: robustness"], ("robustness", "positive", "survives")),
    ],
)
def test_a_supported_claim_counts_in_its_family_alone(families, claim):
    loud = market([(*claim, "supported")])
    assert [name for name, speaks in FAMILIES.items() if speaks(loud)] == families
    assert any_claim(loud)
    assert not any_claim(SILENT)
    assert not any_claim(market([(*claim, NOISE)]))


@pytest.mark.parametrize(
    "claim",
    [
        ("gate", "negligible", "adds_nothing"),
        ("exit", "negligible", None),
        ("benchmark", "superior", "lags"),
        ("robustness", "positive", "warning"),
    ],
)
def test_being_sure_of_nothing_is_no_alarm(claim):
    assert not any_claim(market([(*claim, "supported")]))


@pytest.mark.parametrize(
    ("k", "n", "is_within"), [(0, 120, True), (4, 120, False), (3, 120, True), (2, 40, True), (3, 40, False)]
)
def test_a_family_needs_its_share_and_with_enough_markets_its_interval_within_the_bound(k, n, is_within):
    assert family_line("signals", k, n).is_within == is_within


def test_the_interval_is_exact():
    assert interval(0, 120)[1] == pytest.approx(0.0303, abs=1e-4)
    assert interval(23, 300) == pytest.approx((0.0493, 0.1128), abs=1e-4)


def test_bounds_and_power():
    signal = market(signals=[("vol_6m", 5, "supported")])
    lines = {line.what: line for line in null_lines("own", [signal] * 3 + [SILENT] * 37)}
    assert not lines["no edge, own: signals"].is_within
    assert lines["no edge, own: anything"].is_within
    assert str(lines["no edge, own: signals"]).endswith("BEYOND")
    found = market([("headline", "positive", None, "supported")], [("mom_12_1_resid", 30, "supported")])
    assert [line.is_within for line in edge_lines("edge", [found] * 3 + [SILENT])[:2]] == [True, True]
    assert [line.is_within for line in edge_lines("edge", [found] * 2 + [SILENT] * 2)[:2]] == [False, True]


def test_coverage_is_counted_by_family_of_pairs():
    rng = np.random.default_rng(0)
    draws = rng.standard_normal(400)

    def pair(estimate):
        row = {"family": "floors", "member": "all_floors", "against": "no_rr_floor", "se": 1.0}
        return [row | {"estimate": estimate, "ci_lo": estimate - 1.96, "ci_hi": estimate + 1.96}]

    line = coverage_lines("own", [market(pairs=pair(x)) for x in draws])[0]
    assert (line.n, 0.92 < line.k / line.n < 0.98) == (400, True)


def test_a_year_counts_markets_in_which_some_look_claimed():
    quiet, loud, named = (replace(SILENT, year=[[], names, []]) for names in ([], ["vol_6m 5"], [NAMED]))
    lines = year_lines("own", [quiet] * 7 + [loud] * 2 + [named, SILENT])
    assert [(line.k, line.n, line.is_within) for line in lines] == [(1, 10, True), (3, 10, False)]
    assert year_lines("own", [SILENT]) == []


def test_the_table_keeps_markets_of_signals_alone_apart():
    signal = market(signals=[("mom_12_1_resid", 30, "supported")])
    found = [(Job("own", 1), SILENT), (Job("own", 2, is_signals_only=True), signal), (Job("regimes", 1), SILENT)]
    found += [(Job("half_edge", k, 160, is_signals_only=True, n_years=10), m) for k, m in enumerate([signal, SILENT])]
    lines = {line.what: (line.k, line.n) for line in table("regimes", found)}
    assert lines["no edge, own: signals"] == (0, 1)
    assert lines["no edge, own: signals, all"] == (1, 2)
    assert lines["no edge, both: signals, all"] == (1, 3)
    sized = {what: count for what, count in lines.items() if what.startswith("half_edge")}
    assert sized == {"half_edge: mom_12_1_resid, 160 x 10 y": (1, 2)}


@pytest.mark.long
def test_a_moved_level_counts_in_its_family_only_when_it_is_better():
    def families(**changes):
        return [name for name, speaks in FAMILIES.items() if speaks(market(pairs=[MOVED | changes]))]

    assert families() == ["moved levels"]
    assert families(estimate=-0.1) == families(p_adj=0.06) == families(family="exits") == []


def test_the_reduced_form_passes_and_catches_a_p_too_small_by_a_third():
    p = p_values(120)
    assert is_uniform(p)
    assert not is_uniform(p * 2 / 3)


@pytest.mark.slow
def test_the_reduced_form_of_ci_holds():
    assert reduced_audit() == 0


@pytest.mark.slow
def test_the_audit_holds():
    assert main([]) == 0
