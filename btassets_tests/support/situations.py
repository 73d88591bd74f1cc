"""Small folders of bars as they come from daily life, and what a book finds in them before anything is replayed.

Belongs here: a seeded market on real sessions, variations of it, and reading it into a book. Does not belong here:
what is expected of them (`test_situations.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.arrivals.of_book import data_findings, ingest, keep_refusals, plan_ingest
from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.engine.market.raw_bars import RawBars
from btassets.run.run_stage import run_stage
from btassets.sources.synthetic.demo import weekday_sessions
from btassets.stages.bars.findings.data_findings import DataFinding

Days = npt.NDArray[np.int32]

N_BARS = 300


def day_number(text: str) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(text, "D").astype(np.int64))


def weekdays(first: str = "2020-01-06", n: int = N_BARS) -> Days:
    """Mondays to Fridays from a day on."""
    start = day_number(first)
    return weekday_sessions(start, start + 2 * n)[:n].astype(np.int32)


def every_day(first: str = "2020-01-06", n: int = N_BARS) -> Days:
    """Seven days a week."""
    return (day_number(first) + np.arange(n)).astype(np.int32)


def walk(seed: int, dates: Days, price: float = 80.0) -> RawBars:
    """A stock that moves by a percent a day on about a million shares."""
    rng = np.random.default_rng(seed)
    n = len(dates)
    close = price * np.exp(np.cumsum(rng.normal(0.0003, 0.01, n)))
    opens = np.append(close[0], close[:-1]) * np.exp(rng.normal(0.0, 0.003, n))
    high = np.maximum(opens, close) * (1.0 + rng.uniform(0.002, 0.008, n))
    low = np.minimum(opens, close) * (1.0 - rng.uniform(0.002, 0.008, n))
    volume = np.round(1e6 * np.exp(rng.normal(0.0, 0.15, n)))
    return RawBars(dates, *(np.round(p, 4) for p in (opens, high, low, close)), volume, np.zeros(n), np.ones(n))


def rescaled(bars: RawBars, at: int, price: float, volume: float = 1.0) -> RawBars:
    """Prices and volume times a factor from bar `at` on."""
    later = np.arange(len(bars)) >= at
    prices = [np.where(later, getattr(bars, name) * price, getattr(bars, name)) for name in _PRICES]
    return RawBars(bars.dates, *prices, np.where(later, bars.volume * volume, bars.volume), bars.dividend, bars.split)


_PRICES = ("open", "high", "low", "close")


def iso(day: int) -> str:
    """YYYY-MM-DD."""
    return str(np.datetime64(int(day), "D"))


def csv_of(
    bars: RawBars,
    *,
    head: str = "date,open,high,low,close,volume",
    stamp: Callable[[int], str] = iso,
    number: Callable[[float], str] = repr,
    more: Callable[[int], str] | None = None,
) -> str:
    """Text of a CSV file; `more` gives further cells of a row."""
    lines = [head]
    for row, day in enumerate(bars.dates.tolist()):
        values = [float(getattr(bars, name)[row]) for name in (*_PRICES, "volume")]
        cells = [stamp(day), *map(number, values), *([more(row)] if more is not None else [])]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def folder_of(path: Path, files: Mapping[str, str]) -> Path:
    """Write files by their names."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def market(n: int = 6, dates: Days | None = None) -> dict[str, RawBars]:
    """Stocks S0, S1, ..."""
    days = weekdays() if dates is None else dates
    return {f"S{k}": walk(k, days, 40.0 + 10.0 * k) for k in range(n)}


def files_of(stocks: Mapping[str, RawBars], **options: Any) -> dict[str, str]:
    """One CSV file per ticker."""
    return {f"{ticker}.csv": csv_of(bars, **options) for ticker, bars in stocks.items()}


@dataclass(frozen=True)
class Look:
    """What a book knows after its bars were read.

    Attributes
    ----------
    book
        The book.
    problems
        Ticker, rule, severity and text of every finding.
    findings
        Those in the last lines of a run.
    """

    book: Book
    problems: list[tuple[str, str, str, str]]
    findings: list[DataFinding]

    @property
    def blocked(self) -> list[str]:
        """Tickers that were refused."""
        footers = self.book.lake.ticker_footers("ohlcv_history")
        return [ticker for ticker, facts in footers.items() if facts["blocked"]]

    @property
    def told(self) -> str:
        """All findings as one text."""
        return "\n".join(finding.text for finding in self.findings)

    def n_bars(self, ticker: str) -> int:
        """Bars of a ticker in the lake."""
        return self.book.lake.ticker_footers("ohlcv_history")[ticker]["n_rows"]


def new_book(folder: Path, source: Path, **settings: Any) -> Path:
    """A book over a folder of bars, calendar `data` unless another is given; settings with __ for the dot."""
    values = {"source.kind": "files", "source.path": str(source), "calendar": "data"}
    make_book(folder, values | {key.replace("__", "."): value for key, value in settings.items()})
    return folder


def look(folder: Path) -> Look:
    """Read what is new in a book's source and judge it; nothing is replayed."""
    book = open_book(folder, environ={})
    plan = plan_ingest(book)
    ingest(book, plan.stale)
    if any(facts["n_rows"] for facts in book.lake.ticker_footers("ohlcv_history").values()):
        run_stage("sessions", book)
        run_stage("bar_problems", book)
    else:
        keep_refusals(book)
    rows = book.lake.read("bar_problems").to_pylist()
    found = [(row["ticker"], row["rule"], row["severity"], row["text"]) for row in rows]
    return Look(book, found, data_findings(book))
