"""When a list is a new one, which list of a date counts, and the settings by which it is graded."""

from btassets.book.book import open_book
from btassets.run.shown_lists import (
    BACKFILL,
    SHOWN,
    JournalSoFar,
    all_logs,
    append,
    first_lists,
    lists_log,
    results_log,
    settings_of_record,
    with_list,
)
from btassets.settings.models import Settings, flatten
from btassets.storage.chained_log import chained
from btassets_tests.support.book_factory import make_book


def record(as_of="2022-01-05", kind=SHOWN, setups=("A",), **more):
    return {"as_of": as_of, "kind": kind, "setups": [{"ticker": t} for t in setups], **more}


def grown(*records):
    links = []
    for own in records:
        links = with_list(links, own)
    return [link.record for link in links]


def test_the_same_list_is_no_new_one_whatever_its_time_bars_and_settings():
    first = record(shown_at="1", data_version="a", settings_hash="x")
    assert grown(first, record(shown_at="2", data_version="b", settings_hash="y")) == [first]


def test_another_list_of_a_date_is_kept_and_so_is_the_return_to_the_first():
    a, b = record(setups=("A",)), record(setups=("B",))
    assert grown(a, b, a) == [a, b, a]
    assert grown(a, record("2022-01-06"), a) == [a, record("2022-01-06")]


def test_a_replayed_list_never_takes_the_place_of_a_shown_one():
    shown, replayed = record(), record(kind=BACKFILL, setups=("Z",))
    assert grown(shown, replayed) == [shown]
    assert grown(replayed, shown, replayed) == [replayed, shown]
    assert first_lists([replayed, shown]) == [shown]
    assert first_lists([replayed]) == [replayed]


def test_the_first_list_of_a_date_counts_and_dates_are_in_order():
    late, early = record("2022-01-07"), record("2022-01-06")
    assert first_lists([late, early, record("2022-01-07", setups=("B",))]) == [early, late]


def test_lists_are_graded_by_their_own_settings():
    given = Settings(profile="legacy", costs={"per_side_frac": 0.02}, gates={"min_rr": 3.0})
    rules = flatten(given) | {"gates.gone_since": 1, "exits.hold_days": [5, 10]}
    found = settings_of_record(rules)
    assert found.profile == "legacy"
    assert (found.costs.per_side_frac, found.gates.min_rr, found.exits.hold_days) == (0.02, 3.0, (5, 10))


def test_a_log_that_only_grew_is_not_rewritten():
    links = chained([], [record(), record("2022-01-06")])
    assert not JournalSoFar(links, "now").is_rewritten
    assert not JournalSoFar(links, "now", 1, links[0].hash).is_rewritten
    assert JournalSoFar(links[:1], "now", 2, links[1].hash).is_rewritten
    assert JournalSoFar(links, "now", 1, "f" * 64).is_rewritten


def test_no_scenario_is_called_like_the_results_of_another(tmp_path):
    book = open_book(make_book(tmp_path / "book", tmp_path), environ={})
    paths = [log(book, name).path for log in (lists_log, results_log) for name in ("x", "x-results", "results")]
    assert len(set(paths)) == len(paths)
    assert all_logs(book) == {}
    append(book, results_log(book), [{"at": "now", "results": []}])
    lists_log(book).append([record()])
    lists_log(book).path.unlink()  # its second copy is enough to be found
    assert list(all_logs(book)) == ["base.jsonl", "results/base.jsonl"]
    assert [len(log.read()) for log in all_logs(book).values()] == [1, 1]
    append(book, results_log(book), [{"at": "later", "results": []}])
    assert len(results_log(book).read()) == 1  # the same results again add nothing
