"""Bad input: each kind gets its message and exit code, other tickers are processed, the last good report stays."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from btassets.engine.market.bars import Bars
from btassets.storage import files
from btassets_tests.support.book_factory import (
    Answer,
    bar_table,
    call,
    csv_text,
    finish,
    make_book,
    market,
    report_bytes,
    shifted,
    start,
    tables_of,
    write_bars,
)

pytestmark = pytest.mark.long  # each test runs whole commands

NOBODY = 65534


def without(bars: Bars, rows: list[int]) -> Bars:
    keep = np.delete(np.arange(bars.n_bars), rows)
    return Bars(*(getattr(bars, n)[keep] for n in ("dates", "open", "high", "low", "close", "volume")))


def run(folder: Path, *words: str) -> Answer:
    return call("run", "--book", folder, "--quiet", *words)


# ---- the source as a whole ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda bars: None, "no such folder"),
        (lambda bars: bars.mkdir(), "no bar file"),
        (lambda bars: (bars.mkdir(), (bars / "notes.txt").write_text("x")), "no bar file"),
    ],
    ids=["missing", "empty", "other files"],
)
def test_a_source_without_bars_ends_with_3(tmp_path: Path, prepare: Callable[[Path], object], said: str) -> None:
    prepare(tmp_path / "bars")
    folder = make_book(tmp_path / "book", tmp_path, benchmark="none")
    answer = run(folder)
    assert answer.code == 3
    assert said in answer.err
    assert str(tmp_path / "bars") in answer.err


@pytest.mark.parametrize("gone", ["folder", "files"])
def test_a_source_that_vanishes_leaves_the_last_report(own_book: Path, own_market: Path, gone: str) -> None:
    before = report_bytes(own_book)
    for file in (own_market / "bars").iterdir():
        file.unlink()
    if gone == "folder":
        (own_market / "bars").rmdir()
    answer = run(own_book)
    assert answer.code == 0, answer.err
    assert "bars must be in Parquet or CSV files" in answer.err, "the reason is printed"
    assert report_bytes(own_book) == before
    assert call("today", "--book", own_book).code == 0


def as_nobody(words: list[object], cwd: Path) -> Answer:
    """Run a command as a user that permissions bind: root reads and writes everything."""
    if os.getuid() != 0:
        return finish(start(*words, cwd=cwd))
    # The interpreter may lie where nobody else can read it: everything is imported before.
    program = (
        "import email.parser, encodings.utf_8_sig, os, sys, zoneinfo, pyarrow.csv, pyarrow.dataset; "
        "import btassets.cli.completion, btassets.cli.commands.run, btassets.cli.commands.doctor; "
        "import btassets.cli.actions.books, btassets.cli.actions.run, btassets.sources.files.bar_folder; "
        f"os.setgid({NOBODY}); os.setuid({NOBODY}); "
        "from btassets.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )

    here = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": here, "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach; pytest keeps its own closed to others, and TMPDIR may lie in a closed one."""
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    place = next((p for p in places if all(q.stat().st_mode & 0o001 for q in (p, *p.parents))), None)
    if place is None:
        pytest.skip(f"no temporary folder that other users can reach among {', '.join(map(str, places))}")
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_folder_that_may_not_be_read_ends_with_3(open_folder: Path) -> None:
    bars, _ = market(1, 100)
    write_bars(open_folder / "bars" / "AAA.csv", bars["SYN0001"])
    folder = make_book(open_folder / "book", open_folder, benchmark="none")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    (open_folder / "bars").chmod(0o000)
    try:
        answer = as_nobody(["run", "--book", folder], open_folder)
    finally:
        (open_folder / "bars").chmod(0o755)
    assert answer.code == 3, answer.err
    assert "permission denied" in answer.err.lower()
    assert "Traceback" not in answer.err


