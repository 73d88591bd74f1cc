"""Options of `schedule`: one of three actions, and the switch of the installation."""

import click
import pytest

from btassets.cli.actions import schedule
from btassets.cli.commands.schedule import command


@pytest.fixture
def called(monkeypatch):
    calls = []
    monkeypatch.setattr(schedule, "command_schedule", lambda arguments: calls.append(vars(arguments)) or 0)
    return calls


def test_an_action_is_passed_with_its_switches(called, tmp_path):
    assert command.main(["on", "--install", "--book", str(tmp_path)], standalone_mode=False) == 0
    assert called == [{"action": "on", "install": True, "book": tmp_path}]


@pytest.mark.parametrize(
    ("words", "said"), [(["of"], "did you mean off?"), (["stop"], "is not one of on, off, status")]
)
def test_another_action_is_refused(called, words, said):
    with pytest.raises(click.UsageError) as caught:
        command.main(words, standalone_mode=False)
    assert said in caught.value.message
    assert called == []


def test_an_action_is_needed(called):
    with pytest.raises(click.UsageError, match="Missing"):
        command.main([], standalone_mode=False)
    assert called == []
