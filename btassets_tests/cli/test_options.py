"""Value types of options: bounds, old words, and messages that show a long value in short."""

from pathlib import Path

import click
import pytest

from btassets.cli.options import Amount, FilePath, Whole, Word, scenario


def refusal(kind, value):
    with pytest.raises(click.BadParameter) as caught:
        kind.convert(value, None, None)
    return caught.value.message


@pytest.mark.parametrize(
    ("words", "value", "advice"),
    [
        (("standard", "legacy"), "honest", "; did you mean standard?"),
        (("standard", "legacy"), "seed", "; did you mean legacy?"),
        (("table", "csv"), "seed", ""),  # the new word is none of these
        (("table", "csv"), "tabel", "; did you mean table?"),
        (("table", "csv"), "TABLE", "; did you mean table?"),
        (("table", "csv"), "xyz", ""),
    ],
)
def test_a_word_is_one_of_its_list_or_refused_with_the_nearest(words, value, advice):
    assert Word(words).convert(words[1], None, None) == words[1]
    assert refusal(Word(words), value) == f"{value} is not one of {', '.join(words)}{advice}"


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("1024", 1024), (" 7 ", 7), ("+7", 7), (8, 8)])
def test_a_whole_number_between_its_bounds_is_taken(value, number):
    assert Whole(1, 1024).convert(value, None, None) == number


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", "0 is not between 1 and 1024"),
        ("1025", "1025 is not between 1 and 1024"),
        ("-1", "-1 is not between 1 and 1024"),
        ("2.5", "2.5 is not a whole number"),
        ("", " is not a whole number"),
        ("two", "two is not a whole number"),
        ("9" * 5000, f"{'9' * 80}... (5,000 characters) is not between 1 and 1024"),
    ],
)
def test_other_numbers_are_refused_with_the_bounds(value, said):
    assert refusal(Whole(1, 1024), value) == said


@pytest.mark.parametrize(("value", "number"), [("0.5", 0.5), ("1e6", 1e6), ("5e-324", 5e-324)])
def test_an_amount_is_finite_and_above_zero(value, number):
    assert Amount().convert(value, None, None) == number


@pytest.mark.parametrize("value", ["0", "-1", "inf", "nan", "1e400", "", "ten", "-0.0"])
def test_any_other_amount_is_refused(value):
    assert refusal(Amount(), value) == f"{value} is not a finite number above 0"


def test_a_path_is_text_without_control_characters(monkeypatch):
    monkeypatch.setenv("HOME", "/users/me")
    assert FilePath().convert("~/book", None, None) == Path("/users/me/book")
    assert FilePath().convert("a\tb", None, None) == Path("a\tb")
    for value in ("", "  ", "a\nb", "a\x00b", "\x1b[2J", "a\x7f"):
        assert refusal(FilePath(), value) == f"{value!r} is not a path"
    assert "no_such_user_here" in refusal(FilePath(), "~no_such_user_here/x")


def test_scenarios_of_the_file_complete_a_name(tmp_path):
    (tmp_path / "btassets.toml").write_text("[scenario.strict.gates]\nmin_rr = 2\n[scenario.base2]\n")
    option = scenario()
    context = click.Context(click.Command("x"))
    context.params["book"] = tmp_path

    def offered(start):
        return [item.value for item in option.shell_complete(context, start)]

    assert offered("") == ["base", "strict", "base2"]
    assert offered("b") == ["base", "base2"]
    (tmp_path / "btassets.toml").write_text("not toml [")
    assert offered("") == []
    context.params["book"] = tmp_path / "nothing"
    assert offered("") == []
