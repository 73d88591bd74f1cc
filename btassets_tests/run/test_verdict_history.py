"""The history of verdicts: append-only, one last word per session, and what a row of looks says of a claim."""

import shutil
from datetime import date, timedelta

import pytest

from btassets.book.book import open_book
from btassets.run.verdict_history import append_verdicts, read_verdicts, standings
from btassets_tests.support.book_factory import call
from btassets_tests.support.small_books import document_of, run_book

YES, NO, AGAINST = "supported", "not distinguishable from noise", "contradicted"
DAY = date(2025, 1, 3)


def looks(*verdicts, topic="exit", key="hold_21"):
    return [
        {"topic": topic, "item_key": key, "as_of": DAY + timedelta(days=7 * k), "verdict": verdict}
        for k, verdict in enumerate(verdicts)
        if verdict is not None
    ]


@pytest.mark.parametrize(
    ("verdicts", "in_a_row", "since", "first", "last"),
    [
        ((YES,), 1, 0, 0, 0),
        ((NO, YES, YES), 2, 1, 1, 2),
        ((YES, YES, NO), 0, None, 0, 1),
        ((YES, NO, YES, YES), 2, 2, 0, 3),
        ((YES, AGAINST), 0, None, 0, 0),
        ((NO, AGAINST), 0, None, None, None),
        ((YES, None, YES), 2, 0, 0, 2),  # a week without a run is no look
    ],
)
def test_what_the_looks_say(verdicts, in_a_row, since, first, last):
    found = standings(looks(*verdicts))["exit", "hold_21"]

    def day(k):
        return None if k is None else DAY + timedelta(days=7 * k)

    assert found.n_looks == sum(v is not None for v in verdicts)
    assert found.n_supported_in_a_row == found.n_weeks_in_a_row == in_a_row
    assert (found.supported_since, found.first_supported, found.last_supported) == (day(since), day(first), day(last))


def test_looks_of_one_week_are_one_weekly_look():
    rows = [{"topic": "exit", "item_key": "x", "as_of": DAY + timedelta(days=k), "verdict": YES} for k in (0, 3, 4, 10)]
    found = standings(rows)["exit", "x"]
    assert (found.n_supported_in_a_row, found.n_weeks_in_a_row) == (4, 3)


def test_the_last_word_at_a_session_counts():
    rows = [*looks(NO, NO), *looks(YES)]  # the first session was judged again, with other settings
    found = standings(rows)["exit", "hold_21"]
    assert (found.n_looks, found.n_supported_in_a_row, found.first_supported) == (2, 0, DAY)


@pytest.fixture
def book(tmp_path):
    shutil.copytree(run_book().folder, tmp_path / "book")
    return open_book(tmp_path / "book", environ={})


def claim(verdict, key="hold_21"):
    return {"topic": "exit", "item_key": key, "verdict": verdict, "estimate": 0.1, "p_adj": 0.02}


def test_a_second_look_at_the_same_session_adds_only_what_it_says_otherwise(book):
    for name in ("verdicts", ".copies/verdicts"):
        shutil.rmtree(book.lake.root / name)
    append_verdicts(book, DAY, [claim(NO), claim(YES, "hold_5")])
    append_verdicts(book, DAY, [claim(NO), claim(YES, "hold_5")])
    assert read_verdicts(book).num_rows == 2
    found = append_verdicts(book, DAY, [claim(YES), claim(YES, "hold_5")])
    assert read_verdicts(book).num_rows == 3
    assert found["exit", "hold_21"].n_supported_in_a_row == 1
    later = append_verdicts(book, DAY + timedelta(days=1), [claim(YES), claim(NO, "hold_5")])
    assert (later["exit", "hold_21"].n_looks, later["exit", "hold_21"].supported_since) == (2, DAY)
    assert (later["exit", "hold_5"].supported_since, later["exit", "hold_5"].last_supported) == (None, DAY)


def test_a_run_leaves_one_look_at_every_claim_and_signal_and_the_report_shows_it(book):
    claims = book.lake.read("stat_claims").to_pylist()
    # Other tests may have run scenarios of the shared book: each scenario has a history of its own.
    history = [row for row in read_verdicts(book).to_pylist() if row["scenario"] == book.scenario]
    signals = [row for row in history if row["topic"] == "signal"]
    assert len(signals) == book.lake.read("stat_signals").num_rows > 0
    assert {(r["topic"], r["item_key"]) for r in history if r["topic"] != "signal"} == {
        (c["topic"], c["item_key"]) for c in claims
    }
    assert {(c["looks"], c["looks_in_a_row"] == (c["verdict"] == YES)) for c in claims} == {(1, True)}
    assert all("looks" in row for row in document_of(run_book())["statistics"]["claims"])
    assert call("sql", "--book", book.folder, "select count(*) n from verdicts").code == 0


def test_a_history_that_is_gone_or_damaged_is_told_and_comes_back_from_its_copy(book, caplog):
    before = read_verdicts(book)
    path = book.lake.path("verdicts")
    for hurt in (path.unlink, lambda: path.write_bytes(path.read_bytes()[:200])):
        hurt()
        said = call("sql", "--book", book.folder, "select count(*) as n from verdicts", "--format", "csv")
        assert said.out.split() == ["n", str(before.num_rows)]
        assert str(path) in said.err + caplog.text
        deep = call("doctor", "--deep", "--book", book.folder)
        assert (deep.code, str(path) in deep.out) == (7, True)
        assert read_verdicts(open_book(book.folder, environ={}, mends=True)).equals(before)
