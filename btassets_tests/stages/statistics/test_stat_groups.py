"""Means by group are those of the plain tables."""

import pytest

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
