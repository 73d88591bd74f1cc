"""The child process: what it inherits, and that nothing of it outlives its use."""

import os
from pathlib import Path

import numpy as np
import pytest

from btassets.own.own_process import OwnProcess, OwnSignalError
from btassets_tests.support.own_panel import window, write_source


def test_a_process_ends_with_its_block(tmp_path: Path) -> None:
    with OwnProcess(write_source(tmp_path, "idea.py", window("return 1.0"))) as process:
        assert [words["name"] for words in process.load()] == ["idea"]
        number = process._child.pid
        os.kill(number, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_keys_of_the_environment_are_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_SECRET_KEY", "very-secret")
    text = "import os\nif 'APCA_API_SECRET_KEY' in os.environ:\n    raise ValueError('it is here')\n"
    with OwnProcess(write_source(tmp_path, "idea.py", text + window("return 1.0"))) as process:
        assert len(process.load()) == 1


def test_a_process_that_died_is_an_error_of_its_signal(tmp_path: Path) -> None:
    with OwnProcess(write_source(tmp_path, "idea.py", window("return 1.0"))) as process:
        process._child.kill()
        process._child.wait()
        with pytest.raises(OwnSignalError, match="sending bars: its process ended by signal 9"):
            process.ask({"do": "bars", "bars": [], "is_added": False}, 1.0, "sending bars")


def test_loading_writes_nothing_beside_the_source(tmp_path: Path) -> None:
    source = write_source(tmp_path, "idea.py", window("return 1.0", "import tools"))
    write_source(tmp_path, "tools.py", "x = 1\n")
    before = sorted(tmp_path.rglob("*"))
    with OwnProcess(source) as process:
        process.load()
        answer = process.ask({"do": "bars", "bars": [], "is_added": False}, 1.0, "sending bars")
    assert answer[0] == {}
    assert np.array_equal(answer[1], np.empty(0))
    assert sorted(tmp_path.rglob("*")) == before
