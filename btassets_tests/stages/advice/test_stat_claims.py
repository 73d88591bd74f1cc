"""From estimates to verdicts on items of advice: every kind of claim, by rows made by hand."""

import pytest

from btassets.engine.portfolio.variant_list import StrategyVariant
from btassets.engine.statistics.verdicts import CONTRADICTED, NOISE, SUPPORTED
from btassets.stages.advice.stat_claims import claim_rows
from btassets.stages.statistics.stat_sample import PICKED

EMPTY = {
    "family": None, "family_size": 1, "p_raw": None, "p_adj": None, "adj_method": "none", "unit": "r",
    "oos_estimate": None, "oos_p": None, "oos_windows": 9, "oos_confirmed": "n/a",
}  # fmt: skip


def row(estimate=0.1, se=0.03, p=0.01, **more):
    half = 2.306 * (se or 0.0)
    found = {
        **EMPTY, "estimate": estimate, "se": se, "dof": 8, "p_raw": p, "mde80": 3.2 * (se or 0.0),
        "ci_lo": estimate - half, "ci_hi": estimate + half, "n_setups": 900, "n_weeks": 196, "n_eff": 200.0,
    }  # fmt: skip
    return found | more


def pair(family, member, against, **more):
    values = {
        "family": family,
        "member": member,
        "against": against,
        "measure": "net_r",
        "p_adj": more.get("p"),
    }
    return row(**{key: more.pop(key) for key in ("estimate", "se", "p") if key in more}) | values | more


def book_row(policy, measure, **more):
    values = {"policy": policy, "measure": measure, "unit": "frac_a_year"}
    return row(**{key: more.pop(key) for key in ("estimate", "se", "p") if key in more}) | values | more


def item(topic, key, decision):
    return {"topic": topic, "item_key": key, "decision": decision}


SHARPE = book_row("hold", "sharpe")


def claim(items, pairs=(), books=(), research=()):
    return claim_rows(list(items), list(research), list(pairs), [SHARPE, *books])


@pytest.mark.parametrize(
    ("estimate", "p", "windows", "verdict"),
    [
        (0.10, 0.01, {"oos_estimate": 0.05, "oos_p": 0.2}, SUPPORTED),
        (0.10, 0.01, {"oos_estimate": -0.05, "oos_p": 0.2}, NOISE),
        (0.10, 0.30, {"oos_estimate": 0.05, "oos_p": 0.01}, NOISE),
        (-0.10, 0.01, {"oos_estimate": -0.05, "oos_p": 0.01}, CONTRADICTED),
    ],
)
def test_a_hold_is_judged_by_its_pair_and_by_what_train_would_have_picked(estimate, p, windows, verdict):
    pairs = [
        pair("exits", "hold_21", "target", estimate=estimate, p=p),
        pair("exits", PICKED, "target", estimate=windows["oos_estimate"], oos_confirmed="weak", **windows),
    ]
    found = claim([item("exit", "hold_21", "hold")], pairs)[-1]
    assert (found["claim_kind"], found["verdict"]) == ("superior", verdict)
    assert found["seed_rule_says"] == "hold"


def test_staying_with_the_target_says_that_no_hold_adds_anything():
    worse = [pair("exits", name, "target", estimate=-0.2, se=0.02) for name in ("hold_5", "hold_30")]
    assert claim([item("exit", "target", None)], worse)[-1]["verdict"] == SUPPORTED
    better = [*worse, pair("exits", "hold_10", "target", estimate=0.2, se=0.02)]
    found = claim([item("exit", "target", None)], better)[-1]
    assert (found["verdict"], found["estimate"]) == (CONTRADICTED, 0.2)


def test_floors():
    keep = pair("floors", "all_floors", "no_rr_floor", estimate=0.08, se=0.02, p=0.004)
    assert claim([item("gate", "rr", "keep")], [keep])[-1]["verdict"] == SUPPORTED
    assert claim([item("gate", "rr", "adds_nothing")], [keep])[-1]["verdict"] == CONTRADICTED
    nothing = pair("floors", "all_floors", "no_rr_floor", estimate=0.0, se=0.0, p=1.0)
    assert claim([item("gate", "rr", "adds_nothing")], [nothing])[-1]["verdict"] == SUPPORTED
    short = pair("floors", "all_floors", "no_rr_floor", estimate=0.3, se=None, p=None)
    found = claim([item("gate", "rr", "keep")], [short])[-1]
    assert found["verdict"] == NOISE
    assert "too short" in found["evidence_text"]


