"""The calendar read back: arrays, T, and blocked days of the newest version of the file."""

import numpy as np

from btassets.stages.bars.sessions_view import blocked_days, read_sessions
from btassets_tests.support.stored_tables import StoredTables


def test_the_calendar_is_read_as_arrays_and_its_last_day_is_t(tmp_path):
    tables = StoredTables(tmp_path).put_sessions([18_000, 18_001, 18_004])
    sessions = read_sessions(tables)
    assert (sessions.days.dtype, sessions.days.tolist(), sessions.last) == (np.int32, [18_000, 18_001, 18_004], 18_004)
    assert sessions.is_week.tolist() == tables["sessions"].read()["is_week"].to_pylist()


def test_blocked_days_follow_the_file_and_there_are_none_before_the_first_run(tmp_path):
    tables = StoredTables(tmp_path)
    assert blocked_days(tables).tolist() == []
    tables.put_sessions([18_000, 18_001], blocked_days=[18_001])
    assert blocked_days(tables).tolist() == [18_001]
    assert blocked_days(tables).tolist() == [18_001]
    tables.put_sessions([18_000, 18_001], blocked_days=[18_000])
    assert blocked_days(tables).tolist() == [18_000]
    tables.put_sessions([18_000, 18_001])
    assert blocked_days(tables).tolist() == []
    other = StoredTables(tmp_path / "other").put_sessions([18_000], blocked_days=[18_000])
    assert blocked_days(other).tolist() == [18_000]
    assert blocked_days(tables).tolist() == []
