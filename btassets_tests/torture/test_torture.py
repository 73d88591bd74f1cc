"""The reduced form of `make torture`, in parts that each take less than a minute.

The attacks run in a process of their own: what they fork must be forked from one without threads.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from btassets_tests.torture import workers
from btassets_tests.torture.__main__ import SEED
from btassets_tests.torture.counts import Counts, as_markdown, total

ROOT = Path(__file__).parents[2]

PARTS = {
    "faults": ("kills", "interrupts", "calls", "disks"),
    "damage": ("damage", "beside", "settings"),
    "bad inputs": ("readers",),
    "bad commands": ("commands", "vendors"),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.long
def test_nothing_is_lost_doubled_or_wrong_in_silence(part: str, tmp_path: Path) -> None:
    words = [word for name in PARTS[part] for word in ("--only", name)]
    answer = tmp_path / "counts.json"
    done = subprocess.run(
        [sys.executable, "-m", "btassets_tests.torture", "--reduced", "--json", str(answer), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    counts = [Counts(**one) for one in json.loads(answer.read_text()).values()]
    whole = total(counts)
    assert whole.failures == [], done.stderr
    assert done.returncode == 0, done.stderr
    left_out = () if workers.has_compiler() else ("calls",)
    assert len(counts) == len([name for name in PARTS[part] if name not in left_out])
    assert whole.n_faults == whole.n_refused + whole.n_recovered + whole.n_unharmed
    assert all(one.n_faults for one in counts)
    assert f"seed {SEED}, reduced" in done.stdout


def test_the_table_adds_up() -> None:
    first, second = Counts("a", 3, 1, 1, 1), Counts("b", 2, n_refused=1)
    second.fail("b broke")
    assert total([first, second]).n_faults == 5
    assert total([first, second]).failures == ["b broke"]
    lines = as_markdown([first, second]).splitlines()
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1


def test_a_command_is_killed_and_its_end_is_seen(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from btassets_tests.torture.workers import run, start, in_child\n"
            "said = run(['--version'])\nassert said.code == 0 and 'btassets' in said.out, said\n"
            "said = run(['run', '--book', '/nowhere'])\nassert said.code == 2 and said.is_refusal, said\n"
            "process = start(['--version'])\nprocess.kill()\nassert process.finish().code in (-9, 0)\n"
            "assert in_child(len, 'four') == 4\n"
            "try:\n    in_child(int, 'x')\nexcept RuntimeError as error:\n    assert 'ValueError' in str(error)\n"
            "else:\n    raise AssertionError('an error of the child was lost')\n",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
