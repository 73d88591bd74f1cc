"""Small demo books, run once per test session, for the tests of the report and its stages."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from btassets.compiled import use_cache_folder

use_cache_folder()

from btassets.arrivals.of_book import ingest, plan_ingest  # noqa: E402
from btassets.book.book import Book, open_book  # noqa: E402  (numba's folder comes first)
from btassets.book.new_book import make_demo_book  # noqa: E402
from btassets.graph.flow import STAGES  # noqa: E402
from btassets.plan import replay_in_process, run_scenario  # noqa: E402
from btassets.run.run_stage import run_stage  # noqa: E402
from btassets_tests.support.evenings import needed_for  # noqa: E402


def _quiet(_: str) -> None:
    """Swallow a log line."""


@cache
def run_book(n_tickers: int = 8, years: float = 3.0, benchmark: str = "SYNIDX", extend: int = 0) -> Book:
    """A demo book with every stage run for `base`; the index is never one of its tickers."""
    folder = Path(tempfile.mkdtemp(prefix="btassets-test-")) / "small"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    values = {
        "demo.tickers": n_tickers,
        "demo.years": years,
        "demo.preset": "edge",
        "demo.extend": extend,
        "benchmark": benchmark,
        "universe.exclude": ["SYNIDX"],
    }
    make_demo_book(folder, values)
    book = open_book(folder, environ={})
    ingest(book, plan_ingest(book).stale)
    for name in STAGES:
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=_quiet)
        elif name != "ohlcv_history":
            run_stage(name, book)
    return book


def run_as(book: Book, name: str, needs: Sequence[str] = (), **overrides: Any) -> Book:
    """Run a scenario of the book; `__` in a key means the dot.

    Parameters
    ----------
    needs
        Only these stages and those before them; empty: all.
    """
    flat = {key.replace("__", "."): value for key, value in overrides.items()}
    scenario = open_book(book.folder, scenario=f"set-{name}", overrides=flat, environ={})
    if not needs:
        run_scenario(scenario, n_threads=1, log=_quiet)
        return scenario
    replay_in_process(scenario, n_threads=1, log=_quiet)
    wanted = {stage for need in needs for stage in needed_for(need)} - {"ohlcv_history", "candidates"}
    for stage in (stage for stage in STAGES if stage in wanted):
        run_stage(stage, scenario)
    return scenario


@cache
def scenario_book(name: str) -> Book:
    """Scenarios of the small book: the legacy profile's rules, a gate that nothing passes, no gate, other holds."""
    overrides: dict[str, dict[str, Any]] = {
        "legacy": {"profile": "legacy"},
        "nothing": {"gates__min_rr": 99.0},
        "everything": {
            "gates__min_rr": 0.0,
            "gates__min_confidence": 0.0,
            "gates__exclude_neutral": False,
            "gates__min_momentum_percentile": 0.0,
        },
        "longer": {"exits__hold_days": [3, 7, 45, 90], "engine__horizon_days": 60},
    }
    return run_as(run_book(), name, **overrides[name])


def every_book() -> dict[str, Book]:
    """Books that together hold the edge cases, by name."""
    return {
        "base": run_book(),
        "legacy": scenario_book("legacy"),
        "nothing": scenario_book("nothing"),
        "everything": scenario_book("everything"),
        "longer": scenario_book("longer"),
        "one ticker, no benchmark": run_book(1, 2.0, "none"),
        "nobody is ranked": run_book(2, 0.6),
    }


def folder_of(book: Book) -> Path:
    """Folder of the scenario's report."""
    return book.folder / book.lake.read("backtest_report", book.scenario)["folder"][0].as_py()


def document_of(book: Book) -> dict[str, Any]:
    """Parsed report.json of the scenario."""
    return json.loads((folder_of(book) / "report.json").read_text(encoding="utf-8"))


def html_of(book: Book) -> str:
    """Text of report.html of the scenario."""
    return (folder_of(book) / "report.html").read_text(encoding="utf-8")
