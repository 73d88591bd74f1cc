"""Age of the bars by the exchange's clock: due times, daylight saving, weekends."""

import datetime as dt
from types import SimpleNamespace

import pytest

from btassets.settings.models import Settings
from btassets.sources.calendar.exchange_hours import ExchangeHours
from btassets.stages.bars.bars_age import bars_age, due_time
from btassets_tests.support.stored_tables import StoredTables

FRIDAY, MONDAY, TUESDAY = dt.date(2021, 3, 12), dt.date(2021, 3, 15), dt.date(2021, 3, 16)
CLOSES = {
    FRIDAY: dt.datetime(2021, 3, 12, 21, tzinfo=dt.UTC),  # 16:00 in New York in winter
    MONDAY: dt.datetime(2021, 3, 15, 20, tzinfo=dt.UTC),  # and in summer
    TUESDAY: dt.datetime(2021, 3, 16, 20, tzinfo=dt.UTC),
}
HOURS = ExchangeHours("XNYS", "America/New_York", CLOSES)


@pytest.mark.parametrize(
    ("session", "daily", "due"),
    [
        (FRIDAY, "18:30", "2021-03-13T00:30"),
        (MONDAY, "18:30", "2021-03-15T23:30"),
        (MONDAY, "16:00", "2021-03-15T21:00"),
        (MONDAY, "15:59", "2021-03-16T20:59"),  # the first run after the close is the next day's
        (FRIDAY, "09:00", "2021-03-13T15:00"),
    ],
)
def test_bars_are_due_an_hour_after_the_first_daily_run_that_follows_the_close(session, daily, due):
    assert due_time(HOURS, session, daily) == dt.datetime.fromisoformat(due).replace(tzinfo=dt.UTC)


def age(tmp_path, now, last=FRIDAY, **settings):
    days = (last - dt.date(1970, 1, 1)).days
    calendar = SimpleNamespace(hours=lambda code, at: HOURS)
    tables = StoredTables(tmp_path, exchange_calendar=calendar).put_sessions([days - 1, days])
    values = {"source": {"kind": "files", "path": "x"}} | settings
    return bars_age(tables, Settings.model_validate(values), dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("now", "behind"),
    [
        ("2021-03-14T12:00", 0),
        ("2021-03-15T23:29", 0),
        ("2021-03-15T23:30", 1),
        ("2021-03-16T23:30", 2),
        ("2021-03-20T00:00", 2),
    ],
)
def test_sessions_count_from_their_due_time_on(tmp_path, now, behind):
    found = age(tmp_path, now)
    assert (found.as_of, found.behind) == ("2021-03-12", behind)
    assert ("behind" in found.text) == (behind > 0)


def test_the_text_names_the_first_missing_session_and_says_when_there_may_be_more(tmp_path):
    assert age(tmp_path, "2021-03-16T23:30").text == (
        "bars end on 2021-03-12, 2 sessions behind (first missing: 2021-03-15)"
    )
    old = age(tmp_path, "2021-03-16T23:30", last=dt.date(2019, 1, 4))
    assert old.text == "bars end on 2019-01-04, at least 3 sessions behind (first missing: 2021-03-12)"


def test_the_demo_is_never_old_and_no_run_has_no_age(tmp_path):
    demo = age(tmp_path, "2031-03-16T23:30", source={"kind": "demo"})
    assert (demo.behind, demo.as_of) == (0, "2021-03-12")
    assert bars_age(StoredTables(tmp_path / "none"), Settings()) is None