def test_a_cutoff_is_best_only_when_no_other_ties():
    family = [pair("cutoffs", "80", other, p=p) for other, p in (("90", 0.01), ("70", 0.40), ("60", 0.03))]
    found = claim([item("cutoff", "80", None)], family)[-1]
    assert found["verdict"] == NOISE
    assert "tied: 80, 70" in found["evidence_text"]
    alone = [pair("cutoffs", "80", other, p=0.01) for other in ("90", "70", "60")]
    assert claim([item("cutoff", "80", None)], alone)[-1]["verdict"] == SUPPORTED
    assert claim([item("cutoff", "60", "other_cutoff")], alone)[-1]["verdict"] == NOISE


def test_the_benchmark_is_beaten_by_alpha_and_lost_to_by_alpha():
    alpha = book_row("hold", "alpha", estimate=-0.06, se=0.02, p=0.002)
    assert claim([item("benchmark", "benchmark", "beats")], books=[alpha])[-1]["verdict"] == CONTRADICTED
    assert claim([item("benchmark", "benchmark", "lags")], books=[alpha])[-1]["verdict"] == SUPPORTED


def test_robustness_and_research():
    trimmed = pair("selection", "qualified_hold_30_ex_top5", "nothing", estimate=-0.3, se=0.05, p=0.001)
    assert claim([item("robustness", "hold_30", "warning")], [trimmed])[-1]["verdict"] == SUPPORTED
    assert claim([item("robustness", "hold_30", "survives")], [trimmed])[-1]["verdict"] == CONTRADICTED
    strict = book_row("raw_90_fixed10", "return_minus_base", estimate=0.08, se=0.02, p=0.01, p_adj=0.02)
    wide = book_row("residual_80_fixed15", "return_minus_base", estimate=0.0, se=0.0, p=1.0, p_adj=1.0)
    research = [item("capacity_15", "capacity_15", None), item("cutoff_90", "cutoff_90", "candidate")]
    found = claim([], books=[strict, wide], research=research)
    assert [row["verdict"] for row in found[-2:]] == [NOISE, SUPPORTED]
    assert "without beta x the benchmark's" in found[-1]["evidence_text"]
    weaker = strict | {"p_adj": 0.03}  # less turnover alone can do that
    assert claim([], books=[weaker, wide], research=research)[-1]["verdict"] == NOISE


def test_a_claim_on_a_variant_of_the_settings_names_both_portfolios():
    variants = (StrategyVariant("mine", "raw", 70.0, 5), StrategyVariant("wide", "raw", 70.0, 8))
    row = book_row("wide", "return_minus_base", estimate=0.08, se=0.02, p=0.001, p_adj=0.001)
    found = claim_rows([], [item("capacity_8", "capacity_8", "candidate")], [], [SHARPE, row], variants=variants)[-1]
    assert (found["topic"], found["verdict"]) == ("capacity_8", SUPPORTED)
    assert "daily return of wide minus mine" in found["evidence_text"]


def named(estimate=0.04, verdict=SUPPORTED):
    return row(estimate, 0.015, 0.02, unit="ic") | {"verdict": verdict, "is_primary": True, "horizon_days": 30}


def listed(estimate, p):
    return pair("list", "listed", "the rest", estimate=estimate, se=0.02, p=p, unit="ic", measure="rank_ic")


