"""Errors of the machine and of the project: codes, and the place to correct."""

import pytest

from btassets.errors import (
    CannotReadError,
    CannotWriteError,
    CheckFailedError,
    DamagedFileError,
    JournalDamagedError,
    ShardLostError,
    TableContractError,
    TooManyFilesError,
    UndeclaredReadError,
)


@pytest.mark.parametrize(
    ("kind", "field"), [("table", "`reads`"), ("setting", "`settings`"), ("file", "`outside`"), ("", "`outside`")]
)
def test_an_undeclared_read_names_the_field_of_the_declaration(kind, field):
    text = str(UndeclaredReadError("portfolio_sim", kind, "candidates", "btassets/graph/portfolio.py"))
    assert text.startswith(f"portfolio_sim reads {kind} candidates without declaring it;")
    assert text.endswith(f"add it to {field} of portfolio_sim in btassets/graph/portfolio.py.")


def test_a_damaged_journal_is_not_said_to_be_rebuilt_and_names_both_copies():
    plain = str(DamagedFileError("/b/data/x.parquet", "bad seal"))
    assert "`btassets run` rebuilds it" in plain
    journal = str(JournalDamagedError("/b/journal.log", "bad seal", "/b/.kept/journal.log"))
    assert "rebuilds" not in journal
    assert journal.startswith("/b/journal.log: damaged (bad seal)")
    assert "/b/.kept/journal.log away" in journal


@pytest.mark.parametrize(
    ("error", "code", "parts"),
    [
        (CannotWriteError("/b", "disk full"), 7, ("/b: disk full;", "free space or give write permission")),
        (CannotReadError("/b", "denied"), 7, ("/b: cannot be read (denied);", "grant it")),
        (TooManyFilesError("/b"), 7, ("/b: too many open files;", "ulimit -n 4096")),
        (DamagedFileError("/b", "cut"), 7, ("/b: damaged (cut)", "doctor --deep")),
        (CheckFailedError("no_lookahead", "rr differs"), 6, ("check no_lookahead failed: rr differs;",)),
        (ShardLostError(3, "AAPL"), 1, ("3 planned tickers are missing, first AAPL", "run again")),
        (TableContractError("weeks", "lacks n"), 1, ("table weeks: lacks n;", "btassets/graph")),
    ],
)
def test_each_error_states_place_problem_and_advice_and_has_its_code(error, code, parts):
    assert error.exit_code == code
    for part in parts:
        assert part in str(error)
