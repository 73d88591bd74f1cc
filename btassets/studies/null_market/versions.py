"""Versions of the book's own market without an edge, each run through the stages that give a verdict.

A version is a separate book in a temporary folder: the bars of `engine.statistics.null_market`, the scenario's
settings, the stages downstream of the bars. Its numbers are stored by version in `data/null_market/`, so that an
interrupted run can continue, and a run over unchanged bars, settings and code does nothing.

Belongs here: building and running versions, and the table of ranks of the real numbers. Does not belong here: the
flipped bars (`engine.statistics.null_market`), text (`null_market_text.py`).
"""

import json
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
from btassets.code_version import code_version
from btassets.compiled import use_cache_folder
from btassets.engine.days import values_on
from btassets.engine.market.bars import Bars
from btassets.engine.statistics.null_market import flipped_bars, session_signs, share_at_least
from btassets.errors import UsageError
from btassets.graph.flow import STAGES
from btassets.graph.stage import Reads
from btassets.own.discover import FOLDER as OWN_FOLDER
from btassets.own.discover import find_sources
from btassets.run.freshness import bars_version
from btassets.run.run_stage import run_stage
from btassets.run.tables import Tables, inputs_of
from btassets.settings.load import select
from btassets.settings.models import Settings, flatten
from btassets.stages.bars.bars_view import read_bars
from btassets.stages.bars.ohlcv_history import ingest, plan_ingest
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.bars.universe import active_tickers
from btassets.stages.replay.candidates import plan_replay, replay_shard
from btassets.storage.files import replace_text
from btassets.storage.hashing import digest

MAX_VERSIONS = 999
DECIDING = ("profile", "method", "gates", "costs", "exits", "portfolio", "engine", "own")
"""Settings that a version takes from the scenario."""

NOT_RUN = ("model_tests", "calibration", "stat_calibration", "todays_setups", "backtest_report")
"""Stages that compute none of the compared numbers."""

READS = Reads(
    "null_market",
    "btassets/studies/null_market/versions.py",
    reads=("ohlcv_history", "sessions", "benchmark_closes"),
    outside=("membership",),
)
"""Inputs of a version."""

_CODE = ("btassets/engine", "btassets/own", "btassets/stages", "dbt_like_sql", "btassets/studies/null_market")

Numbers = dict[str, float | None]


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
    key = version_key(book)
    folder = book.lake.root / "null_market" / key
    known = {k: path for k in range(1, n_versions + 1) if (path := folder / f"{k}.json").is_file()}
    missing = [k for k in range(1, n_versions + 1) if k not in known]
    if progress is not None:
        progress(len(known), n_versions)
    done = len(known)
    for _ in _run(book, folder, missing, n_jobs or os.cpu_count() or 1):
        done += 1
        if progress is not None:
            progress(done, n_versions)
    versions = [json.loads((folder / f"{k}.json").read_text(encoding="utf-8")) for k in range(1, n_versions + 1)]
    document = {
        "kind": "null_market",
        "scenario": book.scenario,
        "version": key,
        "n_versions": n_versions,
        "rows": compared(book_numbers(book), versions),
    }
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    replace_text(book.lake.root / "null_market" / f"{book.scenario}.json", text)
    return document


def version_key(book: Book) -> str:
    """Hash of all inputs of a version: bars, universe, the scenario's relevant settings, benchmark and code."""
    own = {source.name: source.version for source in find_sources(book.folder)}
    settings = select(book.settings, DECIDING)
    return digest(bars_version(book), settings, book.base.benchmark, code_version(*_CODE), own)


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
            elif stage != "ohlcv_history" and stage not in NOT_RUN:
                run_stage(stage, made)
        numbers = book_numbers(made)
    out = Path(out_folder)
    out.mkdir(parents=True, exist_ok=True)
    replace_text(out / f"{version}.json", json.dumps(numbers, allow_nan=False))
    return version


def _made(book: Book, folder: Path, version: int) -> Book:
    """Write the bars of one version, and a book over them with the scenario's settings and own signals."""
    tables = Tables(READS, book)
    days = read_sessions(tables).days
    signs = session_signs(version, len(days))
    bench = tables["benchmark_closes"].read()
    bench_days = bench["date"].cast(pa.int32()).to_numpy()
    bench_prices = [bench[name].to_numpy() for name in ("open", "close")]
    for ticker, bars in read_bars(tables, book.settings, active_tickers(tables, book.settings)).items():
        opens, closes = values_on(bars.dates, bench_days, *bench_prices)
        at = np.minimum(np.searchsorted(days, bars.dates), len(days) - 1)
        _write(folder / "bars" / f"{ticker}.parquet", flipped_bars(bars, opens, closes, signs[at]))
    values = {key: value for key, value in flatten(book.settings).items() if key.split(".")[0] in DECIDING}
    defaults = flatten(Settings())
    changed: dict[str, Any] = {key: value for key, value in values.items() if value != defaults[key]}
    changed |= {"source.kind": "files", "source.path": str(folder / "bars"), "source.basis": "total"}
    changed |= {"basis": "total", "calendar": "data", "benchmark": "none"}
    if len(bench_days):
        opens, closes = bench_prices
        index = Bars(
            bench_days, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.ones(len(opens))
        )
        _write(folder / "INDEX.parquet", index)
        changed["benchmark"] = str(folder / "INDEX.parquet")
    made = make_book(folder / "book", changed)
    if (book.folder / OWN_FOLDER).is_dir():
        shutil.copytree(book.folder / OWN_FOLDER, made / OWN_FOLDER)
    return open_book(made, environ={})


def _write(path: Path, bars: Bars) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    pq.write_table(pa.table({"date": pa.array(bars.dates, pa.date32()), **columns}), path)


def book_numbers(book: Book) -> Numbers:
    """Compared numbers of one book, by name; None = not known."""

    def rows(table: str) -> list[dict[str, Any]]:
        return book.lake.read(table, book.scenario).to_pylist()

    found: Numbers = {}
    for row in rows("stat_signals"):
        if row["horizon_days"] == 30:
            found[f"signal {row['signal']}"] = row["estimate"]
    for row in rows("stat_pairs"):
        if row["family"] in ("exits", "list") and row["family_size"]:
            found[f"{row['member']} against {row['against']}"] = row["estimate"]
        elif row["family"] == "selection" and row["against"] == "nothing":
            found[f"mean R, {row['member']}"] = row["estimate"]
    for row in rows("stat_portfolio"):
        if row["measure"] in ("alpha", "sharpe"):
            found[f"portfolio {row['policy']}, {row['measure']}"] = row["estimate"]
    claims = rows("stat_claims")
    found["claims supported"] = float(sum(row["verdict"] == "supported" for row in claims))
    return found


def compared(real: Mapping[str, float | None], versions: list[Numbers]) -> list[dict[str, Any]]:
    """One row per number: the real one, mean and spread over the versions, share of versions that reach it.

    `share` is (1 + versions at or above) / (1 + versions); the real market itself is one of them.
    """
    found = []
    for name, value in real.items():
        others = np.array([np.nan if v.get(name) is None else v[name] for v in versions], dtype=np.float64)
        known = others[~np.isnan(others)]
        share = share_at_least(np.nan if value is None else value, others)
        found.append(
            {
                "what": name,
                "real": value,
                "null_mean": float(known.mean()) if len(known) else None,
                "null_sd": float(known.std(ddof=1)) if len(known) > 1 else None,
                "n": len(known),
                "share": None if np.isnan(share) else share,
            }
        )
    return found
