"""The keeper ends what a killed command started, and nothing that the command stopped itself."""

import os
import signal
import subprocess
import sys
import time

from btassets.instance.processes.keeper import end_groups, groups_left
from btassets_tests.support.running_page import is_alive

_SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(120)"]
_STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(120)",
]


def started(command: list[str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    return process


def test_what_was_stopped_is_left_alone() -> None:
    assert groups_left([]) == []
    assert groups_left(["+1", "+2", "-1", "+3", "-9"]) == [3, 2]


def test_groups_end_and_stubborn_ones_are_killed() -> None:
    soft, hard = started(_SLEEP), started(_STUBBORN)
    end_groups([soft.pid, hard.pid, 2**22 - 1], grace_seconds=0.5)
    assert soft.wait(20) == -signal.SIGTERM
    assert hard.wait(20) == -signal.SIGKILL


def test_it_waits_for_the_pipe_alone() -> None:
    own, other = started(_SLEEP), started(_SLEEP)
    keeper = subprocess.Popen([sys.executable, "-m", "btassets.instance.processes.keeper"], stdin=subprocess.PIPE)
    try:
        keeper.stdin.write(f"+{own.pid}\n+{other.pid}\n-{other.pid}\n".encode())
        keeper.stdin.flush()
        time.sleep(1.0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(keeper.pid, number)
        time.sleep(0.3)
        assert keeper.poll() is None
        assert is_alive(own.pid)
        keeper.stdin.close()
        assert own.wait(20) == -signal.SIGTERM
        assert keeper.wait(20) == 0
        assert is_alive(other.pid)
    finally:
        for process in (own, other, keeper):
            process.kill()
            process.wait()
