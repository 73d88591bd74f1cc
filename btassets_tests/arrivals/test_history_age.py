"""Sessions ended since T, by weekdays or by the exchange, before today."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

from btassets.arrivals import history_age
from btassets.arrivals.history_age import sessions_behind
from btassets.storage.lake import Lake
from btassets_tests.support.stored_tables import StoredTables

FRIDAY = 18_698  # 2021-03-12


def book_at(tmp_path, last=FRIDAY, calendar="data"):
    tables = StoredTables(tmp_path).put_sessions([last - 1, last])
    return SimpleNamespace(lake=tables.lake, base=SimpleNamespace(calendar=calendar))


@pytest.mark.parametrize(
    ("today", "n"),
    [
        ("2021-03-12", 0),
        ("2021-03-13", 0),
        ("2021-03-14", 0),  # Saturday and Sunday are no sessions
        ("2021-03-15", 0),  # Monday has not ended
        ("2021-03-16", 1),
        ("2021-03-19", 4),
        ("2021-03-22", 5),
        ("2021-03-01", 0),
    ],
)
def test_weekdays_before_today_count(tmp_path, today, n):
    assert sessions_behind(book_at(tmp_path), dt.date.fromisoformat(today)) == ("2021-03-12", n)


def test_an_exchange_counts_its_own_sessions(tmp_path, monkeypatch):
    asked = []

    def sessions(lake, code, first, last):
        asked.append((code, first, last))
        return np.array([FRIDAY + 3])

    monkeypatch.setattr(history_age, "exchange_sessions", sessions)
    found = sessions_behind(book_at(tmp_path, calendar="XNYS"), dt.date(2021, 3, 17))
    assert found == ("2021-03-12", 1)
    assert asked == [("XNYS", FRIDAY + 1, FRIDAY + 4)]


def test_before_the_first_run_there_is_no_age(tmp_path):
    assert sessions_behind(SimpleNamespace(lake=Lake(tmp_path, 1), base=None)) is None
