"""The audit counts what it should, on tables made by hand and on real ones; the long form is slow."""

import pytest

from btassets_tests.bench.noise_audit import FAMILIES, HEADLINE, Market, audit_lines, main, read_market
from btassets_tests.support.book_factory import call

NOISE = "not distinguishable from noise"


def market(claims=(), signals=()):
    rows = [{"topic": t, "claim_kind": k, "seed_rule_says": s, "verdict": v} for t, k, s, v in claims]
    cells = [{"signal": s, "horizon_days": h, "verdict": v} for s, h, v in signals]
    return Market(rows, cells)


SILENT = market(
    [("headline", "positive", None, NOISE), ("exit", "superior", "hold", NOISE), ("gate", "superior", "keep", NOISE)],
    [("mom_12_1_resid", 30, NOISE)],
)


@pytest.mark.parametrize(
    ("family", "claim"),
    [
        ("exits", ("exit", "superior", "hold")),
        ("floors", ("gate", "superior", "keep")),
        ("cutoffs", ("cutoff", "uniquely_best", "other_cutoff")),
        ("variants", ("cutoff_90", "superior", "candidate")),
        ("variants", ("capacity_15", "superior", None)),
        ("book", ("expectancy", "positive", None)),
        ("book", ("random_pick", "superior", None)),
        ("book", ("benchmark", "superior", "beats")),
        ("book", ("robustness", "positive", "survives")),
    ],
)
def test_a_supported_claim_counts_in_its_family_alone(family, claim):
    loud = market([(*claim, "supported")])
    assert [name for name, speaks in FAMILIES.items() if speaks(loud)] == [family]
    assert not any(speaks(SILENT) for speaks in FAMILIES.values())
    assert not any(speaks(market([(*claim, NOISE)])) for speaks in FAMILIES.values())


@pytest.mark.parametrize(
    "claim",
    [
        ("gate", "negligible", "adds_nothing"),
        ("exit", "negligible", None),
        ("benchmark", "superior", "lags"),
        ("robustness", "positive", "warning"),
    ],
)
def test_being_sure_of_nothing_is_no_alarm_but_is_told(claim):
    sure = market([(*claim, "supported")])
    assert not any(speaks(sure) for speaks in FAMILIES.values())
    assert audit_lines([sure, SILENT], [])[-1].n_speaking == 1


def test_bounds():
    signal = market(signals=[("vol_6m", 5, "supported")])
    headline = market([("headline", "positive", None, "supported")])
    found = market(signals=[("mom_12_1_resid", 30, "supported")])
    lines = {
        line.what: line for line in audit_lines([signal] * 4 + [headline] + [SILENT] * 35, [found] * 7 + [signal] * 3)
    }
    assert lines["no edge: signals"].is_within
    assert lines["no edge: headline"].is_within
    assert lines["edge: mom_12_1_resid over 30 sessions"].is_within
    assert str(lines["no edge: signals"]).split()[-1] == "ok"
    lines = {
        line.what: line
        for line in audit_lines([signal] * 5 + [headline] * 2 + [SILENT] * 33, [found] * 6 + [signal] * 4)
    }
    assert not lines["no edge: signals"].is_within
    assert not lines["no edge: headline"].is_within
    assert not lines["edge: mom_12_1_resid over 30 sessions"].is_within
    assert str(lines["no edge: signals"]).endswith("BEYOND")


def test_the_demo_presets_claim_nothing_and_find_what_was_planted(tmp_path):
    """The reduced form: the markets of `btassets demo --preset null` and `--preset edge`, as a user gets them."""
    found = {}
    for preset in ("null", "edge"):
        assert call("demo", "--book", tmp_path / preset, "--preset", preset, "--quiet").code == 0
        found[preset] = read_market(tmp_path / preset)
    spoke = [name for name, speaks in {**FAMILIES, "headline": HEADLINE}.items() if speaks(found["null"])]
    assert spoke == []
    lines = {line.what: line.n_speaking for line in audit_lines([found["null"]], [found["edge"]])}
    assert lines["edge: mom_12_1_resid over 30 sessions"] == 1
    assert all(len(m.signals) == 48 for m in found.values())


@pytest.mark.slow
def test_the_audit_holds():
    assert main([]) == 0
