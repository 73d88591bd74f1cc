"""The plan of a real book: prices and levels from its tables."""

import pytest

from btassets.stages.advice.todays_setups import TodaysList
from btassets.studies.account.account_plan import account_plan
from btassets.studies.account.positions import Account, Position
from btassets_tests.support.small_books import run_book


def empty_list():
    return TodaysList(None, is_signal_day=False, last_signal_day=None, n_setups=0, n_ranked=0)


def test_a_position_is_worth_its_last_close_and_levels_come_from_the_journal():
    book = run_book()
    ticker = book.lake.read("todays_setups")["ticker"].to_pylist()[0]
    bars = book.lake.read("sessions")["date"].to_pylist()
    account = Account((Position(ticker, 2.0, opened=bars[-3]), Position("GONE", 1.0)), 50.0)
    found = account_plan(book, empty_list(), account)
    first, second = found.held
    assert found.equity == pytest.approx(50.0 + 2.0 * first.close)
    assert (second.close, second.state) == (None, None)
    assert first.state.sessions == 3
    assert any("was not shown before it was opened" in note for note in found.notes)  # its only list is of T
    assert any(note.startswith("GONE: no bars") for note in found.notes)
    assert found.as_of == bars[-1].isoformat()


def test_an_account_of_cash_alone_has_every_slot():
    found = account_plan(run_book(), empty_list(), Account((), 7.0))
    assert (found.equity, found.n_free, found.held) == (7.0, found.n_slots, ())
