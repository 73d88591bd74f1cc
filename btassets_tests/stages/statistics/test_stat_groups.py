"""Means by group are those of the plain tables."""

import pytest

from btassets_tests.support.small_books import run_as, run_book
from btassets_tests.support.statistics_books import rows


def test_means_are_those_of_the_plain_tables(book):
    plain = {row["population"]: row for row in rows(book, "setup_stats")}
    for member in ("all", "qualified"):
        found = rows(book, "stat_groups", grouping="population", member=member, exit="target", measure="net_r")
        assert len(found) == 1
        assert found[0]["n_setups"] == plain[member]["total"]
        if plain[member]["total"]:
            assert found[0]["estimate"] == pytest.approx(plain[member]["net_avg_r"], abs=1e-12)
    for row in rows(book, "time_exit_sweep"):
        found = rows(book, "stat_groups", member="qualified", exit=f"hold_{row['hold_days']}", measure="net_r")[0]
        assert (found["estimate"], row["net_avg_r"]) == (None, None) or found["estimate"] == pytest.approx(
            row["net_avg_r"], abs=1e-12
        )
    for row in rows(book, "gate_sweep"):
        member = f"{row['min_momentum_percentile']:g}"
        found = rows(book, "stat_groups", grouping="cutoff", member=member, exit="target", measure="net_r")[0]
        assert found["n_setups"] == row["total"]
    for row in rows(book, "gate_ablation"):
        found = rows(book, "stat_groups", grouping="floor", member=row["variant"], exit="target", measure="net_r")
        assert found[0]["n_setups"] == row["total"]


def test_a_hold_beyond_the_horizon_is_compared_over_the_setups_with_both_results():
    scenario = run_as(run_book(benchmark="none"), "held", exits__hold_days=[3, 7, 45, 90])
    lake, name = scenario.lake, scenario.scenario
    graded = [r for r in lake.read("graded_setups", name).to_pylist() if r["is_graded"] and r["qualified"]]
    pairs = {r["member"]: r for r in lake.read("stat_pairs", name).to_pylist() if r["family"] == "exits"}
    swept = {r["hold_days"]: r for r in lake.read("time_exit_sweep", name).to_pylist()}
    raced = {r["member"]: r for r in lake.read("setup_group_stats", name).to_pylist() if r["family"] == "race_of_hold"}
    assert set(raced) == {"45", "90"}
    sizes = []
    for days in (3, 7, 45, 90):
        both = [r for r in graded if r[f"time_r_{days}"] is not None]
        advantage = sum(r[f"time_r_{days}"] - r["gross_r"] for r in both) / len(both)
        assert pairs[f"hold_{days}"]["measure"] == "net_r"
        assert pairs[f"hold_{days}"]["estimate"] == pytest.approx(advantage, abs=1e-12)
        assert pairs[f"hold_{days}"]["n_setups"] == swept[days]["total"] == len(both)
        if days > 30:
            assert raced[str(days)]["total"] == len(both)
            assert raced[str(days)]["net_avg_r"] == pytest.approx(sum(r["net_r"] for r in both) / len(both), abs=1e-12)
        sizes.append(len(both))
    assert sizes[0] == sizes[1] > sizes[2] > sizes[3] > 0
