"""Versions of the book's own market without an edge, each run through the stages that give a verdict.

A version is a separate book in a temporary folder: the bars of `engine.statistics.null_market`, the scenario's
settings, the stages downstream of the bars. Its numbers are stored by version, so that an interrupted run can continue,
and a run over unchanged bars, settings and code does nothing.

Belongs here: building and running versions. Does not belong here: their storage and the comparison with the real
numbers (`run.null_versions`), the flipped bars (`engine.statistics.null_market`), text (`null_market_text.py`).
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.compiled import use_cache_folder
from btassets.engine.days import iso_day, values_on
from btassets.engine.market.bars import Bars
from btassets.engine.statistics.null_market import flipped_bars, session_signs
from btassets.errors import UsageError
from btassets.graph.flow import STAGES
from btassets.graph.stage import Reads
from btassets.own.discover import FOLDER as OWN_FOLDER
from btassets.run.null_versions import (
    DECIDING,
    Numbers,
    compared,
    compared_numbers,
    folder_of,
    name_complete,
    null_versions,
    read_version,
    version_key,
    write_version,
)
from btassets.run.run_stage import run_stage
from btassets.run.tables import Tables, inputs_of
from btassets.settings.models import Settings, flatten
from btassets.stages.bars.bars_view import read_bars
from btassets.stages.bars.ohlcv_history import ingest, plan_ingest
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.bars.universe import active_tickers
from btassets.stages.replay.candidates import plan_replay, replay_shard

MAX_VERSIONS = 999
NOT_RUN = ("model_tests", "calibration", "stat_calibration", "todays_setups", "backtest_report")
"""Stages that compute none of the compared numbers; nor does the group `journal`."""

READS = Reads(
    "null_market",
    "btassets/studies/null_market/versions.py",
    reads=("ohlcv_history", "sessions", "benchmark_closes"),
    outside=("membership",),
)
"""Inputs of a version."""


def null_market_document(
    book: Book, n_versions: int, *, n_jobs: int | None = None, progress: Callable[[int, int], object] | None = None
) -> dict[str, Any]:
    """Real numbers beside those of `n_versions` versions, plain JSON values; runs missing versions.

    Raises
    ------
    UsageError
        If the scenario was never run, or for an invalid number of versions.
    """
    if not 1 <= n_versions <= MAX_VERSIONS:
        raise UsageError(
            f"null-market: --k {n_versions}", f"1 to {MAX_VERSIONS} versions; 19 give a p of 0.05 at best."
        )
    if book.lake.footer("stat_claims", book.scenario) is None:
        raise UsageError(f"null-market: scenario {book.scenario} was never run", "`btassets run` computes it.")
    run_versions(book, n_versions, n_jobs=n_jobs, progress=progress)
    key = version_key(book)
    folder = folder_of(book, key)
    versions = [found for k in range(1, n_versions + 1) if (found := read_version(folder, k)) is not None]
    return {
        "kind": "null_market",
        "scenario": book.scenario,
        "version": key,
        "n_versions": n_versions,
        "rows": compared(numbers_of_book(book), versions),
    }


def run_versions(
    book: Book, n_versions: int, *, n_jobs: int | None = None, progress: Callable[[int, int], object] | None = None
) -> int:
    """Run missing versions 1 to `n_versions`, then name them as the scenario's; returns how many were run.

    An interrupted call loses only the versions in progress. A larger set that is still current stays named.
    """
    key = version_key(book)
    folder = folder_of(book, key)
    missing = [k for k in range(1, n_versions + 1) if read_version(folder, k) is None]
    done = n_versions - len(missing)
    if progress is not None:
        progress(done, n_versions)
    for _ in _run(book, folder, missing, n_jobs or os.cpu_count() or 1):
        done += 1
        if progress is not None:
            progress(done, n_versions)
    current = null_versions(book)
    if current is None or not current.is_current or len(current.numbers) < n_versions:
        name_complete(book, key, n_versions, iso_day(read_sessions(Tables(READS, book)).last))
    return len(missing)


def _run(book: Book, folder: Path, missing: list[int], n_jobs: int) -> Iterator[int]:
    work = (str(book.folder), book.scenario, str(folder))
    if n_jobs == 1 or len(missing) < 2:
        yield from (run_version(*work, k) for k in missing)
        return
    # Spawned, not forked, because this process has threads of Arrow and DuckDB.
    pool = ProcessPoolExecutor(min(n_jobs, len(missing)), mp_context=get_context("spawn"))
    with pool:
        for future in as_completed([pool.submit(run_version, *work, k) for k in missing]):
            yield future.result()


def run_version(book_folder: str, scenario: str, out_folder: str, version: int) -> int:
    """Build and run one version and store its numbers; returns its number."""
    use_cache_folder()
    book = open_book(Path(book_folder), scenario=scenario)
    with tempfile.TemporaryDirectory(prefix="btassets-null-") as name:
        made = _made(book, Path(name), version)
        bars = inputs_of("ohlcv_history", made)
        ingest(*bars, plan_ingest(*bars).stale)
        for stage in STAGES:
            if stage == "candidates":
                inputs = inputs_of(stage, made)
                replay_shard(*inputs, plan_replay(*inputs), 0, 1)
            elif stage != "ohlcv_history" and stage not in NOT_RUN and STAGES[stage].group != "journal":
                run_stage(stage, made)
        numbers: Numbers = {row["what"]: row["real"] for row in numbers_of_book(made)}
    write_version(Path(out_folder), version, numbers)
    return version


def _made(book: Book, folder: Path, version: int) -> Book:
    """Write the bars of one version, and a book over them with the scenario's settings and own signals."""
    tables = Tables(READS, book)
    days = read_sessions(tables).days
    signs = session_signs(version, len(days))
    bench = tables["benchmark_closes"].read()
    bench_days = bench["date"].cast(pa.int32()).to_numpy()
    bench_prices = [bench[name].to_numpy() for name in ("open", "close")]
    flipped: dict[str, Bars] = {}
    for ticker, bars in read_bars(tables, book.settings, active_tickers(tables, book.settings)).items():
        opens, closes = values_on(bars.dates, bench_days, *bench_prices)
        at = np.minimum(np.searchsorted(days, bars.dates), len(days) - 1)
        flipped[ticker] = flipped_bars(bars, opens, closes, signs[at])
    _write(folder / "BARS.parquet", flipped)
    values = {key: value for key, value in flatten(book.settings).items() if key.split(".")[0] in DECIDING}
    defaults = flatten(Settings())
    changed: dict[str, Any] = {key: value for key, value in values.items() if value != defaults[key]}
    changed |= {"source.kind": "files", "source.path": str(folder / "BARS.parquet"), "source.basis": "total"}
    changed |= {"basis": "total", "calendar": "data", "benchmark": "none", "storage.buckets": 4}
    if len(bench_days):
        opens, closes = bench_prices
        index = Bars(
            bench_days, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.ones(len(opens))
        )
        pq.write_table(pa.table(_columns(index)), folder / "INDEX.parquet")
        changed["benchmark"] = str(folder / "INDEX.parquet")
    made = make_book(folder / "book", changed)
    if (book.folder / OWN_FOLDER).is_dir():
        shutil.copytree(book.folder / OWN_FOLDER, made / OWN_FOLDER)
    return open_book(made, environ={})


def _write(path: Path, bars: Mapping[str, Bars]) -> None:
    """One long file: half of the cost of one file per ticker."""
    tickers = np.repeat(np.arange(len(bars), dtype=np.int32), [own.n_bars for own in bars.values()])
    parts = [_columns(own) for own in bars.values()]
    columns = {name: pa.chunked_array([part[name] for part in parts]) for name in parts[0]} if parts else {}
    named = pa.DictionaryArray.from_arrays(pa.array(tickers), pa.array(list(bars), pa.string()))
    pq.write_table(pa.table({"ticker": named, **columns}), path)


def _columns(bars: Bars) -> dict[str, pa.Array]:
    numbers = {name: pa.array(getattr(bars, name)) for name in ("open", "high", "low", "close", "volume")}
    return {"date": pa.array(bars.dates, pa.date32()), **numbers}


def numbers_of_book(book: Book) -> list[dict[str, Any]]:
    """Compared numbers of one book that was run."""
    return compared_numbers(lambda table: book.lake.read(table, book.scenario).to_pylist())
