"""The journal over evenings: later changes of source and settings leave each list unchanged."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from btassets.book.settings_file import set_in_file
from btassets.errors import JournalDamagedError
from btassets.run.check_facts import check_facts
from btassets.run.run_stage import run_stage
from btassets.run.shown_lists import lists_log, results_log
from btassets.run.tables import inputs_of
from btassets.stages.advice.todays_setups import todays_list
from btassets_tests.support.book_factory import market, write_bars
from btassets_tests.support.evenings import (
    N_BARS,
    N_TICKERS,
    bumped,
    new_book,
    open_evening,
    run_evening,
    write_evening,
)

RESULT = ("outcome", "exit_reason", "gross_r", "cost_r", "net_r", "hold_days", "label_end_date")
SPLIT = {"SYN0003": 0.5}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A book after its first evening."""
    folder = tmp_path_factory.mktemp("evenings")
    run_evening(new_book(folder))
    return folder


@pytest.fixture
def own(first, tmp_path) -> Path:
    """A copy of it whose market can be written."""
    shutil.copytree(first, tmp_path / "own")
    market_folder = tmp_path / "own" / "market"
    values = {"source.path": str(market_folder / "bars"), "benchmark": str(market_folder / "SPY.parquet")}
    change_settings(tmp_path / "own" / "book", values)
    return tmp_path / "own"


def change_settings(folder, values):
    set_in_file(folder / "btassets.toml", values)


def records(book):
    return [link.record for link in lists_log(book).read()]


def shown_list(book):
    found = todays_list(*inputs_of("todays_setups", book, own=True))
    return [(row["ticker"], row["direction"], row["entry"], row["stop"], row["target"]) for row in found.qualified]


def journal_list(book, as_of):
    (record,) = [r for r in records(book) if r["as_of"] == as_of.isoformat()][:1]
    return [
        (row["ticker"], row["direction"], row["entry"], row["stop"], row["target"])
        for row in record["setups"]
        if row["is_qualified"]
    ]


def many_evenings(own, steps):
    """Run the evenings; after each, every list so far is the one that was shown then."""
    book_folder, shown = own / "book", {}
    split = None
    for k, extend in enumerate(steps, 1):
        if k == len(steps) // 3:
            split = SPLIT  # a split that the source adjusts for: all prices of the ticker are halved
        write_evening(own / "market", extend, split=split)
        if k == len(steps) // 2:
            # A close of the past is restated, and the person changes a setting.
            bars, _ = market(N_TICKERS, N_BARS, extend)
            write_bars(own / "market" / "bars" / "SYN0005.parquet", bumped(bars["SYN0005"], 18_980, 1.03))
            change_settings(book_folder, {"gates.min_rr": 1.0})
        before = lists_log(open_evening(book_folder)).path.read_bytes()
        book = run_evening(book_folder)
        as_of = todays_list(*inputs_of("todays_setups", book, own=True)).as_of
        shown[as_of] = shown_list(book)
        assert lists_log(book).path.read_bytes().startswith(before)
        assert {day: journal_list(book, day) for day in shown} == shown
    return book, shown


def check_against_the_finished_history(book):
    """Every first result equals the grading of the finished history, wherever that has the same levels."""
    results = book.lake.read("journal_results").to_pylist()
    graded = {
        (row["ticker"], row["asof_date"], row["direction"]): row for row in book.lake.read("graded_setups").to_pylist()
    }
    n_compared = 0
    for row in results:
        if row["status"] != "graded" or not row["is_signal_day"] or row["ticker"] == "SYN0005":
            continue
        other = graded[row["ticker"], row["asof_date"], row["direction"]]
        for name in RESULT:
            want = pytest.approx(other[name], rel=1e-9, abs=1e-9) if isinstance(other[name], float) else other[name]
            assert row[name] == want, (row, name)
        n_compared += 1
    return results, n_compared


