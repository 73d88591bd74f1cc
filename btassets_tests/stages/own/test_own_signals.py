"""The stage without own code: empty tables, no ledger, and none of the modules that run own code."""

import subprocess
import sys
from pathlib import Path

from btassets.book.book import open_book
from btassets.engine.signals import SIGNAL_NAMES
from btassets_tests.support.book_factory import PROJECT


def test_a_book_without_own_code_has_empty_tables(finished_book: Path) -> None:
    lake = open_book(finished_book, environ={}).lake
    assert lake.read("own_signals").num_rows == lake.read("own_signal_proofs").num_rows == 0
    assert set(lake.read("stat_signals")["signal"].to_pylist()) <= set(SIGNAL_NAMES)
    assert lake.footer("signal_trials") is None


def test_a_book_without_own_code_loads_nothing_that_runs_it(book: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom btassets.book.book import open_book\n"
        "from btassets.run.run_stage import run_stage\n"
        f"book = open_book(Path({str(book)!r}), environ={{}})\n"
        "book.lake.path('own_signals').unlink()\n"
        "assert not run_stage('own_signals', book).is_cached\n"
        "print(sorted(name for name in sys.modules if name.startswith('btassets.own.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    names = ("declare", "discover", "stages", "stages.stage_names")  # they find own code, and run none
    assert done.stdout.strip() == str([f"btassets.own.{name}" for name in names])
