"""Markets of the audit: their seeds and order, their stored results, and one of each kind run to its verdicts."""

import json

import pytest

from btassets_tests.bench import audit_markets
from btassets_tests.bench.audit_markets import (
    DEVELOPMENT,
    JUDGING,
    PAST,
    Job,
    Market,
    audit_market,
    audited,
    claimed_in_year,
    planned,
    read_kept,
)


def test_seeds_of_judging_are_none_of_development():
    first = [*DEVELOPMENT.values(), *JUDGING.values()]
    assert len(set(first)) == len(first)
    assert all(abs(a - b) >= 10_000 for a in DEVELOPMENT.values() for b in JUDGING.values())
    assert not any(seed in judged for seed in first for judged in PAST)


def test_groups_take_turns():
    jobs = planned({"a": [Job("own", k) for k in range(4)], "b": [Job("edge", k) for k in range(2)]})
    assert [job.kind for job in jobs] == ["own", "edge", "own", "own", "edge", "own"]


def test_what_was_kept_is_not_run_again(tmp_path, monkeypatch):
    ran = []

    def run(job):
        ran.append(job.seed)
        return Market([{"topic": "list"}], [], [], year=[["x 5"]])

    monkeypatch.setattr(audit_markets, "audit_market", run)
    path = tmp_path / "kept.jsonl"
    first = dict(audited([Job("own", 1), Job("own", 2)], 1, path))
    with path.open("a") as file:
        file.write(json.dumps({"job": "cut off"})[:9])
    again = dict(audited([Job("own", 1), Job("own", 2)], 1, path))
    assert ran == [1, 2]
    assert again == first == dict(read_kept(path))
    assert claimed_in_year(first[Job("own", 1)], "x 5")
    assert not claimed_in_year(first[Job("own", 1)], "y 5")


def test_markets_differ_by_what_was_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_markets, "audit_market", lambda job: Market([], [{"n": job.is_signals_only}], []))
    jobs = [Job("own", 1), Job("own", 1, is_signals_only=True)]
    found = dict(audited(jobs, 1, tmp_path / "kept.jsonl"))
    assert [found[job].signals[0]["n"] for job in jobs] == [False, True]


@pytest.mark.slow  # the reduced audit of .ci/run makes such markets too
@pytest.mark.parametrize("kind", [pytest.param("own", marks=pytest.mark.slow), "regimes"])
def test_a_market_of_each_kind_runs_to_its_verdicts(kind):
    found = audit_market(Job(kind, DEVELOPMENT[kind] + 9_000, 25))
    assert len(found.signals) == 48
    assert found.claims[0]["topic"] == "headline"
    assert {row["family"] for row in found.pairs} >= {"exits", "floors", "selection"}
    assert found.year is None


def test_a_market_of_signals_alone_has_a_year_of_looks():
    found = audit_market(Job("own", DEVELOPMENT["own"] + 9_001, 25, is_signals_only=True, has_year=True))
    assert (len(found.signals), found.claims, found.pairs) == (48, [], [])
    assert len(found.year) == 52
    newest = [f"{row['signal']} {row['horizon_days']}" for row in found.signals if row["verdict"] == "supported"]
    assert sorted(found.year[0]) == sorted(newest)
