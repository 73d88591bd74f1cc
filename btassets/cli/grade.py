"""`grade`: the whole report for a table of setups made elsewhere.

Belongs here: reading the given files and writing the answer. Does not belong here: the grading
(`btassets.studies.grade.grade`). No book is read and none is made.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from btassets.cli.terminal import say, tell
from btassets.compiled import use_cache_folder
from btassets.engine.market.bars import Bars
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import CandidateTableError, NoBarsError, SettingsFileError
from btassets.settings.load import parse_assignments, resolve
from btassets.settings.models import Settings
from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_folder import FilesSource, fetch_many, read_benchmark
from btassets.storage.files import replace_file, replace_json


def command_grade(arguments: argparse.Namespace) -> int:
    """Grade the given setups; write the report and, when asked, the rows."""
    use_cache_folder()
    settings = _settings(arguments)
    candidates = _read_table(arguments.candidates)
    bars = _read_bars(arguments.bars, settings)
    benchmark = _read_benchmark(arguments.benchmark, arguments.bars)
    from btassets.studies.grade.grade import grade_candidates

    result = grade_candidates(candidates, bars, benchmark, settings)
    replace_json(arguments.out, result.report)
    if arguments.out_rows is not None:
        replace_file(arguments.out_rows, lambda temporary: pq.write_table(result.rows, temporary))
    for warning in result.warnings:
        tell(f"warning: {warning}")
    qualified = result.report["overall_qualified"]
    say(
        f"{result.report['candidates']} setups of {result.report['tickers']} tickers, "
        f"{result.report['qualified']} qualified, "
        f"net {_shown(qualified['net_avg_r'])} R per trade; report {arguments.out}"
    )
    return 0


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _settings(arguments: argparse.Namespace) -> Settings:
    overrides: dict[str, Any] = {"profile": arguments.profile, "calendar": "data"}
    if arguments.activation is not None:
        try:
            gates = json.loads(arguments.activation.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsFileError(str(arguments.activation), f"is no JSON object of gates ({error})") from error
        if not isinstance(gates, dict):
            raise SettingsFileError(str(arguments.activation), "is no JSON object of gates")
        overrides |= {f"gates.{name}": value for name, value in gates.items()}
    overrides |= parse_assignments(arguments.assignments)
    return resolve(overrides=overrides).settings


def _read_table(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() in (".csv", ".txt"):
            return pacsv.read_csv(
                path,
                convert_options=pacsv.ConvertOptions(
                    column_types={"ticker": pa.string()}, strings_can_be_null=True, null_values=[""]
                ),
            )
        with pq.ParquetFile(path) as file:
            return file.read()
    except FileNotFoundError as error:
        raise CandidateTableError(
            str(path), "there is no such file", "give a Parquet or CSV table of setups."
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise CandidateTableError(
            str(path), f"cannot be read ({error})", "give a Parquet or CSV table of setups."
        ) from error


def _read_bars(folder: Path, settings: Settings) -> dict[str, Bars]:
    source = FilesSource(folder)
    bars: dict[str, Bars] = {}
    for ticker, found in fetch_many(source, source.tickers()):
        if isinstance(found, BlockedTickerError):
            tell(f"warning: {found}")
            continue
        if settings.profile == "legacy":
            bars[ticker] = _as_bars(found)
            continue
        screened = screen_bars(ticker, found, basis=source.basis)
        for problem in screened.problems:
            if problem.severity in ("block", "quarantine"):
                tell(f"warning: {problem.text} [{problem.rule}]")
        if screened.bars is not None:
            bars[ticker] = _as_bars(screened.bars)
    if not bars:
        raise NoBarsError(str(folder), "no file of bars could be used", "see the warnings above, correct the files.")
    return bars


def _as_bars(raw: RawBars) -> Bars:
    return Bars(raw.dates, raw.open, raw.high, raw.low, raw.close, raw.volume)


def _read_benchmark(path: Path | None, folder: Path) -> Bars | None:
    if path is None:
        return None
    return _as_bars(read_benchmark(str(path.absolute()), FilesSource(folder)))