def test_a_book_that_may_not_be_written_ends_with_7(open_folder: Path) -> None:
    bars, _ = market(1, 100)
    write_bars(open_folder / "bars" / "AAA.csv", bars["SYN0001"])
    folder = make_book(open_folder / "book", open_folder, benchmark="none")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    answer = as_nobody(["run", "--book", folder], open_folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    assert answer.code == 7, answer.err
    assert "permission denied" in answer.err.lower()
    assert str(folder) in answer.err


@pytest.mark.parametrize("closed", [".", "btassets.toml", "data/ohlcv_history"])
def test_a_book_that_may_not_be_read_is_told_to_be_made_readable(open_folder: Path, closed: str) -> None:
    bars, _ = market(1, 100)
    write_bars(open_folder / "bars" / "AAA.csv", bars["SYN0001"])
    folder = make_book(open_folder / "book", open_folder, benchmark="none")
    assert call("ingest", "--book", folder, "--quiet").code == 0
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    (folder / closed).chmod(0o000)
    try:
        answer = as_nobody(["doctor", "--book", folder], open_folder)
    finally:
        (folder / closed).chmod(0o755)
    assert answer.code == 7, answer.err + answer.out
    told = answer.err + answer.out
    assert "cannot be read (permission denied)" in told
    assert "need read permission" in told
    assert "give write permission" not in told
    assert "Traceback" not in told


# ---- the benchmark -------------------------------------------------------------------------


def test_a_missing_benchmark_ends_with_3_before_the_replay(tmp_path: Path, market_folder: Path, instance: Path) -> None:
    folder = make_book(tmp_path / "book", market_folder, instance=instance, benchmark="SPX")
    answer = run(folder)
    assert answer.code == 3
    assert "benchmark SPX" in answer.err
    assert not (folder / "data" / "candidates").exists()


def test_the_legacy_profile_reports_without_its_benchmark_and_warns(
    tmp_path: Path, market_folder: Path, instance: Path
) -> None:
    folder = make_book(tmp_path / "book", market_folder, instance=instance, benchmark="SPX", profile="legacy")
    answer = run(folder)
    assert answer.code == 0, answer.err
    assert "benchmark SPX" in answer.err
    assert (folder / "reports" / "latest" / "report.json").is_file()
    assert "benchmark SPX" in (folder / "reports" / "latest" / "report.json").read_text()
    assert "nothing changed" in run(folder).err


def test_a_benchmark_that_vanishes_leaves_the_last_report(own_book: Path, own_market: Path) -> None:
    before = report_bytes(own_book)
    (own_market / "SPY.parquet").unlink()
    answer = run(own_book)
    assert answer.code == 3
    assert "SPY.parquet" in answer.err
    assert report_bytes(own_book) == before


@pytest.mark.parametrize(("n_missing", "code"), [(2, 0), (13, 3)], ids=["0.5%", "3%"])
def test_a_benchmark_that_misses_days(own_book: Path, own_market: Path, n_missing: int, code: int) -> None:
    before = report_bytes(own_book)
    replayed = (own_book / "data" / "candidates" / "base" / "checked.json").stat().st_mtime_ns
    benchmark = market()[1]
    write_bars(own_market / "SPY.parquet", without(benchmark, [100 + 20 * k for k in range(n_missing)]))
    answer = run(own_book)
    assert answer.code == code, answer.err
    if code:
        assert f"{n_missing} of 420 sessions lack one" in answer.err
        assert report_bytes(own_book) == before
        assert (own_book / "data" / "candidates" / "base" / "checked.json").stat().st_mtime_ns == replayed
    else:
        assert f"{n_missing} of 420 sessions" in answer.out
        assert report_bytes(own_book) != before


def test_no_benchmark_runs_everything_and_says_so(tmp_path: Path, market_folder: Path, instance: Path) -> None:
    folder = make_book(tmp_path / "book", market_folder, instance=instance, benchmark="none")
    answer = run(folder)
    assert answer.code == 0, answer.err
    assert "benchmark" in answer.out
    rows = tables_of(folder)["candidates"]
    assert rows["residual_momentum"].null_count == rows.num_rows
    assert rows["bench_ret_21"].null_count == rows.num_rows


# ---- single files --------------------------------------------------------------------------


def bad_market(folder: Path) -> dict[str, str]:
    """Write good and bad tickers; returns for each blocked one a part of its message."""
    bars, benchmark = market()
    good = list(bars.values())
    write_bars(folder / "SPY.parquet", benchmark)
    for name, own in zip(("TRUE", "NAN", "CON", "NULL"), good, strict=False):
        write_bars(folder / "bars" / f"{name}.csv", own)
    lines = csv_text(good[4]).splitlines()

    def write(name: str, changed: list[str]) -> None:
        (folder / "bars" / f"{name}.csv").write_text("\n".join(changed) + "\n")

    def cell(row: int, column: int, text: str) -> str:
        words = lines[row].split(",")
        words[column] = text
        return ",".join(words)

    (folder / "bars" / "API.csv").write_text('{"Error Message": "Invalid API call. Please retry or visit the docs."}\n')
    write("ONETEXT", [*lines[:50], cell(50, 4, "n/a"), *lines[51:]])
    write("ALLTEXT", [lines[0], *(cell(row, 4, "n/a") for row in range(1, len(lines)))])
    write("TWICE", [*lines, lines[7]])
    write("DISAGREE", [*lines, cell(7, 4, lines[8].split(",")[4])])
    write("ONEHIGH", [*lines[:60], cell(60, 2, "0.01"), *lines[61:]])
    write(
        "MANYHIGH", [lines[0], *(cell(row, 2, "0.01") if row % 10 == 0 else lines[row] for row in range(1, len(lines)))]
    )
    (folder / "bars" / "EMPTY.csv").write_text("")
    write("HEAD", lines[:1])
    return {
        "API": "message instead of bars",
        "ALLTEXT": "Q4",
        "DISAGREE": "two different rows for one date",
        "MANYHIGH": "Q5",
        "EMPTY": "is empty",
        "HEAD": "no rows",
    }


def test_bad_files_block_their_ticker_and_the_others_go_on(tmp_path: Path) -> None:
    blocked = bad_market(tmp_path)
    folder = make_book(tmp_path / "book", tmp_path)
    answer = run(folder)
    assert answer.code == 4, answer.err
    for name, said in blocked.items():
        lines = [line for line in answer.err.splitlines() if line.startswith((f"{name}:", f"{name} "))]
        assert len(lines) == 1, (name, answer.err)
        assert said in lines[0], (name, answer.err)
    tables = tables_of(folder)
    good = {"TRUE", "NAN", "CON", "NULL", "ONETEXT", "TWICE", "ONEHIGH"}
    assert set(tables["bars"]["ticker"].to_pylist()) == good
    assert good - {"ONETEXT", "ONEHIGH"} <= set(tables["candidates"]["ticker"].to_pylist())
    assert (folder / "reports" / "latest" / "report.json").is_file()
    out = tmp_path / "problems.parquet"
    assert call("export", "--book", folder, "bar_problems", "--out", out).code == 0
    problems = pq.read_table(out).to_pylist()
    assert {p["ticker"] for p in problems if p["severity"] == "block"} == set(blocked)
    assert {p["ticker"] for p in problems if p["severity"] == "quarantine"} >= {"ONETEXT", "ONEHIGH"}
    again = run(folder)
    assert again.code == 4
    assert "nothing changed" in again.err


def test_quarantined_rows_alone_end_with_0(own_book: Path, own_market: Path) -> None:
    own = market()[0]["SYN0003"]
    lines = csv_text(own).splitlines()
    words = lines[90].split(",")
    lines[90] = ",".join([words[0], "text", *words[2:]])
    (own_market / "bars" / "SYN0003.parquet").unlink()
    (own_market / "bars" / "SYN0003.csv").write_text("\n".join(lines) + "\n")
    answer = run(own_book)
    assert answer.code == 0, answer.err
    dates = tables_of(own_book)["bars"].to_pandas().query("ticker == 'SYN0003'")
    assert len(dates) == own.n_bars - 1


def test_a_file_that_turns_bad_keeps_its_old_bars(own_book: Path, own_market: Path) -> None:
    before = tables_of(own_book)
    (own_market / "bars" / "SYN0002.parquet").write_bytes(b"not parquet at all")
    answer = run(own_book)
    assert answer.code == 4
    assert "SYN0002" in answer.err
    after = tables_of(own_book)
    assert after["candidates"].equals(before["candidates"])
    assert after["bars"].equals(before["bars"])


_WRITERS = (
    "btassets.storage.files",
    "btassets.storage.sealed",
    "btassets.storage.kept_twice",
    "btassets.storage.warehouse",
)

# ---- the disk ------------------------------------------------------------------------------


def test_a_full_disk_ends_with_7_and_the_last_report_stays(
    book: Path, finished_book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write is refused at the first file, at a later one, at the report."""
    real = files.replace_file
    before = report_bytes(book)
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# atr_stop_multiple = 1.5", "atr_stop_multiple = 1.6"))
    for refused in ("bucket-", "graded_setups", "trades", "report.json"):

        def full(path: Path, write: Callable[[Path], object], *, refused: str = refused, **more: object) -> None:
            def refuse(temporary: Path) -> None:
                temporary.write_bytes(b"half")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            real(path, refuse if refused in str(path) else write, **more)

        for module in _WRITERS:
            monkeypatch.setattr(f"{module}.replace_file", full)
        answer = run(book)
        assert answer.code == 7, (refused, answer.err)
        assert "the disk is full" in answer.err
        assert refused in answer.err
        assert "Traceback" not in answer.err
        assert report_bytes(book) == before
        assert list(book.rglob(".tmp-*")) == []
    monkeypatch.undo()
    assert run(book).code == 0
    assert report_bytes(book) != before


def test_a_full_instance_database_ends_with_7(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from sqlalchemy.exc import OperationalError

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr("btassets.defs.launch.register", refuse)
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# min_rr = 1.5", "min_rr = 1.75"))
    answer = run(book)
    assert answer.code == 7, answer.err
    assert "disk is full" in answer.err


# ---- the settings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[gates]\nmin_rr = "two"', 'gates.min_rr = "two": must be a number >= 0 (book/btassets.toml:2)'),
        ("[gates]\nmin_r = 2", "did you mean gates.min_rr?"),
        ("[gate]\nmin_rr = 2", "did you mean gates.min_rr?"),
        ("[gatez]", "gatez"),
        ("benchmrk = 'SPY'", "did you mean benchmark?"),
        (
            "[portfolio]\nmax_positions = 0",
            "portfolio.max_positions = 0: must be a whole number >= 1 and <= 10000 (book/btassets.toml:2)",
        ),
        ("[gates]\nmin_rr = nan", "gates.min_rr = nan: must be a number >= 0"),
        ("[gates]\nexclude_neutral = 3", "must be true or false"),
        ("[gates]\nmin_rr = ", "btassets.toml"),
        ("[source]\nkind = 'file'", "source.kind"),
        ("[universe]\ntickers = 'AAPL'", "must be a list"),
        ("[exits]\nhold_days = [5, 121]", "exits.hold_days"),
        ("scenario = 3", "scenario"),
    ],
)
def test_a_typo_in_the_settings_ends_with_2(book: Path, text: str, said: str) -> None:
    before = report_bytes(book)
    (book / "btassets.toml").write_text(text + "\n")
    answer = run(book)
    assert answer.code == 2, answer.err
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert report_bytes(book) == before
    assert call("today", "--book", book).code == 2


def test_an_exchange_that_nobody_knows_ends_with_2(book: Path) -> None:
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace('calendar = "data"', 'calendar = "XNYZ"'))
    answer = run(book)
    assert answer.code == 2
    assert "XNYZ" in answer.err


def test_a_settings_file_that_is_no_text_ends_with_2(book: Path) -> None:
    (book / "btassets.toml").write_bytes(b"\xff\xfe\x00")
    assert run(book).code == 2


def test_shifted_dates_stay_on_weekdays() -> None:
    assert set((shifted(market(1, 30)[1]).dates + 3) % 7) <= set(range(5))
    assert bar_table(market(1, 30)[1]).num_rows == 30
