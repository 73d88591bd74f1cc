"""The book's lock: one holder at a time, named, and gone with its process."""

import subprocess
import sys
from pathlib import Path

import pytest

from btassets.errors import BookBusyError
from btassets.storage.lock import book_lock


def test_one_holder_at_a_time_and_the_other_is_told(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from btassets.storage.lock import book_lock\n"
        "with book_lock(Path(sys.argv[1]), 'first'):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BookBusyError) as caught, book_lock(tmp_path, "second", wait=False):
            pass
        holder.stdin.close()
    assert f"first, process {holder.pid}" in str(caught.value)
    assert caught.value.exit_code == 2
    with book_lock(tmp_path, "third", wait=False), book_lock(tmp_path, "the run that it starts", wait=False):
        pass
    assert (tmp_path / ".dagster" / "run.lock").read_text() == ""


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from btassets.storage.lock import book_lock\n"
        "with book_lock(Path(sys.argv[1]), 'x'):\n    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    with book_lock(tmp_path, "next", wait=False):
        pass
