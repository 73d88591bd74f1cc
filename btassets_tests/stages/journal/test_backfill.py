"""Lists of the past are those that would have been shown."""

from btassets.graph.journal import BACKFILL_READS
from btassets.run.tables import Tables, inputs_of, settings_of
from btassets.stages.advice.todays_setups import todays_list
from btassets.stages.journal.backfill import backfill_records
from btassets_tests.support.small_books import run_book, scenario_book


def reading(book):
    return Tables(BACKFILL_READS, book), settings_of(BACKFILL_READS, book)


def test_the_list_of_the_last_signal_day_is_the_one_that_today_gives() -> None:
    for book in (run_book(), scenario_book("everything")):
        tables, settings = reading(book)
        found = backfill_records(tables, settings, since=None, now="now")
        want = todays_list(*inputs_of("todays_setups", book, own=True), signal_day=True)
        last = found[-1]
        assert last["as_of"] == want.as_of.isoformat()
        names = ("ticker", "direction", "entry", "stop", "target", "rr", "confidence", "percentile")
        assert [[row[n] for n in names] for row in last["setups"]] == [
            [row[n] for n in names] for row in want.qualified
        ]
    assert last["setups"]


def test_every_week_has_a_list_and_claims_nothing() -> None:
    book = run_book()
    found = backfill_records(*reading(book), since="2025-06-01", now="now")
    days = [record["as_of"] for record in found]
    assert days == sorted(set(days))
    assert days[0] >= "2025-06-01"
    assert len(days) >= 28
    assert {(record["kind"], record["tested"], record["is_signal_day"]) for record in found} == {
        ("backfill", None, True)
    }
