"""Facts of a real book: setups, refused tickers, changed verdicts; the same tables give the same keys."""

from dataclasses import replace
from datetime import date

from btassets.alerts.facts import Fact, as_json, book_facts, facts_marker
from btassets.book.book import open_book
from btassets.run.verdict_history import append_verdicts
from btassets.settings.load import with_values
from btassets_tests.support.book_factory import make_book
from btassets_tests.support.small_books import run_book

ALL = frozenset({"setup", "exit", "data", "verdict", "live"})


def test_every_qualifying_setup_is_a_fact_with_its_levels():
    book = run_book()
    rows = [row for row in book.lake.read("todays_setups").to_pylist() if row["is_qualified"]]
    facts = book_facts(book, {"setup"})
    assert [fact.details["ticker"] for fact in facts] == [row["ticker"] for row in rows]
    assert all(f"qualifies at {row['asof_date']}" in fact.text for row, fact in zip(rows, facts, strict=True))
    assert len({fact.key for fact in facts}) == len(facts)
    assert book_facts(book, {"setup"}) == facts
    assert facts_marker(book) == facts_marker(open_book(book.folder, environ={}))


def test_a_book_without_a_run_has_none(tmp_path):
    book = open_book(make_book(tmp_path / "book", tmp_path), environ={})
    assert book_facts(book, ALL) == []


def test_a_changed_verdict_is_a_fact_and_a_repeated_one_is_not(tmp_path):
    book = open_book(make_book(tmp_path / "book", tmp_path), environ={})

    def claims(verdict, signal="supported"):
        values = {"estimate": 0.1, "p_adj": 0.01}
        return [
            {"topic": "gate", "item_key": "rr", "verdict": verdict, **values},
            {"topic": "signal", "item_key": "momentum:21", "verdict": signal, **values},
        ]

    before = facts_marker(book)
    append_verdicts(book, date(2025, 1, 3), claims("supported"))
    assert facts_marker(book) != before
    assert book_facts(book, {"verdict"}) == []
    append_verdicts(book, date(2025, 1, 10), claims("contradicted", "contradicted"))
    (fact,) = book_facts(book, {"verdict"})
    assert fact.text == "verdict on gate rr at 2025-01-10: contradicted, was supported"
    append_verdicts(book, date(2025, 1, 17), claims("contradicted"))
    assert book_facts(book, {"verdict"}) == []


def test_an_unreadable_account_is_a_fact():
    book = run_book()
    other = {"holdings.source": "file", "holdings.file": "none.csv"}
    (fact,) = book_facts(replace(book, base=with_values(book.base, other, "test")), {"exit"})
    assert "facts of kind exit cannot be read: holdings.file" in fact.text


def test_details_may_name_a_kind_of_their_own():
    assert as_json(Fact("run", "k", "t", {"kind": "failed_run", "day": date(2025, 1, 3)})) == {
        "kind": "failed_run",
        "key": "k",
        "text": "t",
        "day": "2025-01-03",
    }
