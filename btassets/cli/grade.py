"""`grade`: the whole report for a table of setups made elsewhere.

Belongs here: reading the given files and writing the answer. Does not belong here: the grading
(`btassets.studies.grade.grade`). No book is read and none is made.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from btassets.cli.first_run import CompileWatch
from btassets.cli.out_file import checked_out
from btassets.cli.terminal import Progress, say, tell
from btassets.compiled import use_cache_folder
from btassets.engine.market.bars import Bars
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import CandidateTableError, NoBarsError, SettingsFileError, UsageError
from btassets.settings.load import parse_assignments, resolve
from btassets.settings.models import Settings
from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_folder import FilesSource, fetch_many, read_benchmark
from btassets.storage.files import replace_file, replace_json


def command_grade(
    *,
    candidates: Path,
    bars: Path,
    benchmark: Path | None,
    profile: str,
    activation: Path | None,
    out: Path,
    out_rows: Path | None,
    assignments: tuple[str, ...],
) -> int:
    """Grade the given setups; write the report and, when asked, the rows."""
    use_cache_folder()
    settings = _settings(profile, activation, assignments)
    read = (candidates, benchmark, activation)
    checked_out(out, endings=(), inputs=(*read, out_rows))
    if out_rows is not None:
        checked_out(out_rows, endings=(), inputs=(*read, out), word="--out-rows")
    setups = _read_table(candidates)
    prices = _read_bars(bars, settings)
    compared = _read_benchmark(benchmark, bars)
    from btassets.studies.grade.grade import grade_candidates

    with Progress(is_quiet=False) as bar, CompileWatch(bar):
        result = grade_candidates(setups, prices, compared, settings)
    replace_json(out.resolve(), result.report)
    if out_rows is not None:
        replace_file(out_rows.resolve(), lambda temporary: pq.write_table(result.rows, temporary))
    for warning in result.warnings:
        tell(f"warning: {warning}")
    qualified = result.report["overall_qualified"]
    say(
        f"{result.report['candidates']} setups of {result.report['tickers']} tickers, "
        f"{result.report['qualified']} qualified, "
        f"net {_shown(qualified['net_avg_r'])} R per trade; report {out}"
    )
    return 0


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _settings(profile: str, activation: Path | None, assignments: tuple[str, ...]) -> Settings:
    overrides: dict[str, Any] = {"profile": profile, "calendar": "data"}
    if activation is not None:
        try:
            gates = json.loads(activation.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise SettingsFileError(str(activation), f"no JSON object ({error})", _GATES) from error
        if not isinstance(gates, dict):
            raise SettingsFileError(str(activation), "no JSON object", _GATES)
        overrides |= {f"gates.{name}": value for name, value in gates.items()}
    overrides |= parse_assignments(assignments)
    return resolve(overrides=overrides).settings


_GATES = 'it has values of the [gates] settings, e.g. {"min_rr": 2.0}.'
_READABLE = "give a Parquet or CSV table of setups."


def _read_table(path: Path) -> pa.Table:
    if path.is_dir():
        raise CandidateTableError(str(path), "is a folder", _READABLE)
    if not path.exists():
        raise CandidateTableError(str(path), "there is no such file", _READABLE)
    if not path.is_file():
        raise UsageError(f"--candidates {path}: a device, pipe or socket", "give a file.")
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
    except PermissionError:
        raise
    except UnicodeDecodeError as error:
        raise CandidateTableError(str(path), f"is not UTF-8 text ({error.reason})", "save it as UTF-8.") from error
    except (OSError, pa.ArrowException) as error:
        raise CandidateTableError(str(path), f"cannot be read ({error})", _READABLE) from error


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
