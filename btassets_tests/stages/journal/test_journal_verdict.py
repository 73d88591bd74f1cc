"""Which results are judged, against which claim, and what the sentence says."""

from datetime import date, timedelta

import pytest

from btassets.stages.journal.journal_verdict import claim_of, verdict_rows

DAY = date(2022, 1, 7)
CLAIM = {"mean": 0.4, "lo": 0.2, "hi": 0.6, "se": 0.1, "dof": 8, "n_setups": 1000, "n_weeks": 250}
TESTED = {"bounds": [-2.0, 5.0], **dict.fromkeys(("net_r", "hit_rate", "fill_gap_r"), CLAIM)}


def lists(**more):
    return [{"kind": "shown", "settings_hash": "now", "as_of": "2022-01-07", "tested": TESTED} | more]


def results(n_weeks, net_r, **more):
    return [
        {
            "kind": "shown",
            "is_signal_day": True,
            "settings_hash": "now",
            "status": "graded",
            "asof_date": DAY + timedelta(weeks=week),
            "net_r": net_r,
            "outcome": "target_hit" if net_r > 0 else "stop_hit",
            "fill_gap_r": 0.4,
            "target": 120.0,
        }
        | more
        for week in range(n_weeks)
        for _ in range(4)
    ]


def verdict(own, found, settings_hash="now"):
    return verdict_rows(own, found, settings_hash)[0]


@pytest.mark.parametrize(
    ("net_r", "n_weeks", "said"),
    [(-1.0, 104, "worse than tested"), (1.5, 104, "as tested"), (-1.0, 2, "too early"), (0.3, 52, "too early")],
)
def test_the_verdict(net_r, n_weeks, said):
    row = verdict(lists(), results(n_weeks, net_r))
    assert row["verdict"] == said
    assert row["sentence"].startswith(said)
    assert (row["n_setups"], row["n_lists"]) == (4 * n_weeks, n_weeks)
    assert row["live_lo"] < row["live"] < row["live_hi"]
    assert (row["more_setups"] is None) == (said != "too early")


@pytest.mark.parametrize(
    "other",
    [{"kind": "backfill"}, {"is_signal_day": False}, {"settings_hash": "then"}, {"status": "open"}],
)
def test_only_shown_results_of_signal_days_under_the_rules_of_now_count(other):
    row = verdict(lists(), [*results(3, 1.0), *results(104, -1.0, **other)])
    assert (row["n_setups"], row["verdict"], row["live"]) == (12, "too early", pytest.approx(1.0))
    assert row["n_other_rules"] == (416 if "settings_hash" in other else 0)
    assert row["n_open"] == (416 if "status" in other else 0)


def test_the_first_claim_counts_not_the_one_that_has_seen_the_live_weeks():
    later = lists(tested={**TESTED, "net_r": {**CLAIM, "mean": -1.0, "lo": -2.0, "hi": 0.0}})
    assert verdict([*lists(), *later], results(104, -1.0))["verdict"] == "worse than tested"
    assert verdict([*later, *lists()], results(104, -1.0))["verdict"] == "as tested"


def test_an_outlier_counts_no_more_than_the_bound():
    assert verdict(lists(), results(1, 400.0))["live"] == pytest.approx(5.0)


def test_without_a_claim_or_an_interval_it_is_too_early():
    for own in ([], lists(kind="backfill"), lists(tested=None), lists(settings_hash="then")):
        row = verdict(own, results(104, -1.0))
        assert (row["verdict"], row["tested"]) == ("too early", None)
        assert "no list was shown" in row["sentence"]
    short = {**TESTED, "net_r": {**CLAIM, "lo": None, "hi": None, "se": None, "dof": None}}
    row = verdict(lists(tested=short), results(104, -1.0))
    assert "too short for an interval" in row["sentence"]


def test_a_fill_gap_is_worse_upwards():
    assert claim_of("fill_gap_r", CLAIM).threshold == 0.6
    assert claim_of("net_r", CLAIM).threshold == 0.2
    row = verdict_rows(lists(), results(104, 1.0, fill_gap_r=1.5), "now")[2]
    assert (row["measure"], row["verdict"]) == ("fill_gap_r", "worse than tested")


def test_setups_without_a_target_have_no_share_of_targets_hit():
    tested = {**TESTED, "hit_rate": dict.fromkeys(CLAIM) | {"n_setups": 0, "n_weeks": 0}}
    found = verdict_rows(lists(tested=tested), results(104, -1.0, target=None), "now")
    net_r, hit_rate, _ = found
    assert (net_r["verdict"], net_r["n_setups"]) == ("worse than tested", 416)
    assert (hit_rate["verdict"], hit_rate["live"], hit_rate["n_setups"]) == ("too early", None, 0)
    assert hit_rate["sentence"].startswith("too early: no setup of the backtest has a value (share of targets hit")


def test_the_interval_of_a_share_is_between_0_and_1():
    found = verdict_rows(lists(), [*results(2, 1.0), *results(2, -1.0)], "now")
    net_r, hit_rate, _ = found
    assert (hit_rate["live_lo"], hit_rate["live"], hit_rate["live_hi"]) == (0.0, 0.5, 1.0)
    assert net_r["live_lo"] < 0.0
