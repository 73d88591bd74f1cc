"""What a step prints reaches its log and the terminal, and no secret does."""

import os
import subprocess
import sys

import pytest

SECRET = "9f8c7b6a5d4e3f2a1b0c"

_STEP = """
import os, sys, time
from btassets.instance.runs.compute_logs import TeeComputeLogManager
from btassets.masking import remember

remember({secret!r})
manager = TeeComputeLogManager({folder!r})
with manager.capture_logs(["run", "compute_logs", "step"]):
    {body}
print("after")
"""


def printed(tmp_path, body: str) -> tuple[bytes, bytes]:
    """What a step that runs `body` leaves in its log of stdout, and on the terminal."""
    code = _STEP.format(secret=SECRET, folder=str(tmp_path), body=body)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=dict(os.environ))
    log = tmp_path / "storage" / "run" / "compute_logs" / "step.out"
    found = log if log.is_file() else next(tmp_path.rglob("step.out"))
    return found.read_bytes(), done.stdout


def test_all_that_a_step_prints_arrives(tmp_path):
    log, terminal = printed(tmp_path, 'os.write(1, b"one\\n\\xff two\\rthree"); print(" four")')
    assert log == b"one\n\xff two\rthree four\n"
    assert terminal == log + b"after\n"


@pytest.mark.parametrize("size", [1, 7, 19, 20, 21, 64])
def test_a_secret_written_in_pieces_is_hidden(tmp_path, size):
    body = (
        f'data = b"key {SECRET} end\\n" * 3; '
        f"[(os.write(1, data[k:k + {size}]), time.sleep(0.002)) for k in range(0, len(data), {size})]"
    )
    log, terminal = printed(tmp_path, body)
    assert log == b"key *** end\n" * 3
    assert terminal == log + b"after\n"


def test_an_address_in_a_line_loses_its_password(tmp_path):
    log, _ = printed(tmp_path, 'print("to a://u:pw@h/db"); print("no end", end="")')
    assert log == b"to a://u:***@h/db\nno end"
