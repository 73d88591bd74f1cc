"""An interrupt is never lost, wherever it arrives."""

import subprocess
import sys

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
