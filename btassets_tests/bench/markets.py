"""Bars to measure on: one Parquet file per ticker in a folder of the bench's own.

Belongs here: real bars where the machine has them, else synthetic ones, and files that lack their last
session. Does not belong here: reading bars into a book (that is what is measured).
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.raw_bars import RawBars
from btassets.sources.synthetic.demo import BENCHMARK, DemoSource

VARIABLE = "BTASSETS_REAL_BARS"

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class BarFolder:
    """A market as files.

    Attributes
    ----------
    folder
        One Parquet file per ticker: date, open, high, low, close, volume, adjusted.
    benchmark
        File of the benchmark.
    tickers
        Names, sorted.
    calendar
        Value of the setting `calendar` that suits these dates.
    about
        What it is, for the head of the table.
    """

    folder: Path
    benchmark: Path
    tickers: tuple[str, ...]
    calendar: str
    about: str


def real_or_synthetic(folder: Path, *, n_tickers: int, n_sessions: int, is_real_wanted: bool = True) -> BarFolder:
    """Copy of the real bars that `BTASSETS_REAL_BARS` names, else bars of the demo source, in `folder`."""
    root = Path(os.environ.get(VARIABLE, ""))
    if is_real_wanted and os.environ.get(VARIABLE) and (root / "sp500_5y").is_dir():
        return _copied(root, folder)
    return _synthetic(folder, n_tickers, n_sessions)


def _copied(root: Path, folder: Path) -> BarFolder:
    bars = folder / "bars"
    bars.mkdir(parents=True)
    names = []
    for path in sorted((root / "sp500_5y").glob("*.parquet")):
        shutil.copyfile(path, bars / path.name)
        names.append(path.name.removesuffix(".parquet"))
    shutil.copyfile(root / "SPY.parquet", folder / "SPY.parquet")
    about = f"real bars, {len(names)} tickers ({VARIABLE}/sp500_5y with SPY)"
    return BarFolder(bars, folder / "SPY.parquet", tuple(names), "XNYS", about)


def _synthetic(folder: Path, n_tickers: int, n_sessions: int) -> BarFolder:
    bars = folder / "bars"
    bars.mkdir(parents=True)
    source = DemoSource(n_tickers=n_tickers, n_sessions=n_sessions, has_lifecycle=False)
    names = [name for name in source.tickers() if name != BENCHMARK]
    for name in names:
        _write(source.fetch(name), bars / f"{name}.parquet")
    benchmark = folder / f"{BENCHMARK}.parquet"
    _write(source.fetch(BENCHMARK), benchmark)
    about = f"synthetic bars of the demo source, {len(names)} tickers x {n_sessions:,} sessions ({VARIABLE} is not set)"
    return BarFolder(bars, benchmark, tuple(names), "XNYS", about)


def _write(raw: RawBars, path: Path) -> None:
    view = adjusted_bars(raw, "raw", "total")
    prices = {name: pa.array(getattr(view, name)) for name in (*_PRICES, "volume")}
    pq.write_table(pa.table({"date": pa.array(view.dates, pa.date32()), **prices}), path)


def take_last_session(market: BarFolder, tickers: Sequence[str]) -> dict[str, bytes]:
    """Cut the last bar off some files; returns their whole content, for `give_back`."""
    return {name: take_last_bar(market.folder / f"{name}.parquet") for name in tickers}


def take_last_bar(path: Path) -> bytes:
    """Cut the last bar off a file; returns its whole content."""
    whole = path.read_bytes()
    with pq.ParquetFile(path) as file:
        table = file.read()
    pq.write_table(table.slice(0, table.num_rows - 1), path)
    return whole


def restate(market: BarFolder, tickers: Sequence[str], factor: float = 0.99) -> None:
    """Multiply every price of some files but those of the last bar, as a vendor's dividend does."""
    for name in tickers:
        path = market.folder / f"{name}.parquet"
        with pq.ParquetFile(path) as file:
            table = file.read()
        steps = np.where(np.arange(table.num_rows) < table.num_rows - 1, factor, 1.0)
        for place, column in enumerate(table.column_names):
            if column in _PRICES:
                table = table.set_column(place, column, pa.array(table[column].to_numpy() * steps))
        pq.write_table(table, path)


def give_back(market: BarFolder, whole: dict[str, bytes]) -> None:
    """Write whole files again."""
    for name, content in whole.items():
        (market.folder / f"{name}.parquet").write_bytes(content)
