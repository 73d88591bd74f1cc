"""The list of every target of a setup: that of the replay, bit for bit, and its classes."""

from dataclasses import asdict

import numpy as np
import pytest

from btassets.engine.replay.replay_rules import ReplayRules
from btassets.graph.advice import TODAYS_TARGETS
from btassets.run.tables import inputs_of
from btassets.settings.models import Settings
from btassets.stages.advice.setup_reasons import every_target, only_target
from btassets.stages.advice.todays_setups import todays_list
from btassets.stages.replay.replay_inputs import replay_rules, target_rules
from btassets_tests.reference.awkward_bars import make_job, replayed, with_actions
from btassets_tests.support.small_books import document_of, every_book, run_book, scenario_book


@pytest.mark.parametrize("seed", [2, 4, 9])
def test_the_primary_is_that_of_the_replay_at_every_bar(seed: int) -> None:
    job = with_actions(make_job(seed, n=400))
    replay = replayed(job)
    rows, rules = replay.candidates, ReplayRules()
    assert len(replay.candidate_index) > 100
    counts = set()
    for k in range(0, len(replay.candidate_index), 7):
        setup = {name: rows[name][k] for name in ("target", "price_factor")}
        setup["direction"] = ("long", "short")[rows["direction"][k]]
        found = every_target(job["bars"].between(0, int(replay.candidate_index[k]) + 1), setup, rules)
        own = [target for target in found if target["is_primary"]]
        assert len(own) == 1
        assert own[0]["probability_pct"] == rows["primary_prob"][k]
        np.testing.assert_allclose(own[0]["rr"], rows["rr"][k], rtol=1e-15)
        assert max(target["probability_pct"] for target in found) == rows["best_prob"][k]
        assert [target["place"] for target in found] == list(range(1, len(found) + 1))
        assert [target["rr"] for target in found] == sorted(target["rr"] for target in found)
        if not rows["is_projected"][k]:
            assert len(found) == rows["n_sr_targets"][k]
        counts.add(len(found))
    assert len(counts) > 2


def test_the_rules_are_those_of_the_replay_as_far_as_targets_depend_on_them() -> None:
    engine = {"atr_stop_multiple": 2.0, "horizon_days": 20, "projection": False, "gap_days": 9, "tilt_score": 0.1}
    settings = Settings().model_copy(update={"engine": Settings().engine.model_copy(update=engine)})
    ours, theirs = asdict(target_rules(settings)), asdict(replay_rules(settings))
    differing = {name for name in ours if ours[name] != theirs[name]}
    assert not {name for name in differing if name.startswith(("target", "tilt", "zone", "pivot", "level", "proj"))}
    assert {name: ours[name] for name in engine} == engine


@pytest.mark.parametrize("name", ["base", "legacy", "everything", "longer"])
def test_every_shown_setup_has_its_targets(name: str) -> None:
    book = every_book()[name]
    found = todays_list(*inputs_of("todays_setups", book, own=True))
    rows = [*found.qualified, *found.misses]
    assert rows
    for row in rows:
        assert [target["price"] for target in row["targets"] if target["is_primary"]] == [row["target"]]
    table = book.lake.read("todays_targets", book.scenario)
    assert table.schema.equals(TODAYS_TARGETS.schema)
    assert table.num_rows == sum(len(row["targets"]) for row in rows)


def test_the_report_has_the_stored_targets_and_a_signal_day_its_own() -> None:
    book = scenario_book("everything")
    shown = document_of(book)["todays_setups"]["qualified"]
    stored = todays_list(*inputs_of("todays_setups", book, own=True)).qualified
    assert any(len(row["targets"]) > 1 for row in shown)
    for row, own in zip(shown, stored, strict=True):
        assert [t["classification"] for t in row["targets"]] == [t["classification"] for t in own["targets"]]
        np.testing.assert_allclose(
            [t["probability_pct"] for t in row["targets"]], [t["probability_pct"] for t in own["targets"]], atol=0.051
        )
    week = todays_list(*inputs_of("todays_setups", run_book(), own=True), signal_day=True)
    assert all(row["targets"] for row in (*week.qualified, *week.misses))


def test_a_setup_of_an_own_rule_lists_its_primary_alone() -> None:
    row = {"target": 12.0, "rr": 2.0, "primary_prob": 44.9}
    assert [(t["price"], t["classification"], t["is_primary"]) for t in only_target(row)] == [(12.0, "moderate", True)]
    assert only_target(row | {"primary_prob": None}) == []
    assert only_target(row | {"target": None}) == []
