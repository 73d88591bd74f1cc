"""Programs of one command: what they write is kept without secrets, and they end with it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from btassets import masking
from btassets.instance.processes import process_group
from btassets.instance.processes.process_group import Processes
from btassets_tests.support.running_page import is_alive

SECRET = "9f8c7b6a5d4e3f2a1b0c"


def _until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_programs_words_are_kept_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_remembered", {SECRET})
    (tmp_path / "speaks.py").write_text(f"print('key {SECRET} to a://u:pw@h'); raise SystemExit(3)")
    log = tmp_path / "ui.log"
    with Processes(tmp_path, log, {"PYTHONPATH": str(tmp_path)}) as group:
        group.start("speaker", "speaks", [])
        _until(lambda: group.ended() is not None)
        assert group.ended() == ("speaker", 3)
        _until(lambda: log.exists() and log.read_text() == "key *** to a://u:***@h\n")
        group.forget("speaker")
        assert group.ended() is None


def test_the_log_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_group, "_LOG_BYTES", 100)
    (tmp_path / "speaks.py").write_text("for n in range(50): print('line', n, flush=True)")
    log = tmp_path / "ui.log"
    with Processes(tmp_path, log, {"PYTHONPATH": str(tmp_path)}) as group:
        group.start("speaker", "speaks", [])
        _until(lambda: log.exists() and "line 49" in log.read_text())
    assert log.stat().st_size < 200
    assert log.with_suffix(".old.log").is_file()


def test_all_end_with_the_group(tmp_path: Path) -> None:
    # The child starts another one: both are one session.
    (tmp_path / "stays.py").write_text(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        "open('pids', 'w').write(f'{child.pid}'); time.sleep(100)"
    )
    with Processes(tmp_path, tmp_path / "ui.log", {"PYTHONPATH": str(tmp_path)}) as group:
        made = group.start("stays", "stays", [])
        _until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text())
        grandchild = int((tmp_path / "pids").read_text())
        assert is_alive(grandchild)
    assert not is_alive(made.pid)
    _until(lambda: not is_alive(grandchild))


def test_all_end_when_the_command_is_killed(tmp_path: Path) -> None:
    (tmp_path / "stays.py").write_text("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(100)")
    command = (
        "import sys, time; from pathlib import Path; from btassets.instance.processes.process_group import Processes\n"
        "folder = Path(sys.argv[1])\n"
        "with Processes(folder, folder / 'log', {'PYTHONPATH': sys.argv[1]}) as group:\n"
        "    group.start('stays', 'stays', []); time.sleep(100)"
    )
    parent = subprocess.Popen([sys.executable, "-c", command, str(tmp_path)])
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    _until(lambda: not is_alive(int((tmp_path / "pid").read_text())))
