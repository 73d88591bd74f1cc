"""Small books for tests: bars written as files, commands run here or in a process, tables compared."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from btassets.book.book import open_book
from btassets.book.new_book import make_book as make_settings
from btassets.cli.actions.look import read_table
from btassets.cli.main import main
from btassets.engine.market.bars import Bars
from btassets.graph.flow import STAGE_OF_TABLE
from btassets_tests.support.market_factory import small_market

N_TICKERS, N_BARS = 8, 420
SHIFT_DAYS = 7 * 208
"""The market ends on 2025-12-31; four years earlier it is in the past whatever the clock says."""

PROJECT = Path(__file__).parents[2]

HISTORY = ("journal", "journal_results", "journal_verdict")
"""Tables of shown lists: no function of the current bars and settings."""

_OF_THE_RUN = {"backtest_report": ["folder", "settings_hash"]}
"""Columns that name the settings as a whole, executor and storage included."""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


def call(*words: object) -> Answer:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def start(*words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "btassets.cli", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 300.0) -> Answer:
    """Wait for a command that was started."""
    out, err = process.communicate(timeout=seconds)
    return Answer(process.returncode, out, err)


def shifted(bars: Bars, n_days: int = -SHIFT_DAYS) -> Bars:
    """The same bars on other dates; a multiple of 7 keeps the weekdays."""
    return Bars(bars.dates + n_days, bars.open, bars.high, bars.low, bars.close, bars.volume)


def market(n_tickers: int = N_TICKERS, n_bars: int = N_BARS, extend: int = 0) -> tuple[dict[str, Bars], Bars]:
    """Bars by ticker and the benchmark's, the last session in 2022-01-05 when `extend` is 0."""
    bars, benchmark = small_market(n_tickers, n_bars, seed=1, extend=extend)
    return {ticker: shifted(own) for ticker, own in bars.items()}, shifted(benchmark)


def bar_table(bars: Bars) -> pa.Table:
    """Bars as a table with the columns of a source's file."""
    columns = {name: pa.array(getattr(bars, name)) for name in ("open", "high", "low", "close", "volume")}
    return pa.table({"date": pa.array(bars.dates, pa.date32()), **columns})


def write_bars(path: Path, bars: Bars) -> None:
    """Write one ticker's bars as Parquet or CSV, as the path's ending says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(bar_table(bars), path)
    else:
        path.write_text(csv_text(bars))


def csv_text(bars: Bars) -> str:
    """Bars as the text of a CSV file."""
    rows = bar_table(bars).to_pylist()
    return "\n".join(["date,open,high,low,close,volume", *(",".join(map(str, row.values())) for row in rows)]) + "\n"


def write_market(folder: Path, n_tickers: int = N_TICKERS, n_bars: int = N_BARS, extend: int = 0) -> Path:
    """Write `bars/TICKER.parquet` and `SPY.parquet` below `folder`."""
    bars, benchmark = market(n_tickers, n_bars, extend)
    for ticker, own in bars.items():
        write_bars(folder / "bars" / f"{ticker}.parquet", own)
    write_bars(folder / "SPY.parquet", benchmark)
    return folder


def make_book(folder: Path, source: Path, *, instance: Path | None = None, **settings: Any) -> Path:
    """A new book over a folder from `write_market`; settings by their key with `__` for the dot.

    With `instance` a copy of that Dagster instance is its own: making the databases takes a second.
    """
    values: dict[str, Any] = {
        "source.kind": "files",
        "source.path": str(source / "bars"),
        "benchmark": str(source / "SPY.parquet"),
        "calendar": "data",
    }
    make_settings(folder, values | {key.replace("__", "."): value for key, value in settings.items()})
    if instance is not None:
        shutil.copytree(instance, folder / ".dagster")
    return folder


def tables_of(folder: Path, scenario: str = "base") -> dict[str, pa.Table]:
    """Every table of a book as `export` gives it, but for the journal."""
    book = open_book(folder, scenario=scenario, environ={})
    names = [name for name in (*STAGE_OF_TABLE, "bars") if name not in HISTORY]
    return {name: read_table(book, name).drop_columns(_OF_THE_RUN.get(name, [])) for name in names}


def different(ours: dict[str, pa.Table], theirs: dict[str, pa.Table]) -> list[str]:
    """Names of the tables that differ, `[]` when all are the same to the last bit."""
    return [
        name
        for name in {**ours, **theirs}
        if name not in ours or name not in theirs or not _same(ours[name], theirs[name])
    ]


def _same(ours: pa.Table, theirs: pa.Table) -> bool:
    # Labels may have another code in another file: their text counts.
    return ours.schema.names == theirs.schema.names and plain(ours).equals(plain(theirs))


def plain(data: pa.Table) -> pa.Table:
    """A table with labels as text."""
    fields = [
        pa.field(f.name, f.type.value_type) if pa.types.is_dictionary(f.type) else pa.field(f.name, f.type)
        for f in data.schema
    ]
    return data.cast(pa.schema(fields)).combine_chunks()


def lake_files(folder: Path) -> dict[str, bytes]:
    """Content of every Parquet file of a book's lake by its path."""
    root = folder / "data"
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.parquet"))}


def report_bytes(folder: Path) -> bytes:
    """Content of the last good report."""
    return (folder / "reports" / "latest" / "report.json").read_bytes()


def versions(folder: Path, table: str = "candidates/base") -> dict[str, str]:
    """Fingerprint of each ticker in a bucketed table."""
    book = open_book(folder, environ={})
    return {ticker: facts["version"] for ticker, facts in book.lake.ticker_footers(table).items()}


def bucket_times(folder: Path, table: str = "candidates/base") -> dict[str, int]:
    """When each bucket of a table was last written."""
    book = open_book(folder, environ={})
    return {path.name: path.stat().st_mtime_ns for path in book.lake.bucket_files(table)}
