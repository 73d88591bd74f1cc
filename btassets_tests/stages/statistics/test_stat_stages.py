"""The statistics stages over one small book: columns, keys, agreement with the plain tables."""

import itertools
import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.engine.statistics.influence import trimmed_influence
from btassets.engine.statistics.portfolio_value import RANDOM_DRAWS
from btassets.graph.flow import STAGES
from btassets.run.tables import inputs_of
from btassets.stages.statistics.stat_sample import read_sample
from btassets_tests.support.small_books import every_book, run_book

TABLES = [table for stage in STAGES.values() if stage.name.startswith("stat_") for table in stage.outputs]


BOOKS = (
    "base",
    "legacy",
    "nothing",
    "everything",
    "one ticker, no benchmark",
    "nobody is ranked",
    "five years",
)


@pytest.fixture(scope="module", params=BOOKS)
def book(request):
    return run_book(25, 5.0) if request.param == "five years" else every_book()[request.param]


def read(book, table):
    return book.lake.read(table, book.scenario)


def rows(book, table, **wanted):
    found = read(book, table)
    for name, value in wanted.items():
        found = found.filter(pc.equal(found[name], pa.scalar(value)))
    return found.to_pylist()


def test_every_table_is_written_and_holds_no_nan(book):
    for name in TABLES:
        table = read(book, name)
        assert table.num_rows or name in {"wf_windows", "wf_equity", "stat_signals"}, name
        for column in table.column_names:
            for value in table[column].to_pylist():
                assert not (isinstance(value, float) and not math.isfinite(value)), (name, column)


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


def test_bins_are_those_of_the_plain_calibration(book):
    for row in rows(book, "calibration"):
        found = rows(book, "stat_calibration", direction=row["direction"], bin=row["bin"])[0]
        assert found["n_setups"] == row["n"]
        assert found["estimate"] == pytest.approx(row["gap_pct"] / 100, abs=1e-12)


def test_the_mean_ic_is_that_of_the_plain_table(book):
    for row in rows(book, "factor_ic"):
        found = rows(book, "stat_signals", signal=row["signal"], horizon_days=30)[0]
        if row["thinned_weeks"] is None:  # the legacy profile's table is of thinned weeks
            assert found["horizon_ic"] == pytest.approx(row["mean_ic"], abs=1e-12)
            t = row["ic_t_stat"]
            half = None if t is None else found["horizon_ic_hi"] - found["horizon_ic"]
            assert (t is None) == (found["horizon_ic_lo"] is None)
            assert t is None or half * abs(t) > 2.0 * abs(row["mean_ic"])  # one sample, one error


def test_the_books_are_those_of_the_plain_table(book):
    for row in rows(book, "portfolio_sims"):
        found = rows(book, "stat_portfolio", policy=row["policy"], measure="sharpe")
        if found and row["sharpe"] is not None:
            assert found[0]["estimate"] == pytest.approx(row["sharpe"], rel=1e-9)
    for row in rows(book, "stat_portfolio", measure="random_pick"):
        assert row["n_setups"] == RANDOM_DRAWS
        assert 1 / (RANDOM_DRAWS + 1) <= row["p_raw"] <= 1


def test_every_item_of_advice_has_its_claim(book):
    claims = {(row["topic"], row["item_key"]): row for row in rows(book, "stat_claims")}
    for table in ("recommendation", "research_recommendation"):
        for item in rows(book, table):
            found = claims[item["topic"], item["item_key"]]
            assert found["seed_rule_says"] == item["decision"]
            assert found["evidence_text"].endswith(".")


def test_windows_do_not_overlap_and_the_curve_starts_with_the_first(book):
    windows = rows(book, "wf_windows")
    for before, after in itertools.pairwise(windows):
        assert before["train_last"] < before["test_first"] <= before["test_last"] < after["test_first"]
    curve = rows(book, "wf_equity")
    if curve:
        assert curve[0]["date"] == windows[0]["test_first"]


def test_the_trim_is_that_of_the_plain_tables(book):
    sample = read_sample(*inputs_of("stat_groups", book))
    qualified = sample.flags["qualified"]
    plain = rows(book, "setup_stats", population="qualified")[0]
    if qualified.any():
        r = sample.net_r[qualified, 0]
        found = trimmed_influence(sample.week_no[qualified], r, sample.n_weeks)
        assert found.estimate[0] == pytest.approx(plain["net_avg_r_ex_top5"], abs=1e-12)
        assert np.abs(found.psi.sum()) < 1e-9
