"""The input files of `btassets grade`: a table of setups, a folder of bars, a benchmark.

Belongs here: reading them, and excluding the benchmark's file from the tickers. Does not belong here: the meaning of
the table's columns (`rule_rows.py`), grading (`grade.py`).
"""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.bars import Bars
from btassets.engine.market.quality import ScreenedBars, screen_bars
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import BenchmarkError, CandidateTableError, NoBarsError
from btassets.settings.models import Settings
from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_folder import FilesSource, fetch_many
from btassets.sources.files.bar_suffix import bar_suffix
from btassets.sources.files.benchmark_file import read_benchmark
from btassets.sources.files.column_guess import same_name
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.universe.ticker_names import ticker_of_stem
from btassets.sources.values.tickers import TickerNames

_TOLD = frozenset({"Q24", "Q25"})
"""Rules whose warnings say that the bars are not what they are taken for."""

_ADVICE = "give a Parquet or CSV table of setups."
_TEXT_COLUMNS = frozenset({"ticker", "date", "asof_date", "direction", "action", "risk_level"})
_TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".csv.gz", ".csv.zst", ".csv.bz2")


@dataclass(frozen=True)
class GradeMarket:
    """Bars that setups are graded on.

    Attributes
    ----------
    bars
        By ticker, the benchmark only when `universe.tickers` lists it.
    benchmark
        None: none was given.
    warnings
        One sentence per refused ticker or ticker with dropped rows.
    """

    bars: dict[str, Bars]
    benchmark: Bars | None
    warnings: list[str]


def read_candidate_file(path: Path) -> pa.Table:
    """Read a table of setups; column names as in docs/method/grade.md, ignoring case.

    Raises
    ------
    CandidateTableError
        If the file is missing or unreadable, or has a column twice.
    """
    try:
        table = _read_csv(path) if path.name.casefold().endswith(_TEXT_SUFFIXES) else _read_parquet(path)
    except FileNotFoundError as error:
        raise CandidateTableError(str(path), "there is no such file", _ADVICE) from error
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise CandidateTableError(str(path), f"cannot be read ({first})", _ADVICE) from error
    names = [same_name(name) for name in table.column_names]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        problem = f"column {twice[0]!r} occurs {names.count(twice[0])} times"
        raise CandidateTableError(
            str(path), problem, ("columns must be unique ignoring case; rename or drop the others.")
        )
    return table.rename_columns(names)


def _read_parquet(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read()


def _read_csv(path: Path) -> pa.Table:
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(65_536).lstrip(b"\xef\xbb\xbf")
    first = (head.splitlines() or [b""])[0].decode("utf-8")
    delimiter = max(",;\t|", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if len({same_name(name) for name in names}) < len(names):
        return pa.table([pa.array([], pa.string()) for _ in names], names=names)  # refused by the caller
    # Text stays text: the readers of tickers, dates and directions parse it.
    texts = {name: pa.string() for name in names if same_name(name) in _TEXT_COLUMNS}
    converting = pa_csv.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
    return pa_csv.read_csv(path, parse_options=pa_csv.ParseOptions(delimiter=delimiter), convert_options=converting)


def read_market(folder: Path, benchmark: Path | None, settings: Settings) -> GradeMarket:
    """Read the bars of a folder (or long file) and the benchmark.

    Parameters
    ----------
    benchmark
        A file; one inside `folder` is not a ticker unless `universe.tickers` lists it.
    settings
        `source.columns`, `source.basis`, `source.ticker_pattern` and `basis` describe the files.

    Raises
    ------
    NoBarsError
        If no file can be used.
    BenchmarkError
        If the benchmark cannot be used.
    """
    columns = ColumnNames(**settings.source.columns.model_dump())
    source = FilesSource(folder, columns, settings.source.basis, settings.source.ticker_pattern)
    is_legacy = settings.profile == "legacy"
    wanted = [t for t in source.tickers() if t not in _benchmark_tickers(source, benchmark, settings)]
    bars: dict[str, Bars] = {}
    warnings: list[str] = []
    for ticker, found in fetch_many(source, wanted):
        if isinstance(found, BlockedTickerError):
            warnings.append(str(found))
            continue
        if is_legacy:
            bars[ticker] = _as_bars(found)
            continue
        screened = screen_bars(ticker, found, basis=source.basis)
        warnings += _told(screened)
        if screened.bars is not None:
            # A given table has its levels in the prices of such files.
            bars[ticker] = adjusted_bars(screened.bars, source.basis, settings.basis, anchor="last")
    if not bars:
        reason = f" (first: {warnings[0]})" if warnings else ""
        raise NoBarsError(str(folder), f"no bar file is usable{reason}", "correct the files.")
    if benchmark is None:
        return GradeMarket(bars, None, warnings)
    raw = read_benchmark(str(benchmark.absolute()), source, columns)
    if is_legacy:
        return GradeMarket(bars, _as_bars(raw), warnings)
    judged = screen_bars(benchmark.name, raw, basis=source.basis)
    if judged.bars is None:
        reason = next(problem.text for problem in judged.problems if problem.severity == "block")
        raise BenchmarkError(str(benchmark), reason.rstrip("."))
    closes = adjusted_bars(judged.bars, source.basis, settings.basis, anchor="last")
    return GradeMarket(bars, closes, [*warnings, *_told(judged)])


def _told(screened: ScreenedBars) -> list[str]:
    """Warnings about a ticker's bars: refusals, dropped rows, another basis or frequency."""
    return [
        f"{problem.text} [{problem.rule}]"
        for problem in screened.problems
        if problem.severity in ("block", "quarantine") or (problem.rule in _TOLD and problem.severity == "warn")
    ]


def _benchmark_tickers(source: FilesSource, benchmark: Path | None, settings: Settings) -> set[str]:
    """Tickers of the folder that are the benchmark's own file and not listed."""
    if benchmark is None:
        return set()
    listed = {TickerNames(source.tickers()).find(name) for name in settings.universe.tickers}
    names = TickerNames(source.tickers())
    stem = benchmark.name.removesuffix(bar_suffix(benchmark.name) or benchmark.suffix)
    own = {*source.tickers_of(benchmark), names.find(ticker_of_stem(stem))}
    return {ticker for ticker in own if ticker is not None and ticker not in listed}


def _as_bars(raw: RawBars) -> Bars:
    return Bars(raw.dates, raw.open, raw.high, raw.low, raw.close, raw.volume)
