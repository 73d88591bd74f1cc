"""Peer libraries on the same inputs, where they are installed: none of them is a dependency of the project.

Belongs here: the same work done by alphalens (Apache 2.0, installed for the tests) and by vectorbt, whose licence has
the Commons Clause: the project never installs it, and measures it only where it is found. Does not
belong here: our own side (`bench_book.py`).
"""

import importlib
import importlib.util
from typing import Any

import numpy as np

from btassets_tests.bench import bench_book
from btassets_tests.bench.bench_book import cpu_seconds
from btassets_tests.bench.figures import Figure, with_naive

_HORIZONS = 6
_SIGNALS = 8
_BOOKS = 20


def is_installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


def measure_peers(panel: dict[str, int], n_weeks: int) -> tuple[list[Figure], list[str]]:
    """Rows with the peer in the place of the naive form, and a line for each peer that is missing."""
    rows: list[Figure] = []
    missing: list[str] = []
    if is_installed("alphalens"):
        rows.append(_beside_alphalens(panel["n_tickers"], n_weeks))
    else:
        missing.append("alphalens is not installed: no row beside it")
    if is_installed("vectorbt"):
        rows += [_beside_vectorbt(panel, n_books) for n_books in (1, _BOOKS)]
    else:
        missing.append("vectorbt is not installed (Commons Clause: the project never installs it): no row beside it")
    return rows, missing


def _beside_alphalens(n_names: int, n_weeks: int) -> Figure:
    """Weekly rank ICs of all signals over all horizons."""
    import pandas as pd

    performance = importlib.import_module("alphalens.performance")
    week, signals, forward = bench_book.factor_rows(_SIGNALS, _HORIZONS, n_weeks, n_names)
    dates = pd.Timestamp("2020-01-03") + pd.to_timedelta(7 * week, unit="D")
    index = pd.MultiIndex.from_arrays([dates, np.arange(len(week)) % n_names], names=["date", "asset"])
    returns = {f"{5 * (h + 1)}D": values for h, values in enumerate(forward)}
    frames = [pd.DataFrame({**returns, "factor": values}, index=index) for values in signals]

    def theirs() -> None:
        for frame in frames:
            performance.factor_information_coefficient(frame.dropna())

    ours = bench_book.time_rank_ic(_SIGNALS, _HORIZONS, n_weeks, n_names)
    figure = Figure(f"{_SIGNALS} signals x {_HORIZONS} horizons, beside alphalens", cpu_s=ours, n_repeats=3)
    return with_naive(figure, cpu_seconds(theirs, 1), "naive: alphalens, the ICs alone; ours with quintile spreads")


def _beside_vectorbt(panel: dict[str, int], n_books: int) -> Figure:
    """Books that hold the best tickers of each week for 30 sessions."""
    vectorbt: Any = importlib.import_module("vectorbt")
    market, _, _, _ = bench_book.random_market(**panel)
    close = market.close.reshape(market.n_tickers, -1).T
    rng = np.random.default_rng(3)
    entries = np.tile(rng.uniform(size=close.shape) < 0.01, (1, n_books))
    exits = np.roll(entries, 30, axis=0)
    prices = np.tile(close, (1, n_books))
    groups = np.repeat(np.arange(n_books), market.n_tickers)

    def theirs() -> None:
        vectorbt.Portfolio.from_signals(
            prices, entries, exits, init_cash=10_000.0, fees=0.001, group_by=groups, cash_sharing=True
        ).total_return()

    ours = bench_book.time_many_books(n_books, n_ranks=min(n_books, 5), **panel)
    figure = Figure(f"{n_books} books, beside vectorbt", cpu_s=ours, n_repeats=1)
    return with_naive(figure, cpu_seconds(theirs, 1), "naive: vectorbt, no stops, no sizing by risk")
