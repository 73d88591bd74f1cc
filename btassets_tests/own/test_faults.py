"""Kinds of own code against faults: each is refused with file and line, in its process, and the next one works."""

from pathlib import Path

import pytest

from btassets.own.evaluate import Limits, all_values
from btassets.own.loading import declared_by
from btassets.own.own_process import OwnSignalError
from btassets.own.setups.rule_setups import RuleProcesses
from btassets_tests.support.own_panel import LIMITS, panel, write_source
from btassets_tests.support.own_rules import rule_text, write_rule
from btassets_tests.support.own_stage_call import computed

PANEL = panel()
FAULTS = {
    "raises": ("", "raise ValueError('broken')", "ValueError: broken"),
    "recursion": ("def deep(n):\n    return deep(n + 1)", "deep(0)", "RecursionError"),
    "memory": ("import numpy as np", "np.ones(1 << 50)", "MemoryError"),
    "exit": ("import sys", "sys.exit(3)", "SystemExit: 3"),
    "os._exit": ("import os", "os._exit(3)", "its process ended with exit code 3"),
    "interrupt": ("", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    "pathlib": ("from pathlib import Path", "Path(OUT).write_text('x')", "writes "),
    "os.open": ("import os", "os.open(OUT, os.O_CREAT | os.O_WRONLY)", "writes "),
    "np.save": ("import numpy as np", "np.save(OUT, np.ones(2))", "writes "),
    "sqlite": ("import sqlite3", "sqlite3.connect(OUT).execute('create table a(b)')", "opens the database "),
    "to_parquet": ("import pyarrow as pa\nimport pyarrow.parquet as pq",
                   "pq.write_table(pa.table({'a': [1]}), OUT)", "deletes "),  # Arrow tidies up what it could not open
    "read_parquet": ("import pyarrow.parquet as pq", "pq.read_table('/etc/hostname')", "opens a file or a pipe"),
    "reads": ("from pathlib import Path", "Path('/etc/hostname').read_text()", "reads /etc/hostname"),
    "looks": ("from pathlib import Path", "Path('/etc/hostname').exists()", "checks the path /etc/hostname"),
    "chmod": ("import os", "os.chmod('/etc', 0o755)", "changes the rights of /etc"),
    "kill": ("import os", "os.kill(os.getppid(), 0)", "sends a signal (os.kill)"),
    "fork": ("import os", "os.fork()", "starts a process (os.fork)"),
    "thread": ("import threading", "threading.Thread(target=print).start()", "starts a thread"),
    "pool": ("from concurrent import futures", "futures.ThreadPoolExecutor(1).submit(print)", "starts a thread"),
    "socket": ("import socket", "socket.create_connection(('127.0.0.1', 9))", "opens a connection"),
    "time": ("import time", "time.time()", "calls time.time()"),
    "clock_gettime": ("import time", "time.clock_gettime(0)", "calls time.clock_gettime()"),
    "strftime": ("import time", "time.strftime('%Y')", "calls time.strftime()"),
}  # fmt: skip
KINDS = ("window", "cross_section", "rule", "stage")


def call(folder: Path, kind: str, head: str, body: str) -> None:
    """Compute own code of a kind."""
    head = f"{head}\nOUT = {str(folder / 'own' / 'out.bin')!r}"
    if kind == "rule":
        with RuleProcesses(write_rule(folder, rule_text(body, head))) as processes:
            processes.setups(PANEL.arrays[0], [10, 20])
    elif kind == "stage":
        stage = f"@bt.stage(reads=['trades'])\ndef idea(tables, settings):\n    {body}\n"
        computed(folder, "idea.py", f"import btassets as bt\n{head}\n{stage}")
    else:
        declared = {"window": "signal", "cross_section": "cross_section"}[kind]
        signal = f"@bt.{declared}(lookback=3)\ndef idea(w):\n    {body}\n"
        found, problem = declared_by(write_source(folder, "idea.py", f"import btassets as bt\n{head}\n{signal}"))
        assert not problem
        all_values(found[0], PANEL, LIMITS)


def refusal(folder: Path, kind: str, head: str, body: str) -> str:
    """Why own code of a kind was refused."""
    with pytest.raises(OwnSignalError) as caught:
        call(folder, kind, head, body)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_file_and_line(tmp_path: Path, kind: str, fault: str) -> None:
    head, body, expected = FAULTS[fault]
    found = refusal(tmp_path, kind, head, body)
    assert expected in found
    assert "own/idea.py line " in found or fault == "os._exit"
    assert not list((tmp_path / "own").glob("out.bin*"))


def test_what_is_written_into_the_pipe_of_answers_is_no_answer(tmp_path: Path) -> None:
    found = refusal(tmp_path, "window", "import os", "os.write(3, b'x' * 100)")
    assert "it wrote into a pipe of its process" in found


def test_waiting_without_work_ends_at_the_limit_of_the_wall_clock(tmp_path: Path) -> None:
    text = (
        "import threading\nimport btassets as bt\n@bt.signal(lookback=3)\ndef idea(w):\n    threading.Event().wait()\n"
    )
    (signal,), _ = declared_by(write_source(tmp_path, "idea.py", text))
    with pytest.raises(OwnSignalError, match=r"took more than 0\.1 s"):
        all_values(signal, PANEL, Limits(ticker_seconds=0.1))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("raise ValueError('broken')", "own/idea.py line 1: ValueError: broken"),
        (
            "import pyarrow.parquet as pq\nt = pq.read_table('/etc/hostname')",
            "own/idea.py line 2: opens a file or a pipe",
        ),
        ("import sqlite3\nc = sqlite3.connect('/etc/x.db')", "own/idea.py line 2: opens the database /etc/x.db"),
        ("import threading\nthreading.Thread(target=print).start()", "own/idea.py line 2: starts a thread"),
        ("from datetime import datetime\nclock = datetime.now", "own/idea.py line 2: datetime.now reads the clock"),
    ],
)
def test_a_fault_at_import_is_refused_with_file_and_line(tmp_path: Path, head: str, expected: str) -> None:
    found, problem = declared_by(write_source(tmp_path, "idea.py", head + "\n"))
    assert found == []
    assert expected in problem
