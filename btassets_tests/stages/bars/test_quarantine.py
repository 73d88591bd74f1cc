"""Dropped rows: updated with each reading, nulls for non-numbers, lost records."""

import numpy as np
import pytest

from btassets.engine.market.quality_rules import DroppedRows
from btassets.stages.bars.quarantine import Quarantined, quarantine_table, without_record, write_quarantine
from btassets_tests.support.stored_tables import StoredTables, raw_bars


def dropped(rule, days, close=1.0):
    return DroppedRows(rule, raw_bars(days, close))


@pytest.fixture
def stored(tmp_path):
    return StoredTables(tmp_path, n_buckets=1).bucketed("quarantine")


def rows(stored, *tickers):
    table = quarantine_table(stored, tickers)
    return list(
        zip(
            *(table[name].to_pylist() for name in ("ticker", "rule")),
            table["date"].cast("int32").to_pylist(),
            strict=True,
        )
    )


def test_rows_are_ordered_by_ticker_date_and_rule(stored):
    found = {
        "b": Quarantined(None, [dropped("Q6", [12])]),
        "A": Quarantined(None, [dropped("Q6", [14, 11]), dropped("Q4", [11])]),
    }
    write_quarantine(stored, 0, found)
    assert rows(stored, "A", "b") == [("A", "Q4", 11), ("A", "Q6", 11), ("A", "Q6", 14), ("b", "Q6", 12)]
    assert rows(stored, "b") == [("b", "Q6", 12)]
    assert rows(stored) == []


def test_a_whole_reading_replaces_a_record_and_a_partial_one_its_part(stored):
    write_quarantine(
        stored, 0, {"A": Quarantined(None, [dropped("Q4", [11, 15, 20])]), "B": Quarantined(None, [dropped("Q4", [1])])}
    )
    write_quarantine(stored, 0, {"A": Quarantined(15, [dropped("Q5", [16])])})
    assert rows(stored, "A", "B") == [("A", "Q4", 11), ("A", "Q5", 16), ("B", "Q4", 1)]
    write_quarantine(stored, 0, {"A": Quarantined(None, [])})
    assert rows(stored, "A", "B") == [("B", "Q4", 1)]
    write_quarantine(stored, 0, {})
    assert rows(stored, "A", "B") == [("B", "Q4", 1)]


def test_nothing_dropped_writes_no_file(stored):
    write_quarantine(stored, 0, {"A": Quarantined(None, [])})
    assert stored.files == []
    assert quarantine_table(stored, ["A"]).num_rows == 0


def test_a_value_that_was_not_a_number_is_null(stored):
    write_quarantine(stored, 0, {"A": Quarantined(None, [dropped("Q4", [11, 12], np.array([np.nan, 3.0]))])})
    assert quarantine_table(stored, ["A"])["close"].to_pylist() == [None, 3.0]


def test_a_lost_record_is_noticed_unless_only_duplicates_were_dropped(stored):
    known = {"A": {"dropped": {"Q4": 1}}, "B": {"dropped": {"Q3": 5}}, "C": {"dropped": {"Q4": 0}}, "D": {}}
    assert without_record(stored, known, ["A", "B", "C", "D", "E"]) == ["A"]
    write_quarantine(stored, 0, {"A": Quarantined(None, [dropped("Q4", [11])])})
    assert without_record(stored, known, ["A", "B", "C", "D", "E"]) == []
