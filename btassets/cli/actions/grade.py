"""`grade`: the whole report for a user's own table of setups.

Belongs here: reading the given files and writing the result. Does not belong here: the grading
(`btassets.studies.grade.grade`). No book is read or created.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from btassets.cli.output.first_run import CompileWatch
from btassets.cli.output.out_file import checked_out
from btassets.cli.terminal import Progress, say, tell
from btassets.compiled import use_cache_folder
from btassets.errors import SettingsFileError, UsageError
from btassets.settings.load import parse_assignments, resolve
from btassets.settings.models import Settings
from btassets.storage.files import replace_file, replace_json, replace_text
from btassets.studies.grade.grade_inputs import read_candidate_file, read_market


def command_grade(
    *,
    candidates: Path,
    bars: Path,
    benchmark: Path | None,
    profile: str,
    activation: Path | None,
    out: Path,
    out_rows: Path | None,
    page: Path | None,
    assignments: tuple[str, ...],
) -> int:
    """Grade the given setups; write the report and, if requested, the rows."""
    use_cache_folder()
    settings = _settings(profile, activation, assignments)
    read = (candidates, benchmark, activation)
    checked_out(out, endings=(), inputs=(*read, out_rows))
    if out_rows is not None:
        checked_out(out_rows, endings=(), inputs=(*read, out), word="--out-rows")
    if page is not None:
        checked_out(page, endings=(".html", ".htm"), inputs=(*read, out, out_rows), word="--page")
    if candidates.exists() and not candidates.is_file():
        raise UsageError(f"--candidates {candidates}: no file", "give a Parquet or CSV table of setups.")
    setups = read_candidate_file(candidates)
    market = read_market(bars, benchmark, settings)
    for warning in market.warnings:
        tell(f"warning: {warning}")
    from btassets.studies.grade.grade import grade_candidates

    with Progress(is_quiet=False) as bar, CompileWatch(bar):
        result = grade_candidates(setups, market.bars, market.benchmark, settings)
    document = result.report
    if page is not None:
        from btassets.studies.grade.grade_page import grade_document, grade_page

        document = grade_document(result, name=candidates.stem, benchmark=None if benchmark is None else benchmark.stem)
        replace_text(page.resolve(), grade_page(document, out.name))
    replace_json(out.resolve(), document)
    if out_rows is not None:
        replace_file(out_rows.resolve(), lambda temporary: pq.write_table(result.rows, temporary))
    for warning in result.warnings:
        tell(f"warning: {warning}")
    qualified = result.report["overall_qualified"]
    say(
        f"{result.report['candidates']} setups of {result.report['tickers']} tickers, "
        f"{result.report['qualified']} qualified, "
        f"net {_shown(qualified['net_avg_r'])} R per trade; report {out if page is None else page}"
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
            raise SettingsFileError(str(activation), f"not a JSON object ({error})", _GATES) from error
        if not isinstance(gates, dict):
            raise SettingsFileError(str(activation), "not a JSON object", _GATES)
        overrides |= {f"gates.{name}": value for name, value in gates.items()}
    overrides |= parse_assignments(assignments)
    return resolve(overrides=overrides).settings


_GATES = 'it has values of the [gates] settings, e.g. {"min_rr": 2.0}.'
