"""The group of commands: lazy modules, help without imports, and unknown words with the nearest name."""

import sys

import click
import pytest
from click.testing import CliRunner

from btassets import __version__
from btassets.cli.commands import COMMANDS, module_of
from btassets.cli.program import cut, declare, did_you_mean, program


def test_help_lists_every_command_in_order_and_imports_none(monkeypatch):
    for name in COMMANDS:
        monkeypatch.delitem(sys.modules, module_of(name), raising=False)
    answer = CliRunner().invoke(program(), ["--help"])
    assert answer.exit_code == 0
    listed = answer.output.partition("Commands:\n")[2].splitlines()
    names = [line.split()[0] for line in listed if line.startswith("  ") and line[2] != " "]
    assert names[: len(COMMANDS)] == list(COMMANDS)
    assert [name for name in COMMANDS if module_of(name) in sys.modules] == []


def test_the_version_is_the_packages_own():
    assert CliRunner().invoke(program(), ["--version"]).output == f"btassets {__version__}\n"


@pytest.mark.parametrize(("word", "advice"), [("rnu", "did you mean run?"), ("SQL", "did you mean sql?")])
def test_an_unknown_command_is_refused_with_the_nearest(word, advice):
    answer = CliRunner().invoke(program(), [word])
    assert answer.exit_code == 2
    assert f"no such command: {word}; {advice}" in answer.output
    far = CliRunner().invoke(program(), ["q" * 200])
    assert f"{'q' * 80}... (200 characters); known: " in far.output


def test_a_command_passes_its_values_and_returns_the_code_of_its_work(monkeypatch):
    calls = []

    class Work:
        @staticmethod
        def done(**values):
            calls.append(values)
            return 4

    monkeypatch.setitem(sys.modules, "made_up_work", Work)
    command = declare("run", "made_up_work:done", [click.Option(["--n"], type=int)], more="More.", examples=["run x"])
    assert calls == []
    assert command.main(["--n", "3"], standalone_mode=False) == 4
    assert calls == [{"n": 3}]
    shown = CliRunner().invoke(command, ["-h"]).output
    assert COMMANDS["run"].split()[0] in shown
    assert "More." in shown
    assert "Examples:\n    run x" in shown


def test_advice_prefers_a_near_word_then_the_given_text_then_the_list():
    assert did_you_mean("Lgacy", {"legacy": 1, "standard": 2}) == "did you mean legacy?"
    assert did_you_mean("zz", ["a", "b"], "see the list.") == "see the list."
    assert did_you_mean("zz", ["a", "b"]) == "known: a, b."


def test_text_of_80_characters_is_shown_whole():
    assert cut("x" * 80) == "x" * 80
    assert cut("x" * 81) == "x" * 80 + "... (81 characters)"
