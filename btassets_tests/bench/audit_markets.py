"""Markets of the audit, run to their verdicts and kept: one line of JSON each, so that an interrupted run
continues.

Belongs here: which seeds are for developing and which for judging, in which order they are run, and their stored
results. Does not belong here: the bars (`support.null_markets`), families of verdicts and bounds (`noise_audit.py`).
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

from btassets.book.book import Book
from btassets.engine.statistics.looks import LOOKS, lasting
from btassets.graph.flow import STAGES
from btassets.run.tables import Tables
from btassets.stages.analysis.signal_weeks import stored_signals
from btassets.stages.statistics.benchmark_moves import benchmark_moves
from btassets.stages.statistics.stat_signals import MAIN_HORIZON, PRIMARY, weekly_verdicts
from btassets_tests.support.null_markets import NOT_AUDITED, market_book, run_verdicts

DEVELOPMENT = {"own": 700_000, "edge": 710_000, "flipped": 720_000, "regimes": 730_000, "half_edge": 740_000}
JUDGING = {"own": 1_000_000, "edge": 1_010_000, "flipped": 1_020_000, "regimes": 1_030_000, "half_edge": 1_040_000}
"""First seed of each kind of market. Rules were chosen on `DEVELOPMENT`; `PAST` judged earlier rules."""

PAST = (range(800_000, 850_000), range(900_000, 1_000_000))

PRESETS = {"edge": "edge", "half_edge": "demo"}
"""Kinds of the demo's generator with a planted edge: mean IC 0.06 and 0.03."""

WEEKS_OF_A_YEAR = 52
ONLY_SIGNALS = tuple(
    name
    for name in STAGES
    if name not in ("ohlcv_history", "benchmark_closes", "sessions", "candidates", "factor_signals", "stat_signals")
)
"""Stages that a market of which only the signals are asked does without."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Market:
    """What one book says.

    Attributes
    ----------
    claims, signals, pairs, books, walk
        Rows of `stat_claims`, `stat_signals`, `stat_pairs`, `stat_portfolio` and `stat_overfit`.
    year
        At each weekly look of the last year, newest first: what is supported of the signals, by name; None = not asked.
    """

    claims: list[Row]
    signals: list[Row]
    pairs: list[Row]
    books: list[Row] = field(default_factory=list)
    walk: list[Row] = field(default_factory=list)
    year: list[list[str]] | None = None


@dataclass(frozen=True)
class Job:
    """One market to run."""

    kind: str
    seed: int
    n_tickers: int = 80
    is_signals_only: bool = False
    has_year: bool = False
    n_years: int = 5


def audit_market(job: Job) -> Market:
    """Run one market in a folder that is deleted, and read its verdicts."""
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory(prefix="noise-audit-") as folder:
        own = "own" if job.kind in PRESETS else job.kind
        preset = PRESETS.get(job.kind, "null")
        book = market_book(Path(folder), own, job.seed, n_tickers=job.n_tickers, n_years=job.n_years, preset=preset)
        for _ in run_verdicts(book, ONLY_SIGNALS if job.is_signals_only else NOT_AUDITED):
            pass
        year = looks_of_a_year(book) if job.has_year else None
        signals = book.lake.read("stat_signals").to_pylist()
        if job.is_signals_only:
            return Market([], signals, [], year=year)
        names = ("stat_claims", "stat_pairs", "stat_portfolio", "stat_overfit")
        claims, pairs, books, walk = (book.lake.read(name).to_pylist() for name in names)
        return Market(claims, signals, pairs, books, walk, year)


def looks_of_a_year(book: Book) -> list[list[str]]:
    """Names of what each of the last 52 weekly looks would have shown as supported, newest first."""
    tables = Tables(STAGES["stat_signals"], book)
    moves = partial(benchmark_moves, tables, book.settings)
    looks = weekly_verdicts(stored_signals(tables), book.settings, moves, WEEKS_OF_A_YEAR + LOOKS - 1)
    return [
        [
            f"{name} {horizon}"
            for name, horizon in look
            if lasting([older[name, horizon] for older in looks[k : k + LOOKS]]) == "supported"
        ]
        for k, look in enumerate(looks[:WEEKS_OF_A_YEAR])
    ]


def planned(jobs: dict[str, Sequence[Job]]) -> list[Job]:
    """All jobs, the groups in turns: an unfinished run has some of each."""
    places = [(k / len(group), name, job) for name, group in jobs.items() for k, job in enumerate(group)]
    return [job for _, _, job in sorted(places, key=lambda place: place[:2])]


def audited(jobs: Sequence[Job], n_jobs: int, kept: Path | None) -> Iterator[tuple[Job, Market]]:
    """Every job with its market; those in the file `kept` are read back, the others run and added to it."""
    known = dict(read_kept(kept)) if kept is not None else {}
    missing = [job for job in jobs if job not in known]
    for job, market in zip(missing, _run(missing, n_jobs), strict=True):
        known[job] = market
        if kept is not None:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"job": asdict(job), "market": asdict(market)}, default=str) + "\n")
    yield from ((job, known[job]) for job in jobs)


def read_kept(path: Path) -> Iterator[tuple[Job, Market]]:
    """Markets of a file that an earlier run wrote; a last line that was cut off is left out."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        yield Job(**row["job"]), Market(**row["market"])


def _run(jobs: Iterable[Job], n_jobs: int) -> Iterator[Market]:
    if n_jobs == 1:
        yield from map(audit_market, jobs)
        return
    with ProcessPoolExecutor(max_workers=n_jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(audit_market, jobs)


def claimed_in_year(market: Market, name: str | None = None) -> bool:
    """Whether some weekly look of the year showed the signal `name` (any signal: None) as supported."""
    return any(look if name is None else name in look for look in market.year or [])


NAMED = f"{PRIMARY} {MAIN_HORIZON}"
"""The signal and horizon that were named in advance, as `Market.year` writes them."""
