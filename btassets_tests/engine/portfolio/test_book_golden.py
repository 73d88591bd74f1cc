"""The legacy profile's books: every number of the golden reports, from golden rows and bars."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.simulation_table import book_row
from btassets.engine.portfolio.variants import (
    priced_tickers,
    simulate_policies,
    simulate_variants,
    variant_columns,
)
from btassets.stages.advice.report_numbers import book_numbers
from btassets_tests.support.one_book import SEED_RULES

GOLDEN = Path(__file__).parents[2] / "golden"


def _days(column) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False).astype("datetime64[D]").astype(np.int32)


def _floats(table, name) -> np.ndarray:
    return table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)


@pytest.fixture(scope="module")
def market():
    """Panel of all golden tickers on the union of their dates, ticker names, and the benchmark."""
    files = sorted((GOLDEN / "bars").glob("*.parquet"), key=lambda p: p.stem.encode())
    tables = [pq.ParquetFile(f).read() for f in files]
    dates = [_days(t.column("date")) for t in tables]
    offsets = np.concatenate(([0], np.cumsum([len(d) for d in dates])))
    columns = {c: np.concatenate([_floats(t, c) for t in tables]) for c in ("open", "high", "low", "close")}
    calendar = np.unique(np.concatenate(dates))
    panel = BarPanel.from_dates(calendar, offsets, np.concatenate(dates), **columns)
    spy = pq.ParquetFile(GOLDEN / "SPY.parquet").read()
    benchmark = BenchmarkCloses(_days(spy.column("date")), _floats(spy, "close"))
    return panel, [f.stem for f in files], benchmark


@pytest.mark.parametrize("case", ["default", "tight", "ungated", "crowded"])
def test_golden_books(market, case):
    panel, tickers, benchmark = market
    rows = pq.ParquetFile(GOLDEN / f"expected_{case}.parquet").read()
    report = json.loads((GOLDEN / f"report_{case}.json").read_text())
    number = {name: k for k, name in enumerate(tickers)}
    ticker_no = np.array([number[t] for t in rows.column("ticker").to_pylist()], dtype=np.int32)
    is_long = np.array([d == "long" for d in rows.column("direction").to_pylist()])
    meets_core = np.array(rows.column("meets_core").to_pylist())
    qualified = np.array(rows.column("qualified").to_pylist())
    activation = _floats(rows, "activation_momentum_percentile")
    raw = _floats(rows, "momentum_percentile")
    entries = Entries.from_rows(
        panel,
        ticker_no=ticker_no,
        asof_date=_days(rows.column("date")),
        is_long=is_long,
        **{c: _floats(rows, c) for c in ("entry", "stop", "target")},
    )
    priced = priced_tickers(
        len(tickers),
        ticker_no=ticker_no,
        is_long=is_long,
        meets_core=meets_core,
        is_qualified=qualified,
        activation_percentile=activation,
        raw_percentile=raw,
    )
    where = {"sessions": panel.sessions_of(priced), "benchmark": benchmark}
    at = entries.row_no
    rules = replace(SEED_RULES, hold_days=report["portfolio_sim"]["params"]["hold_days"])
    books = simulate_policies(panel, entries, rules, is_qualified=qualified[at], rank=activation[at], **where)
    policies = [
        {"policy": p, **book_numbers(book_row(b), is_standard=False)} for p, b in books.items() if b is not None
    ]
    assert policies == report["portfolio_sim"]["policies"]
    variants = simulate_variants(
        panel,
        entries,
        rules,
        meets_core=meets_core[at],
        activation_percentile=activation[at],
        raw_percentile=raw[at],
        **where,
    )
    got = [{**variant_columns(v), **book_numbers(book_row(b), is_standard=False)} for v, b in variants if b is not None]
    assert got == report["strategy_variants"]["variants"]
