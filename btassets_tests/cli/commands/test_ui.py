"""Options of `ui`: ports with room for the reports, and values passed to the work."""

import click
import pytest

from btassets.cli.actions import ui
from btassets.cli.commands.ui import command


@pytest.fixture
def started(monkeypatch):
    calls = []
    monkeypatch.setattr(ui, "command_ui", lambda arguments: calls.append(vars(arguments)) or 7)
    return calls


def test_the_page_starts_with_its_defaults_and_returns_the_code_of_its_work(started, tmp_path):
    assert command.main(["--book", str(tmp_path)], standalone_mode=False) == 7
    assert started == [{"book": tmp_path, "port": 3000, "no_page": False}]


@pytest.mark.parametrize(("port", "is_taken"), [("1", True), ("65534", True), ("65535", False), ("0", False)])
def test_the_port_leaves_room_for_that_of_the_reports(started, port, is_taken):
    if is_taken:
        command.main(["--port", port, "--no-page"], standalone_mode=False)
        assert started[0]["port"] == int(port)
        assert started[0]["no_page"]
    else:
        with pytest.raises(click.UsageError, match="is not between 1 and 65534"):
            command.main(["--port", port], standalone_mode=False)
        assert started == []
