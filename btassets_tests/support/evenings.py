"""Evenings of a book over a growing market: bars arrive, are restated, settings change, and each evening shows a list.

Belongs here: making one evening after the other. Does not belong here: what must hold of them (the tests).
"""

import dataclasses
from pathlib import Path

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.engine.market.bars import Bars
from btassets.graph.flow import STAGES, upstream
from btassets.plan import replay_in_process
from btassets.run.run_stage import run_stage
from btassets_tests.support.book_factory import make_book, market, write_bars

N_TICKERS, N_BARS = 8, 420

LOOSE = {
    "gates__min_rr": 0.0,
    "gates__min_confidence": 0.0,
    "gates__exclude_neutral": False,
    "gates__min_momentum_percentile": 40.0,
}
"""A gate that lets something through on most evenings."""


def needed_for(name: str) -> list[str]:
    """Stages that a stage needs, itself the last, in flow order."""
    wanted, found = [name], {name}
    while wanted:
        new = [up for up in upstream(STAGES[wanted.pop()]) if up not in found]
        found.update(new)
        wanted += new
    return [stage for stage in STAGES if stage in found]


def open_evening(folder: Path) -> Book:
    """The book as a run opens it."""
    return open_book(folder, environ={}, mends=True)


def run_evening(folder: Path, last: str = "journal_verdict") -> Book:
    """Bring a book up to date as far as `last` needs."""
    book = open_evening(folder)
    ingest(book, plan_ingest(book).stale)
    for name in needed_for(last):
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=lambda _: None)
        elif name != "ohlcv_history":
            run_stage(name, book)
    return book


def new_book(folder: Path) -> Path:
    """A book without bars over `folder/market`, with the loose gate."""
    write_evening(folder / "market", 0)
    return make_book(folder / "book", folder / "market", **LOOSE)


def write_evening(source: Path, extend: int, *, split: dict[str, float] | None = None) -> None:
    """Write the market as the source has it after `extend` further sessions.

    Parameters
    ----------
    split
        Factor by which all prices of a ticker are restated.
    """
    bars, benchmark = market(N_TICKERS, N_BARS, extend)
    for ticker, own in bars.items():
        factor = (split or {}).get(ticker, 1.0)
        write_bars(source / "bars" / f"{ticker}.parquet", restated(own, factor) if factor != 1.0 else own)
    write_bars(source / "SPY.parquet", benchmark)


def restated(bars: Bars, factor: float) -> Bars:
    """All prices times a factor, as a source gives them after a split that it adjusts for."""
    prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
    return dataclasses.replace(bars, **prices)


def bumped(bars: Bars, day: int, factor: float) -> Bars:
    """The same bars with the close (and the range around it) of one day restated."""
    at = int((bars.dates == day).argmax())
    columns = {name: getattr(bars, name).copy() for name in ("high", "low", "close")}
    columns["close"][at] *= factor
    columns["high"][at] = max(columns["high"][at], columns["close"][at])
    columns["low"][at] = min(columns["low"][at], columns["close"][at])
    return dataclasses.replace(bars, **columns)
