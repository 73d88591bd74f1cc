"""What is stale, decided by content: input hash against the one in the footer.

Input hash of a stage = the settings it uses + the data versions it reads + its code version.
Equal to the stored one: skip, and keep the data version, so that what is below stays fresh too.
Belongs here: hashes and comparison. Does not belong here: how a stage computes.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from btassets.book.book import Book
from btassets.book.group_file import read_groups
from btassets.book.report_folders import damage_of
from btassets.code_version import code_version
from btassets.graph.registry import STAGES, Stage
from btassets.run.trials import has_run_trials, n_trials_of_run
from btassets.settings.load import select
from btassets.settings.models import flatten
from btassets.sources.files.bar_files import file_stamp
from btassets.sources.open_source import open_source
from btassets.storage.lake import BASE, Footer, Lake, digest
from btassets.storage.sealed import tell_damage
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

NO_BENCHMARK = "none"
"""Setting `benchmark = "none"`: what needs one is null."""

MISSING = "missing"
"""Data version of what was never written."""


def key_of(stage: Stage, book: Book) -> str:
    """Name under which a stage's whole tables are kept for this book and scenario."""
    return {"shared": BASE, "replay": book.replay, "scenario": book.scenario}[stage.keyed]


def _bucketed(stage: Stage, book: Book) -> str | None:
    return {"ohlcv_history": "ohlcv_history", "candidates": book.candidates}.get(stage.name)


@lru_cache(maxsize=32)
def _bucketed_version(root: Path, table: str, n_buckets: int, stamps: tuple[tuple[int, int], ...]) -> str:
    del stamps  # the cache key: any rewritten bucket asks for a new answer
    footers = Lake(root, n_buckets).ticker_footers(table)
    return digest({ticker: facts.get("version") for ticker, facts in footers.items()})


def data_version(name: str, book: Book) -> str:
    """Data version of a stage's own table as it stands in the lake, `missing` when it does not."""
    stage = STAGES[name]
    table = _bucketed(stage, book)
    if table is not None:
        stats = tuple((s.st_mtime_ns, s.st_ino) for s in (p.stat() for p in book.lake.bucket_files(table)))
        return _bucketed_version(book.lake.root, table, book.lake.n_buckets, stats) if stats else MISSING
    versions = [book.lake.footer(t, key_of(stage, book)) for t in stage.outputs]
    return MISSING if None in versions else digest([v.data_version for v in versions if v is not None])


def _benchmark_stamp(book: Book) -> str:
    """Change marker of the benchmark's file, or of its ticker in the source."""
    name = book.base.benchmark
    if name == NO_BENCHMARK:
        return name
    path = book.folder / Path(name).expanduser()
    return file_stamp(path) if path.is_file() else open_source(book.base, book.folder, book.lake).stamp(name)


def bars_version(book: Book) -> str:
    """Version of the data that a configuration is tried on: the stored bars and who of them is in the universe."""
    members = [] if book.membership is None else [book.membership.version]
    return digest(data_version("ohlcv_history", book), select(book.base, ("universe",)), *members)


def _trials_counted(book: Book) -> str:
    """Configurations that the deflated Sharpe ratio of this scenario has to count."""
    return str(n_trials_of_run(book, bars_version(book)))


def _groups(book: Book) -> str:
    """Content of the group file; a bad one is refused before anything runs."""
    return digest(sorted(read_groups(book).items()))


def _findings(book: Book) -> str:
    """Findings of the readings: they may change where no bar does."""
    stats = tuple((s.st_mtime_ns, s.st_ino) for s in (p.stat() for p in book.lake.bucket_files("ohlcv_history")))
    try:
        # What the source's list said (`stages.bars.source_notes`).
        listed = (book.lake.root / "ohlcv_history" / "source.json").read_text(encoding="utf-8")
    except OSError:
        listed = ""
    return digest(_findings_of(book.lake.root, book.lake.n_buckets, stats), listed)


@lru_cache(maxsize=8)
def _findings_of(root: Path, n_buckets: int, stamps: tuple[tuple[int, int], ...]) -> str:
    del stamps  # the cache key: any rewritten bucket asks for a new answer
    names = ("problems", "dropped", "n_revisions", "blocked")
    footers = Lake(root, n_buckets).ticker_footers("ohlcv_history")
    return digest({ticker: [facts.get(name) for name in names] for ticker, facts in footers.items()})


_OUTSIDE: dict[str, Callable[[Book], str]] = {
    "bar_problems": _findings,
    "benchmark_closes": _benchmark_stamp,
    "stat_signals": _groups,
    "stat_portfolio": _trials_counted,
}
"""What a stage looks at beyond tables and settings."""


