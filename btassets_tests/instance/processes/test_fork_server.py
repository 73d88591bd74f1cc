"""The server that forks the processes of runs knows itself, and takes no other program for it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

_PROGRAM = """
import multiprocessing
from btassets.instance.processes.fork_server import is_fork_server

with multiprocessing.get_context("forkserver").Pool(1) as pool:
    print(is_fork_server(), pool.apply(is_fork_server))
"""


def test_a_program_after_c_is_no_fork_server_and_what_it_forks_is_of_one() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "False True\n", done.stderr