def test_evenings_with_restatements_and_a_change_of_settings(own):
    book, shown = many_evenings(own, [1, 2, 3, 4, 5, 6, 9, 20, 38, 45])
    assert len(shown) == 10
    results, n_compared = check_against_the_finished_history(book)
    assert n_compared >= 3
    assert {"graded", "open"} <= {row["status"] for row in results}
    # The source restated its history by a split: at half the prices that were shown.
    split = [row for row in results if row["ticker"] == "SYN0003" and row["note"].endswith("x 0.5 of those shown")]
    assert split
    # Half the price, the same R.
    assert all(row["net_r"] == pytest.approx(row["net_r_now"]) for row in split if row["status"] == "graded")
    rules = {r["settings_hash"] for r in records(book)}
    assert len(rules) == 2
    verdict = book.lake.read("journal_verdict").to_pylist()
    assert [row["measure"] for row in verdict] == ["net_r", "hit_rate", "fill_gap_r"]
    counted = [row for row in results if row["status"] == "graded" and row["is_signal_day"]]
    by_rules = [row for row in counted if row["settings_hash"] == verdict[0]["settings_hash"]]
    assert verdict[0]["n_setups"] == len(by_rules)
    assert verdict[0]["n_other_rules"] == len(counted) - len(by_rules) > 0


@pytest.mark.slow
def test_sixty_evenings(own):
    book, shown = many_evenings(own, list(range(1, 61)))
    assert len(shown) == 60
    _, n_compared = check_against_the_finished_history(book)
    assert n_compared >= 10


def test_a_second_run_of_the_same_evening_adds_nothing(own):
    book = open_evening(own / "book")
    before = lists_log(book).path.read_bytes()
    (own / "book" / "data" / "journal" / "base.parquet").unlink()
    assert not run_stage("journal", book).is_cached
    assert run_stage("journal", book).is_cached
    assert lists_log(book).path.read_bytes() == before


def test_another_list_at_the_same_date_is_a_second_showing_and_the_first_counts(own):
    before = records(run_evening(own / "book"))
    change_settings(own / "book", {"gates.min_momentum_percentile": 0.0})
    book = run_evening(own / "book")
    now = records(book)
    assert now[: len(before)] == before
    assert len(now) == len(before) + 1
    rows = book.lake.read("journal").to_pylist()
    assert {row["showing"] for row in rows} == {1, 2}
    first_tickers = {(row["ticker"], row["direction"]) for row in before[0]["setups"] if row["is_qualified"]}
    results = book.lake.read("journal_results").to_pylist()
    assert {(row["ticker"], row["direction"]) for row in results} == first_tickers


def test_the_journal_outlives_the_data_and_the_second_copy_the_journal(own):
    book = open_evening(own / "book")
    whole = lists_log(book).path.read_bytes()
    lists_log(book).path.unlink()
    assert run_stage("journal", book).is_cached  # the copy says the same, and is in its place again
    assert lists_log(book).path.read_bytes() == whole
    shutil.rmtree(own / "book" / "data")
    book = run_evening(own / "book")
    assert lists_log(book).path.read_bytes() == whole


def forge(path, change):
    lines = path.read_text().splitlines()
    said = json.loads(lines[0])
    change(said["record"])
    path.write_text("\n".join([json.dumps(said), *lines[1:]]) + "\n")


def test_a_forged_journal_is_seen(own):
    book = open_evening(own / "book")
    log = lists_log(book)

    def better(record):
        record["setups"][0]["entry"] = 1.0

    forge(log.path, better)
    forge(log.copy, better)
    with pytest.raises(JournalDamagedError, match="chain breaks at line 1"):
        run_stage("journal", book)


def test_a_journal_begun_anew_fails_the_check_of_rewritten_days(own):
    book = open_evening(own / "book")
    outcome = run_stage("journal", book)
    passed = {fact.check: fact.passed for fact in check_facts("journal", outcome, book)}
    assert passed == {"journal_chain_intact": True, "no_rewritten_day": True}
    log = lists_log(book)
    record = log.read()[0].record | {"shown_at": "2020-01-01T00:00:00+00:00"}
    log.path.unlink()
    log.copy.unlink()
    log.append([record])  # a valid chain, of another history
    outcome = run_stage("journal", book)
    passed = {fact.check: fact.passed for fact in check_facts("journal", outcome, book)}
    assert passed == {"journal_chain_intact": True, "no_rewritten_day": False}


def test_dates_of_lists_are_sessions(own):
    book = open_evening(own / "book")
    (record,) = records(book)
    assert date.fromisoformat(record["as_of"]) == date(2022, 1, 5)
    assert record["kind"] == "shown"
    assert record["tested"]["net_r"]["n_setups"] > 0
    assert results_log(book).read() == []
    assert record["shown_at"] > (date(2022, 1, 5) + timedelta(days=1)).isoformat()
