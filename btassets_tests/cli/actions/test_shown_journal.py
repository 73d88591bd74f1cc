"""`journal`: what was shown is printed, past lists are added apart from it and never judged."""

import json

import pytest

from btassets.run.shown_lists import lists_log
from btassets_tests.support.book_factory import call
from btassets_tests.support.evenings import new_book, open_evening, run_evening


@pytest.fixture
def book(tmp_path):
    folder = new_book(tmp_path)
    run_evening(folder)
    return folder


def shown(book, *words):
    answer = call("journal", "--book", book, "--format", "json", *words)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_a_book_that_was_never_run_says_so(tmp_path):
    assert call("journal", "--book", new_book(tmp_path)).code == 3


def test_what_was_shown_and_what_was_replayed_are_never_mixed(book):
    first = shown(book)
    assert {row["kind"] for row in first["setups"]} == {"shown"}
    assert {row["asof_date"] for row in first["setups"]} == {"2022-01-05"}
    assert [row["verdict"] for row in first["verdicts"]] == ["too early"] * 3
    past = shown(book, "--backfill", "--since", "2021-10-01")
    assert {row["kind"] for row in past["setups"]} == {"backfill"}
    assert past["verdicts"] == []
    days = [row["asof_date"] for row in past["setups"]]
    assert days == sorted(days, reverse=True)
    assert min(days) >= "2021-10-01"
    assert {"graded", "open"} <= {row["status"] for row in past["setups"]}
    log = lists_log(open_evening(book))
    n_lines = len(log.read())
    again = call("journal", "--book", book, "--backfill", "--since", "2021-10-01")
    assert (again.code, len(log.read())) == (0, n_lines)
    assert "0 of " in again.err
    assert "not judged" in again.out
    now = shown(book)
    assert now["setups"] == first["setups"]
    assert [row["n_setups"] for row in now["verdicts"]] == [0, 0, 0]


def test_forms_and_span(book):
    table = call("journal", "--book", book)
    assert table.code == 0
    assert "too early" in table.out
    assert "2022-01-05" in table.out
    csv = call("journal", "--book", book, "--format", "csv").out.splitlines()
    assert csv[0].startswith("asof_date,list_no,showing,rank,ticker")
    assert len(csv) == 1 + len(shown(book)["setups"])
    assert "no list in this span" in call("journal", "--book", book, "--since", "2030-01-01").out
    bad = call("journal", "--book", book, "--since", "tomorrow")
    assert bad.code == 2
    assert "--since tomorrow: no date; write it as YYYY-MM-DD" in bad.err


def test_doctor_verifies_the_chain(book):
    ok = call("doctor", "--book", book)
    assert "base.jsonl 1 lines, chain intact" in ok.out
    log = lists_log(open_evening(book))
    for path in (log.path, log.copy):
        path.write_text(path.read_text().replace('"rank"', '"renk"').replace("SYN0001", "SYN0009"))
    bad = call("doctor", "--book", book)
    assert bad.code == 7
    assert "chain breaks at line 1" in bad.out
