"""Today's list on a terminal and in a pipe: columns, reasons, width."""

import io
import sys
from pathlib import Path

import pytest

from btassets.cli.output import todays_text
from btassets.cli.output.todays_text import print_list
from btassets.render.todays_list import CAP_FRAC, CAPITAL_USD, RISK_FRAC, as_text
from btassets.run.tables import inputs_of
from btassets.stages.advice.todays_setups import TodaysList, todays_list
from btassets_tests.support.book_factory import call
from btassets_tests.support.small_books import run_book

SIZES = {"capital": CAPITAL_USD, "risk_frac": RISK_FRAC, "cap_frac": CAP_FRAC}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def found() -> TodaysList:
    listed = todays_list(*inputs_of("todays_setups", run_book(), own=True), signal_day=False)
    assert listed.qualified or listed.misses
    return listed


def shown(monkeypatch: pytest.MonkeyPatch, found: TodaysList, columns: int, *, is_explained: bool) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", out := _Terminal())
    print_list(found, is_explained=is_explained, **SIZES)
    return out.getvalue()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_tables_of_its_width(monkeypatch: pytest.MonkeyPatch, found: TodaysList, columns: int) -> None:
    plain = shown(monkeypatch, found, columns, is_explained=False)
    told = shown(monkeypatch, found, columns, is_explained=True)
    head, *lines = told.splitlines()
    assert "at" in head
    assert max(len(line) for line in lines) <= columns
    first = [*found.qualified, *found.misses][0]["ticker"]
    assert f"\n{first} " in plain
    assert "trend" not in plain
    assert plain.endswith("`btassets today --why` shows votes, conflicts and targets.\n")
    reasons = told.partition("\nWhy\n")[2]
    assert f"\n{first} " in reasons
    assert "trend" in reasons
    assert "--why" not in told


def test_a_pipe_gets_a_line_per_setup_with_its_reasons(capsys: pytest.CaptureFixture[str], found: TodaysList) -> None:
    for is_explained in (False, True):
        print_list(found, is_explained=is_explained, **SIZES)
        assert capsys.readouterr().out == as_text(found, **SIZES)


def test_an_empty_list_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = TodaysList(None, is_signal_day=False, last_signal_day=None, n_setups=0, n_ranked=0, qualified=[])
    assert shown(monkeypatch, empty, 80, is_explained=True).count("\n") == 1
    assert todays_text.head_line(empty).startswith("0 setups qualify at ")


def test_the_option_is_known(book: Path) -> None:
    done = call("today", "--why", "--book", book)
    assert done.code == 0, done.err
    assert " why\n" in done.out
