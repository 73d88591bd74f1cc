"""Errors in user input: the nearest name, the value, the place; all end with 2."""

import pytest

from btassets.errors import (
    BookBusyError,
    MembershipError,
    NoBookError,
    SettingError,
    SettingsFileError,
    UnknownSettingError,
    UnknownTableError,
    UsageError,
)

KNOWN = ("gates.min_rr", "gates.min_ev", "portfolio.max_positions")


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("gates.min_r", "did you mean gates.min_rr?"),
        ("portfolio.max_position", "did you mean portfolio.max_positions?"),
        ("zzz", "`btassets config` lists every setting."),
    ],
)
def test_an_unknown_setting_gets_the_nearest_name_or_the_list(key, advice):
    assert str(UnknownSettingError(key, KNOWN, "line 3")) == f"{key}: no such setting (line 3); {advice}"


def test_a_renamed_setting_or_table_gets_its_new_name_even_if_another_is_nearer():
    error = UnknownSettingError("gates.min_rx", KNOWN, "line 3", renamed="costs.per_side_frac")
    assert str(error).endswith("did you mean costs.per_side_frac?")
    table = UnknownTableError("book_sims", ("book_sim", "portfolio_sims"), "no such table", renamed="portfolio_sims")
    assert str(table).endswith("renamed since 0.1.0; did you mean portfolio_sims?")


def test_an_unknown_table_gets_the_nearest_one_or_all():
    assert str(UnknownTableError("candidate", ("candidates", "weeks"), "no such table")) == (
        "candidate: no such table; did you mean candidates?"
    )
    far = UnknownTableError("zzz", ("candidates", "weeks"), "no such table")
    assert str(far).endswith("tables: candidates, weeks.")


def test_a_value_is_shown_as_given_and_shortened():
    assert str(SettingError("gates.min_rr", "two", "must be a number", "line 4")) == (
        'gates.min_rr = "two": must be a number (line 4)'
    )
    assert '= "2"' in str(SettingError("k", "2", "r", "w"))
    assert "= 2:" in str(SettingError("k", 2, "r", "w"))
    assert len(str(SettingError("k", "9" * 9000, "r", "w"))) < 200


@pytest.mark.parametrize(
    "error",
    [
        UnknownSettingError("a", (), "w"),
        UnknownTableError("a", (), "p"),
        SettingError("a", 1, "r", "w"),
        UsageError("p", "a"),
        SettingsFileError("f", "p"),
        MembershipError("f", "p"),
        NoBookError("f"),
        BookBusyError("f", "h"),
    ],
)
def test_errors_of_input_end_with_2(error):
    assert error.exit_code == 2


def test_where_and_what_to_do_are_in_the_text():
    assert "--no-wait" in str(BookBusyError("/b", "process 7"))
    assert "process 7" in str(BookBusyError("/b", "process 7"))
    assert str(NoBookError("/b")).startswith("/b: no btassets.toml here")
    assert str(SettingsFileError("/b/x.toml", "line 3: odd")).endswith("settings must be TOML; correct that line.")
    assert str(SettingsFileError("/b/x.toml", "gone", "restore it.")) == "/b/x.toml: gone; restore it."
    spells = str(MembershipError("m.csv", "row 3 has no start"))
    assert spells.startswith("universe.membership m.csv: row 3 has no start;")
