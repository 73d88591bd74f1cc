"""The benchmark of a book: of a file, or of a ticker of the source.

Belongs here: finding it, and reading a file that need not have all columns of the stocks. Does not belong here: what
is compared with it (`btassets.stages.bars.benchmark_closes`), its name (`sources.universe.benchmark_name`).
"""

import difflib
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from btassets.errors import BenchmarkError
from btassets.sources.base import BarSource, BlockedTickerError, Problem, RawBars
from btassets.sources.files.bar_files import read_bar_file
from btassets.sources.files.bar_suffix import bar_suffix
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.universe.ticker_names import ticker_of_stem
from btassets.sources.values.tickers import TickerNames

_ACTIONS = ("adjusted_close", "split", "dividend")


def read_benchmark(
    benchmark: str, source: BarSource, columns: ColumnNames | None = None, folder: Path | None = None
) -> RawBars:
    """Bars of the benchmark: of a file when one has that name, else of a ticker of the source.

    Parameters
    ----------
    benchmark
        A path, or a ticker.
    source
        Where a ticker is looked up.
    columns
        What the file calls its columns; when they are not there, date, open, ..., volume are tried.
    folder
        What a relative path starts from; the current folder when None.

    Raises
    ------
    BenchmarkError
        Neither such a file nor such a ticker, or it cannot be accepted.
    """
    path = (folder or Path()) / benchmark
    try:
        if path.is_file():
            ticker = path.name.removesuffix(bar_suffix(path.name) or path.suffix)
            return _without_empty_volume(_read_benchmark_file(path, ticker_of_stem(ticker), columns or ColumnNames()))
        known = source.tickers()
        ticker = TickerNames(known).or_canonical(benchmark)
        if ticker in known:
            return _without_empty_volume(source.fetch(ticker))
    except BlockedTickerError as error:
        raise BenchmarkError(benchmark, error.reason.rstrip(".")) from error
    near = difflib.get_close_matches(ticker, known, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise BenchmarkError(benchmark, f"no such file or ticker{hint}")


def _without_empty_volume(bars: RawBars) -> RawBars:
    """An index has no volume, and none of a benchmark is used: an empty one is 0."""
    return replace(bars, volume=np.nan_to_num(bars.volume, nan=0.0))


def _read_benchmark_file(path: Path, ticker: str, columns: ColumnNames) -> RawBars:
    """Its file need not have the stocks' columns of actions; what it lacks is said."""
    refusals: list[BlockedTickerError] = []
    actions = [role for role in _ACTIONS if getattr(columns, role) is not None]
    for names in (columns, ColumnNames(**{role: getattr(columns, role) for role in _ACTIONS})):
        for lacking in (lacking for n in range(len(actions) + 1) for lacking in combinations(actions, n)):
            try:
                bars = read_bar_file(path, ticker, replace(names, **dict.fromkeys(lacking)), needs_volume=False)
            except BlockedTickerError as error:
                refusals.append(error)
                continue
            shown = ", ".join(repr(getattr(columns, role)) for role in lacking if role != "adjusted_close")
            return replace(bars, notes=(*bars.notes, _lacks(ticker, shown))) if shown else bars
    raise refusals[0]


def _lacks(ticker: str, shown: str) -> Problem:
    text = (
        f"benchmark {ticker}: its file has no column {shown}, which the stocks' have: its splits and dividends are "
        "not known, and it is compared on another basis than the stocks; give one with these columns."
    )
    return Problem(ticker, "Q25", "info", None, 1, text)
