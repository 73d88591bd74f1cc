"""An interrupt is never lost, wherever it arrives."""

import subprocess
import sys
from pathlib import Path

from btassets_tests.support.book_factory import PROJECT

PROGRAM = """
import os, signal, sys, time
from btassets.cli.interrupts import noticing_interrupts

class Finalized:
    def __del__(self):
        raise KeyboardInterrupt

class Broken:
    def __del__(self):
        raise ValueError("shown")

signal.signal(signal.SIGINT, signal.default_int_handler)
with noticing_interrupts() as arrived:
    Broken()
    assert not arrived()
    try:
        Finalized()
        time.sleep(20)
    except KeyboardInterrupt:
        print("interrupted", arrived())
"""


def test_an_interrupt_inside_a_finalizer_is_sent_again() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stdout == "interrupted True\n"
    assert "ValueError: shown" in done.stderr
    assert "KeyboardInterrupt" not in done.stderr


IMPORTING = """
import signal, sys, time
from btassets.cli.interrupts import noticing_interrupts

sys.path.insert(0, sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)
with noticing_interrupts() as arrived:
    try:
        import swallowing
        time.sleep(20)
    except KeyboardInterrupt:
        print("interrupted", arrived())
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""

SWALLOWING = """
import signal
try:
    signal.raise_signal(signal.SIGINT)
    print("initialized")
except:
    print("swallowed")
"""


def test_an_interrupt_waits_for_the_end_of_an_import(tmp_path: Path) -> None:
    (tmp_path / "swallowing.py").write_text(SWALLOWING, encoding="utf-8")
    command = [sys.executable, "-c", IMPORTING, str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("initialized\ninterrupted True\n", "")