def input_hash(name: str, book: Book) -> str:
    """Hash of everything that decides a stage's answer."""
    stage = STAGES[name]
    settings = flatten(book.settings) if "" in stage.settings else select(book.settings, stage.settings)
    if "" in stage.settings:
        settings = {k: v for k, v in settings.items() if not k.startswith(("executor.", "schedule."))}
    # Its content, not only its name: a ticker that joined yesterday is another universe.
    members = book.membership.version if settings.get("universe.membership") and book.membership is not None else None
    return digest(
        name,
        code_version(*stage.code),
        {k: settings[k] for k in sorted(settings)},
        {upstream: data_version(upstream, book) for upstream in stage.reads},
        book.scenario if stage.keyed == "scenario" else None,
        _OUTSIDE[name](book) if name in _OUTSIDE else None,
        *([members] if members is not None else []),
    )


def _has_report(book: Book, footers: list[Footer | None]) -> bool:
    """Whether the report's files are still there, as they were written: reports/ may be deleted at any time."""
    folder = footers[0].facts.get("folder") if footers[0] is not None else None
    shown = [book.folder / str(folder)] + ([book.reports / "latest"] if book.scenario == BASE else [])
    files = footers[0].facts.get("files", {}) if footers[0] is not None else {}
    found = next((damage for place in shown if (damage := damage_of(place, files)) is not None), None)
    if found is not None and found[0].exists():
        tell_damage(found[0], f"damaged ({found[1]}); it is written again")
    return bool(files) and found is None


def _has_trials(book: Book, _: list[Footer | None]) -> bool:
    return has_run_trials(book, bars_version(book))


_BESIDE: dict[str, Callable[[Book, list[Footer | None]], bool]] = {
    "backtest_report": _has_report,
    "portfolio_sims": _has_trials,
}
"""What a stage writes beyond tables, and has to be there for the stage to be fresh."""


def is_fresh(name: str, book: Book, expected: str) -> bool:
    """Whether every table of a stage carries the expected input hash."""
    stage = STAGES[name]
    table = _bucketed(stage, book)
    if table is not None:
        checked = _read_checked(book, table)
        return checked == (expected, data_version(name, book))
    footers = [book.lake.footer(t, key_of(stage, book)) for t in stage.outputs]
    if not all(footer is not None and footer.input_hash == expected for footer in footers):
        return False
    return name not in _BESIDE or _BESIDE[name](book, footers)


def mark_checked(name: str, book: Book, expected: str) -> None:
    """Remember that every ticker of a bucketed stage was verified against this input hash.

    The mark names the data version that the footers gave; a bucket changed later makes it void.
    """
    table = _bucketed(STAGES[name], book)
    if table is not None:
        replace_sealed_json(
            book.lake.root / table / "checked.json",
            {"input_hash": expected, "data_version": data_version(name, book)},
        )


def unmark_checked(name: str, book: Book, suspect: str) -> None:
    """Forget that a bucketed stage was verified: the next run looks again, at this ticker in any case."""
    table = _bucketed(STAGES[name], book)
    if table is not None:
        replace_sealed_json(book.lake.root / table / "checked.json", {"suspect": suspect})


def suspect_of(name: str, book: Book) -> str | None:
    """Ticker whose rows failed the last verification; None when it passed."""
    path = book.lake.root / (_bucketed(STAGES[name], book) or "") / "checked.json"
    return (read_sealed_json(path) or {}).get("suspect")


def was_checked(name: str, book: Book) -> bool:
    """Whether the rows of a bucketed stage as they stand were verified, against whatever inputs."""
    checked = _read_checked(book, _bucketed(STAGES[name], book) or "")
    return checked is not None and checked[1] == data_version(name, book)


def _read_checked(book: Book, table: str) -> tuple[str, str] | None:
    raw = read_sealed_json(book.lake.root / table / "checked.json") or {}
    return (raw["input_hash"], raw["data_version"]) if raw.keys() >= {"input_hash", "data_version"} else None


def is_scenario_fresh(book: Book) -> bool:
    """Whether every stage of the book's scenario carries the hash of its present inputs."""
    return all(
        is_fresh(name, book, input_hash(name, book))
        for name, stage in STAGES.items()
        if stage.keyed == "scenario" or (stage.keyed == "replay" and book.replay != BASE)
    )


def equals_base(name: str, book: Book) -> bool:
    """Whether a scenario's stage has the same inputs as the base's, whose tables stand: only the label differs."""
    stage = STAGES[name]
    if stage.keyed != "scenario" or book.scenario == BASE or book.replay != BASE or "" in stage.settings:
        return False
    if select(book.settings, stage.settings) != select(book.base, stage.settings):
        return False
    base = book.in_base()
    return all(STAGES[up].keyed != "scenario" or equals_base(up, book) for up in stage.reads) and is_fresh(
        name, base, input_hash(name, base)
    )
