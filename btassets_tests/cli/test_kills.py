"""A run killed at any moment, two runs at once, Ctrl-C: the next run completes to the same tables."""

import fcntl
import random
import shutil
import signal
import time
from pathlib import Path

import dagster as dg
import pytest

from btassets.instance.dagster_home import open_instance
from btassets_tests.support.book_factory import call, different, finish, make_book, report_bytes, start, tables_of

pytestmark = pytest.mark.long  # each test runs whole commands

UNHEARD = ("STARTED", "STARTING")


@pytest.fixture
def new_book(tmp_path: Path, market_folder: Path) -> Path:
    return make_book(tmp_path / "book", market_folder)


def n_files(folder: Path) -> int:
    return sum(1 for path in (folder / "data").rglob("*.parquet") if not path.name.startswith("."))


def kill_when(process, folder: Path, n: int) -> bool:
    """SIGKILL as soon as `n` files lie in the lake; False when the process was faster."""
    while process.poll() is None:
        if n_files(folder) >= n:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        time.sleep(0.002)
    process.communicate()
    return False


def open_runs(folder: Path) -> list[str]:
    with open_instance(folder / ".dagster") as instance:
        return [run.run_id for run in instance.get_runs() if run.status.value in UNHEARD]


def test_sigkill_at_random_moments(new_book: Path, finished_book: Path) -> None:
    """Killed twice, after a random number of files: eight of bars, sixteen of the replay, then tables."""
    moments = random.Random(20260101)
    n_killed = 0
    for low, high in ((2, 20), (21, 45)):
        process = start("run", "--book", new_book, "--quiet", "--workers", "2")
        is_killed = kill_when(process, new_book, moments.randint(low, high))
        n_killed += is_killed
    assert n_killed >= 1
    half = new_book / "data" / "candidates" / "base" / f".tmp-{2**22 + 5}-abcd-bucket-0001.parquet"
    half.parent.mkdir(parents=True, exist_ok=True)
    for path in (half, new_book / f".tmp-{2**22 + 5}-abcd-warehouse.duckdb"):
        path.write_bytes(b"half")
    assert open_runs(new_book) or not is_killed
    answer = call("run", "--book", new_book, "--quiet")
    assert answer.code == 0, answer.err
    assert different(tables_of(new_book), tables_of(finished_book)) == []
    assert report_bytes(new_book) == report_bytes(finished_book)
    assert list(new_book.rglob(".tmp-*")) == []
    assert open_runs(new_book) == []


def test_multiprocess_gives_the_same_tables_also_after_a_kill(
    new_book: Path, finished_book: Path, tmp_path: Path
) -> None:
    file = new_book / "btassets.toml"
    file.write_text(file.read_text().replace('# kind = "auto"', 'kind = "multiprocess"'))
    process = start("run", "--book", new_book, "--quiet", "--workers", "2", cwd=tmp_path)
    assert kill_when(process, new_book, 12)
    answer = finish(start("run", "--book", new_book, "--quiet", "--workers", "2", cwd=tmp_path))
    assert answer.code == 0, answer.err
    assert different(tables_of(new_book), tables_of(finished_book)) == []
    assert open_runs(new_book) == []
    assert {p.name for p in tmp_path.iterdir()} == {"book"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_130(book: Path, finished_book: Path, number: signal.Signals) -> None:
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# atr_stop_multiple = 1.5", "atr_stop_multiple = 1.6"))
    report = report_bytes(book)
    seen = {p: p.stat().st_mtime_ns for p in (book / "data" / "candidates" / "base").glob("bucket-????.parquet")}
    process = start("run", "--book", book, "--quiet")
    while process.poll() is None and all(p.stat().st_mtime_ns == t for p, t in seen.items()):
        time.sleep(0.002)
    process.send_signal(number)
    answer = finish(process)
    if answer.code == 0:
        pytest.skip("the run was over before the signal")
    assert answer.code == 130, answer.err
    assert "interrupted" in answer.err
    assert "Traceback" not in answer.err
    assert report_bytes(book) == report
    again = call("run", "--book", book, "--quiet")
    assert again.code == 0, again.err
    assert open_runs(book) == []


def test_a_second_run_waits_or_ends_with_2(book: Path) -> None:
    lock = book / ".dagster" / "run.lock"
    with lock.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("run of scenario base, process 1")
        held.flush()
        refused = call("run", "--book", book, "--no-wait")
        assert refused.code == 2
        assert "another run" in refused.err
        assert call("ingest", "--book", book, "--no-wait").code == 2
        assert call("today", "--book", book).code == 0
        waiting = start("run", "--book", book)
        said = waiting.stderr.readline()
        assert said.startswith("waiting for another run of this book (run of scenario base")
        assert waiting.poll() is None
    answer = finish(waiting)
    assert answer.code == 0, answer.err


def test_two_runs_started_together_both_succeed(new_book: Path, finished_book: Path) -> None:
    first, second = (start("run", "--book", new_book, "--quiet") for _ in range(2))
    answers = [finish(first), finish(second)]
    assert [answer.code for answer in answers] == [0, 0], answers
    assert sum("nothing changed" in answer.err for answer in answers) == 1
    assert different(tables_of(new_book), tables_of(finished_book)) == []


def test_a_reader_that_goes_away_is_no_error(book: Path) -> None:
    process = start("sql", "--book", book, "select * from candidates", "--format", "csv")
    process.stdout.close()
    assert process.wait(timeout=300) == 0
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_a_dead_run_is_closed_and_told(book: Path) -> None:
    with open_instance(book / ".dagster") as instance:
        run = instance.create_run(
            job_name="everything", run_id=None, run_config=None, status=dg.DagsterRunStatus.STARTED,
            tags={"btassets/pid": str(2**22 + 7)}, root_run_id=None, parent_run_id=None, step_keys_to_execute=None,
            execution_plan_snapshot=None, job_snapshot=None, parent_job_snapshot=None, asset_selection=None,
            asset_check_selection=None, resolved_op_selection=None, op_selection=None, remote_job_origin=None,
            job_code_origin=None, asset_graph=None,
        )  # fmt: skip
    shutil.rmtree(book / "data" / "trades")
    assert call("run", "--book", book, "--quiet").code == 0
    with open_instance(book / ".dagster") as instance:
        closed = instance.get_run_by_id(run.run_id)
    assert closed is not None
    assert closed.status == dg.DagsterRunStatus.FAILURE
