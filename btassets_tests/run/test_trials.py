"""The ledger of trials: one row per distinct try, one atomic write, a count that no unchanged run moves."""

import json
import shutil
import threading

import pytest

from btassets.book.book import open_book
from btassets.book.settings_file import set_in_file
from btassets.graph.portfolio import TRIALS
from btassets.run.freshness import input_hash, is_fresh, is_scenario_fresh
from btassets.run.run_stage import run_stage
from btassets.run.trials import (
    append_trials,
    books_of_a_run,
    n_trials,
    n_trials_of_run,
    read_trials,
    run_rows,
    trial_row,
)
from btassets.settings.load import resolve
from btassets.settings.models import Settings
from btassets_tests.support.book_factory import call
from btassets_tests.support.small_books import run_as, run_book

DISTINCT_OF_A_RUN = 5
"""Two policies and four variants, of which one is the hold policy under the defaults."""


@pytest.fixture
def book(tmp_path):
    """A copy of a book that has run once."""
    shutil.copytree(run_book().folder, tmp_path / "book")
    for name in ("trials", ".copies/trials"):
        shutil.rmtree(tmp_path / "book" / "data" / name)
    copy = open_book(tmp_path / "book", environ={})
    run_stage("portfolio_sims", copy)
    return copy


def cells(n, data="bars-1"):
    """Rows of a sweep over `n` values of one gate."""
    settings = [Settings.model_validate({"gates": {"min_rr": 1.0 + k / 1000}}) for k in range(n)]
    return [trial_row(s, None, data_version=data, policy="hold") for s in settings]


def estimate(book, measure):
    rows = book.lake.read("stat_overfit", book.scenario).to_pylist()
    return next(row["estimate"] for row in rows if row["measure"] == measure)


def test_a_run_leaves_its_distinct_books_with_their_results(book):
    ledger = read_trials(book)
    assert ledger.schema.equals(TRIALS.schema)
    assert ledger["trial_no"].to_pylist() == list(range(1, DISTINCT_OF_A_RUN + 1))
    assert len(set(ledger["settings_hash"].to_pylist())) == DISTINCT_OF_A_RUN
    sims = {row["policy"]: row for row in book.lake.read("portfolio_sims").to_pylist()}
    for row in ledger.to_pylist()[:2]:
        assert row["sharpe"] == sims[row["policy"]]["sharpe"]
        assert row["n_trades"] == sims[row["policy"]]["trades"]
    slots = [json.loads(row["changed_settings"]).get("portfolio.max_positions") for row in ledger.to_pylist()]
    assert slots == [None, None, None, None, 15]


def test_every_variant_of_the_settings_is_a_trial(book):
    settings = resolve(overrides={"variant": [{"name": "a"}, {"name": "b", "max_positions": 3}]}).settings
    policies = [(policy, ranking) for policy, ranking, _ in books_of_a_run(settings)]
    assert policies == [("target", "residual"), ("hold", "residual"), ("hold", "residual"), ("hold", "residual")]
    rows = run_rows(settings, [None] * 4, "bars-2")
    assert len({row["settings_hash"] for row in rows}) == 3  # the hold policy is variant a
    assert json.loads(rows[3]["changed_settings"])["portfolio.max_positions"] == 3
    with pytest.raises(ValueError, match="argument"):
        run_rows(settings, [None] * 6, "bars-2")


def test_the_same_settings_on_the_same_bars_add_nothing(book):
    path = book.lake.path("trials")
    before = path.stat().st_mtime_ns
    for _ in range(2):
        assert append_trials(book, read_trials(book).drop_columns(["scenario", "trial_no", "made_by"]).to_pylist()) == 0
    assert path.stat().st_mtime_ns == before
    assert append_trials(book, cells(3), name="sweep-x", made_by="sweep") == 3
    assert append_trials(book, cells(3), name="sweep-x", made_by="sweep") == 0
    assert append_trials(book, cells(4), name="sweep-y", made_by="sweep") == 1
    assert append_trials(book, cells(4, "bars-2"), name="sweep-y", made_by="sweep") == 4
    assert n_trials(book) == DISTINCT_OF_A_RUN + 4, "a bar more is no other configuration"


