"""Run one small book in a copy of the project to which every worked change was made, and print what is there.

    NUMBA_DISABLE_JIT=1 PYTHONPATH=COPY python -m btassets_tests.support.worked_run FOLDER

Belongs here: facts as JSON. Does not belong here: what they must be (`test_worked_changes.py`).
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import btassets
from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.engine.conventions import MIN_CROSS_SECTION
from btassets.graph.flow import STAGES, views
from btassets.plan import explain, replay_in_process
from btassets.run.check_facts import check_facts
from btassets.run.floor_sql import floor_macros
from btassets.run.run_stage import run_stage
from btassets_tests.support.book_factory import call, make_book, market, write_bars
from btassets_tests.support.graph_text import graph_text

N_TICKERS, N_BARS = MIN_CROSS_SECTION + 1, 400


def write_source(folder: Path) -> float:
    """Write the market as one JSON file beside its benchmark; returns the median daily dollar volume."""
    bars, benchmark = market(N_TICKERS, N_BARS)
    rows: dict[str, Any] = {}
    for ticker, own in bars.items():
        days = own.dates.astype("datetime64[D]").astype(str).tolist()
        values = np.stack([own.open, own.high, own.low, own.close, own.volume], axis=1).tolist()
        rows[ticker] = [[day, *row] for day, row in zip(days, values, strict=True)]
    (folder / "bars.json").write_text(json.dumps(rows))
    write_bars(folder / "SPY.parquet", benchmark)
    return float(np.median([np.mean((own.close * own.volume)[-20:]) for own in bars.values()]))


def rows_of(book: Book, table: str, *columns: str) -> list[dict[str, Any]]:
    """Rows of a table of the scenario."""
    return (
        book.lake.read(table, book.replay if table == "factor_signals" else book.scenario)
        .select(list(columns))
        .to_pylist()
    )


def one_week(root: Path, book: Book) -> dict[str, list[float]]:
    """The new signal of one ticker as the table has it, and from the source's own closes."""
    rows = json.loads((root / "bars.json").read_text())["SYN0001"]
    days, closes = [row[0] for row in rows], [row[4] for row in rows]
    found: dict[str, list[float]] = {"found": [], "expected": []}
    for row in rows_of(book, "factor_signals", "ticker", "asof_date", "reversal_1w"):
        at = days.index(str(row["asof_date"])) if row["ticker"] == "SYN0001" else 0
        if at >= 5 and row["reversal_1w"] is not None:
            found["found"].append(row["reversal_1w"])
            found["expected"].append(closes[at] / closes[at - 5] - 1.0)
    return found


def compute(book: Book) -> dict[str, Any]:
    """Run every stage; returns the checks of the new one."""
    ingest(book, plan_ingest(book).stale)
    facts: dict[str, Any] = {}
    for name in STAGES:
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=lambda _: None)
        elif name != "ohlcv_history":
            outcome = run_stage(name, book)
            if name == "best_trades":
                facts = {fact.check: bool(fact.passed) for fact in check_facts(name, outcome, book)}
    return facts


def facts_of(root: Path) -> dict[str, Any]:
    """Everything that the test reads."""
    least = write_source(root)
    folder = root / "book"
    make_book(
        folder,
        root,
        source__kind="json",
        source__path=str(root / "bars.json"),
        gates__min_adv20_usd=least,
        gates__min_rr=0.5,
        gates__min_confidence=0.0,
        gates__exclude_neutral=False,
        gates__min_momentum_percentile=0.0,
        portfolio__max_misses=3,
    )
    book = open_book(folder, environ={})
    checks = compute(book)
    report = folder / "reports" / "latest"
    fresh = [stale.name for stale in explain(open_book(folder, environ={}))]
    found = {
        "package": str(Path(btassets.__file__).parents[1]),
        "stages": list(STAGES),
        "views": list(views()),
        "graph": graph_text(),
        "checks": checks,
        "fresh": fresh,
        "best_trades": rows_of(book, "best_trades", "policy", "ticker", "net_r"),
        "trades": rows_of(book, "trades", "policy", "ticker", "net_r"),
        "sql": "\n".join(floor_macros()),
        "least": least,
        "graded": rows_of(book, "graded_setups", "adv20_usd", "liquidity_ok", "qualified"),
        "ablation": rows_of(book, "gate_ablation", "variant", "total"),
        "pairs": rows_of(book, "stat_pairs", "family", "against"),
        "today": rows_of(book, "todays_setups", "is_qualified", "adv20_usd", "failed_floors"),
        "signals": rows_of(book, "factor_signals", "ticker", "close", "asof_date", "reversal_1w"),
        "ic": [row["signal"] for row in rows_of(book, "factor_ic", "signal")],
        "stat_signals": [row["signal"] for row in rows_of(book, "stat_signals", "signal")],
        "html": (report / "report.html").read_text(encoding="utf-8"),
        "report": (report / "report.json").read_text(encoding="utf-8"),
        "signal_by_hand": one_week(root, book),
        "written": sorted(json.loads((root / "bars.json").read_text())),
        "tickers": sorted({row["ticker"] for row in rows_of(book, "factor_signals", "ticker")}),
        "config": call("config", "--book", folder, "--changed").out,
        "refused": vars(call("config", "--book", folder, "--set", "portfolio.max_misses=-1")),
        "init": vars(call("init", root / "other", "--source", "json", "--path", root / "bars.json")),
        "sweep": vars(call("sweep", "--book", folder, f"gates.min_adv20_usd=0,{least}", "--out", root / "cells.csv")),
    }
    cells = root / "cells.csv"
    found["cells"] = cells.read_text() if cells.exists() else ""
    found["explained"] = (folder / "btassets.toml").read_text(encoding="utf-8")
    file = folder / "btassets.toml"
    file.write_text(file.read_text().replace("max_misses = 3", "max_misses = 1"))
    found["stale"] = {s.name: [r.text for r in s.reasons] for s in explain(open_book(folder, environ={}))}
    run_stage("todays_setups", open_book(folder, environ={}))
    found["today_after"] = rows_of(book, "todays_setups", "is_qualified")
    found["other"] = (root / "other" / "btassets.toml").read_text(encoding="utf-8")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(facts_of(Path(sys.argv[1])), default=str))
