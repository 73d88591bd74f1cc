"""A horizon of 60 and holds of 3 to 90 sessions: a scenario of a book equals a book that has never had another."""

import pyarrow as pa
import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.book.new_book import make_demo_book
from btassets.graph.flow import STAGES
from btassets.plan import replay_in_process
from btassets.run.run_stage import run_stage
from btassets_tests.support.evenings import needed_for
from btassets_tests.support.small_books import scenario_book

LONGER = {"engine.horizon_days": 60, "exits.hold_days": [3, 7, 45, 90]}
TABLES = (
    *("factor_signals", "percentile_ranks", "graded_setups", "setup_stats", "gate_ablation", "time_exit_sweep"),
    *("portfolio_sims", "trades", "equity_curves", "stat_groups", "stat_pairs", "todays_setups"),
)
"""Not `stat_portfolio`, which counts the portfolios tried on a book."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The market of the small book under the longer settings alone."""
    folder = tmp_path_factory.mktemp("longer") / "small"
    values = {"demo.tickers": 8, "demo.years": 3.0, "demo.preset": "edge", "universe.exclude": ["SYNIDX"]}
    make_demo_book(folder, {**values, "benchmark": "SYNIDX", **LONGER})
    book = open_book(folder, environ={})
    ingest(book, plan_ingest(book).stale)
    ends = ("setup_stats", "gate_ablation", "time_exit_sweep", "stat_groups", "portfolio_sims", "todays_setups")
    wanted = {stage for table in ends for stage in needed_for(table)}
    for name in (name for name in STAGES if name in wanted):
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=lambda _: None)
        elif name != "ohlcv_history":
            run_stage(name, book)
    return book


def without_scenario(table: pa.Table) -> pa.Table:
    return table.drop_columns(["scenario"]) if "scenario" in table.column_names else table


def test_the_scenario_has_setups_of_a_longer_horizon() -> None:
    setups = scenario_book("longer").lake.read("graded_setups", scenario_book("longer").scenario)
    assert "time_r_90" in setups.column_names
    assert max(setups["hold_days"].drop_null().to_pylist()) == 60


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_the_scenario_is_that_of_a_fresh_book(fresh: Book, table: str) -> None:
    scenario = scenario_book("longer")
    key = {"factor_signals": scenario.replay}.get(table, scenario.scenario)
    found, expected = scenario.lake.read(table, key), fresh.lake.read(table)
    assert expected.num_rows > 0 or table == "todays_setups"
    assert without_scenario(found).equals(without_scenario(expected))


def test_the_setups_of_the_replay_are_those_of_a_fresh_book(fresh: Book) -> None:
    scenario = scenario_book("longer")
    for bucket in range(fresh.lake.n_buckets):
        found, expected = (book.lake.read_bucket(book.candidates, bucket) for book in (scenario, fresh))
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert found.equals(expected)