def test_a_sweep_of_thousands_is_one_write(book, monkeypatch):
    writes = []
    write = type(book.lake).write
    monkeypatch.setattr(
        type(book.lake), "write", lambda *words, **more: writes.append(words[1]) or write(*words, **more)
    )
    assert append_trials(book, [*cells(3000), *cells(10)], name="sweep-x", made_by="sweep") == 3000
    assert writes == ["trials"]
    assert n_trials(book) == DISTINCT_OF_A_RUN + 3000
    numbers = read_trials(book)["trial_no"].to_pylist()
    assert numbers == list(range(1, DISTINCT_OF_A_RUN + 3001))


def test_writers_side_by_side_lose_no_row(book):
    threads = [
        threading.Thread(target=append_trials, args=(book, cells(20 * k)[-20:]), kwargs={"name": "sweep-x"})
        for k in range(1, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = read_trials(book)
    assert ledger.num_rows == DISTINCT_OF_A_RUN + 100
    assert len(set(ledger["trial_no"].to_pylist())) == ledger.num_rows


def test_a_later_search_leaves_a_finished_scenario_alone_and_counts_for_what_comes_after(book):
    assert is_scenario_fresh(book)
    assert estimate(book, "trials") == DISTINCT_OF_A_RUN
    append_trials(book, cells(200), name="sweep-x", made_by="sweep")
    assert is_scenario_fresh(book)
    other = run_as(book, "after", gates__min_rr=1.7)
    assert estimate(other, "trials") == n_trials(book) == 2 * DISTINCT_OF_A_RUN + 200
    assert is_scenario_fresh(other)
    assert is_scenario_fresh(book)


def test_a_setting_promoted_after_a_search_is_deflated_by_the_search(book):
    tried = run_as(book, "one", gates__min_rr=1.7)
    append_trials(book, cells(200), name="sweep-x", made_by="sweep")
    before = estimate(tried, "deflated_sharpe")
    file = book.folder / "btassets.toml"
    set_in_file(file, {"gates.min_rr": 1.7})
    promoted = open_book(book.folder, environ={})
    assert n_trials_of_run(promoted, "any") == n_trials(book)
    for name in ("percentile_ranks", "graded_setups", "portfolio_sims", "stat_portfolio"):
        run_stage(name, promoted)
    assert estimate(promoted, "trials") == n_trials(book)
    assert estimate(promoted, "deflated_sharpe") < before


def test_a_scenario_that_differs_by_its_label_only_counts_as_the_base(book):
    same = run_as(book, "same", gates__min_rr=1.5)
    append_trials(book, cells(50), name="sweep-x", made_by="sweep")
    assert estimate(same, "trials") == DISTINCT_OF_A_RUN
    assert is_scenario_fresh(same)
    assert book.lake.scenarios("trials") == ["base", "sweep-x"]


def test_a_lost_ledger_is_written_by_the_next_run(book):
    for name in ("trials", ".copies/trials"):
        shutil.rmtree(book.folder / "data" / name)
    assert not is_fresh("portfolio_sims", book, input_hash("portfolio_sims", book))
    run_stage("portfolio_sims", book)
    assert read_trials(book).num_rows == DISTINCT_OF_A_RUN


def test_the_ledger_is_a_table_for_sql_and_export(book, tmp_path):
    said = call("sql", "--book", book.folder, "select count(*) as n from trials", "--format", "csv")
    assert said.out.split() == ["n", str(DISTINCT_OF_A_RUN)]
    assert call("export", "--book", book.folder, "trials", "--out", tmp_path / "t.csv").code == 0
    assert (tmp_path / "t.csv").read_text().count("\n") == DISTINCT_OF_A_RUN + 1


def test_settings_that_decide_no_trade_make_no_other_trial(book):
    file = book.folder / "btassets.toml"
    set_in_file(file, {"executor.shards": 1, "storage.keep_reports": 3})
    other = resolve(file, environ={}).settings.model_copy(update={"benchmark": "moved/SYNIDX.parquet"})
    hashes = {trial_row(s, None, data_version="d", policy="hold")["settings_hash"] for s in (book.settings, other)}
    assert len(hashes) == 1