@pytest.mark.parametrize(
    ("ranking", "estimate", "p", "verdicts"),
    [
        (SUPPORTED, 0.06, 0.01, [SUPPORTED, SUPPORTED]),
        (SUPPORTED, 0.02, 0.40, [SUPPORTED, NOISE]),
        (SUPPORTED, -0.06, 0.01, [NOISE, CONTRADICTED]),  # a list that is worse than the rest takes the support away
        (NOISE, 0.06, 0.01, [NOISE, NOISE]),  # the list is asked after the ranking
        (CONTRADICTED, 0.06, 0.01, [CONTRADICTED, NOISE]),
    ],
)
def test_the_headline_is_the_rankings_and_the_list_is_asked_after_it(ranking, estimate, p, verdicts):
    found = claim_rows([], [], [listed(estimate, p)], [SHARPE], "", named(verdict=ranking))
    assert [c["topic"] for c in found] == ["headline", "list", "expectancy", "random_pick"]
    assert [c["verdict"] for c in found[:2]] == verdicts
    assert "residual momentum" in found[0]["evidence_text"]
    assert "The list itself: names of" in found[0]["evidence_text"]


@pytest.mark.parametrize(("n", "is_new"), [(0, False), (3, True), (5, False), (8, False), (None, False)])
def test_a_ranking_that_is_clear_since_few_weeks_is_called_new(n, is_new):
    text = claim_rows([], [], [], [SHARPE], "", named(verdict=NOISE) | {"looks_agreeing": n})[0]["evidence_text"]
    assert (f"New: clear at {n} of the newest 8 weekly checks, a verdict takes 5." in text) == is_new
    assert ("New" in text) == is_new


@pytest.mark.parametrize(("p", "verdict"), [(0.01, SUPPORTED), (0.012, SUPPORTED), (0.013, NOISE), (0.04, NOISE)])
def test_claims_on_the_whole_book_hold_together_or_not_at_all(p, verdict):
    """Four of them: the smallest p counts four times."""
    pairs = [
        pair("selection", "qualified_hold_30", "nothing", estimate=0.2, p=p, measure="adjusted_r"),
        pair("selection", "qualified_hold_30_ex_top5", "nothing", estimate=0.2, p=0.3),
    ]
    books = [
        book_row("hold", "random_pick", estimate=0.2, se=None, p=0.3, unit="frac"),
        book_row("hold", "alpha", estimate=0.02, p=0.2),
    ]
    items = [item("benchmark", "benchmark", "beats"), item("robustness", "hold_30", "survives")]
    found = {c["topic"]: c for c in claim(items, pairs, books)}
    assert found["expectancy"]["verdict"] == verdict
    assert found["expectancy"]["p_adj"] == pytest.approx(4 * p)
    assert {found[t]["family_size"] for t in ("expectancy", "random_pick", "benchmark", "robustness")} == {4}


@pytest.mark.parametrize(("p", "verdict"), [(0.01, SUPPORTED), (0.03, NOISE), (0.5, NOISE), (0.99, CONTRADICTED)])
def test_random_picks_are_compared_on_both_sides(p, verdict):
    found = claim([], [], [book_row("hold", "random_pick", estimate=0.2, se=None, p=p, unit="frac")])
    assert found[3]["verdict"] == verdict


def test_the_same_book_twice_makes_no_difference():
    same = book_row("residual_80_fixed15", "return_minus_base", estimate=0.0, se=0.0, p=1.0, p_adj=1.0)
    found = claim([], books=[same], research=[item("capacity_15", "capacity_15", None)])[-1]
    assert found["evidence_text"].endswith("so the difference is zero.")


def test_only_what_train_picked_is_called_out_of_sample():
    later = {"oos_confirmed": "yes", "oos_estimate": 0.1, "oos_p": 0.01}
    floor = pair("floors", "all_floors", "no_rr_floor", estimate=0.1, p=0.01, **later)
    text = claim([item("gate", "rr", "keep")], [floor])[-1]["evidence_text"]
    assert "later weeks: yes" in text
    assert "out of sample" not in text
    picked = [pair("exits", "hold_21", "target"), pair("exits", PICKED, "target", **later)]
    assert "out of sample: yes" in claim([item("exit", "hold_21", "hold")], picked)[-1]["evidence_text"]


def test_nothing_at_all_claims_nothing():
    items = [item("exit", "target", None), item("gate", "rr", "keep"), item("cutoff", "80", None)]
    items += [item("benchmark", "benchmark", "beats"), item("robustness", "target", "survives")]
    found = claim_rows(items, [item("capacity_15", "capacity_15", None)], [], [])
    assert {c["verdict"] for c in found} == {NOISE}
    assert all("not available" in c["evidence_text"] for c in found)
