"""Order of setups by session, and the part of them that a study takes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from btassets.engine.portfolio.entries import Entries
from btassets_tests.support.small_panel import flat, market, rows

DAY_0 = 18_000


def entries_of(panel, days):
    n = len(days)
    return Entries.from_rows(
        panel,
        ticker_no=np.arange(n, dtype=np.int32) % 3,
        asof_date=np.array(days, np.int32),
        is_long=np.arange(n) % 2 == 0,
        entry=np.arange(n) + 0.0,
        stop=np.arange(n) + 0.25,
        target=np.arange(n) + 0.5,
    )


def test_rows_of_one_session_keep_their_order_and_carry_their_levels():
    panel = market([flat(10, *range(4))])
    entries = rows(panel, (0, 2, 10.0, 9.0, 12.0), (0, 0, 20.0, 19.0, 22.0, False), (0, 2, 30.0, 29.0, 32.0))
    assert entries.row_no.tolist() == [1, 0, 2]
    assert entries.entry.tolist() == [20.0, 10.0, 30.0]
    assert entries.stop.tolist() == [19.0, 9.0, 29.0]
    assert entries.target.tolist() == [22.0, 12.0, 32.0]
    assert entries.is_long.tolist() == [False, True, True]
    assert entries.session_starts.tolist() == [0, 1, 1, 3, 3, 3]
    assert len(entries) == 3


def test_a_date_between_two_sessions_belongs_to_the_later_one_and_is_no_session():
    panel = market([flat(10, *range(3))])
    weekly = Entries.from_rows
    panel = type(panel)(**{**panel.__dict__, "calendar": np.array([10, 12, 14], np.int32)})
    entries = weekly(
        panel,
        *(np.zeros(5, np.int32), np.array([9, 10, 11, 14, 15], np.int32), np.ones(5, bool)),
        *(np.ones(5),) * 3,
    )
    assert entries.asof_session.tolist() == [0, 0, 1, 2, 3]
    assert entries.is_session.tolist() == [False, True, False, True, False]
    # The row after the last session is in a group of its own at the end.
    assert entries.session_starts.tolist() == [0, 2, 3, 4, 5]


@given(st.lists(st.integers(DAY_0 - 2, DAY_0 + 12), max_size=30), st.data())
def test_each_session_holds_exactly_its_rows_and_a_part_is_the_same_as_its_rows_alone(days, data):
    panel = market([flat(10, *range(10))])
    entries = entries_of(panel, days)
    for session in range(11):
        part = slice(entries.session_starts[session], entries.session_starts[session + 1])
        wanted = [k for k, day in enumerate(days) if min(max(day - DAY_0, 0), 10) == session]
        assert entries.row_no[part].tolist() == wanted
    chosen = np.array(sorted(data.draw(st.sets(st.sampled_from(range(len(days))))) if days else []), np.int64)
    taken = entries.take(chosen)
    alone = entries_of(panel, days)
    kept = [alone.row_no[k] for k in chosen]
    assert taken.row_no.tolist() == kept
    assert taken.entry.tolist() == [float(k) for k in kept]
    n_of_session = [sum(min(max(days[k] - DAY_0, 0), 10) == s for k in kept) for s in range(11)]
    assert np.diff(taken.session_starts).tolist() == n_of_session
