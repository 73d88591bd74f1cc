"""`grade`: the whole report for a table of setups made elsewhere.

Belongs here: reading the given files and writing the answer. Does not belong here: the grading
(`btassets.studies.grade.grade`). No book is read and none is made.
"""

import argparse
import json
from typing import Any

import pyarrow.parquet as pq

from btassets.cli.terminal import say, tell
from btassets.compiled import use_cache_folder
from btassets.errors import SettingsFileError
from btassets.settings.load import parse_assignments, resolve
from btassets.settings.models import Settings
from btassets.storage.files import replace_file, replace_json
from btassets.studies.grade.grade_inputs import read_candidate_file, read_market


def command_grade(arguments: argparse.Namespace) -> int:
    """Grade the given setups; write the report and, when asked, the rows."""
    use_cache_folder()
    settings = _settings(arguments)
    candidates = read_candidate_file(arguments.candidates)
    market = read_market(arguments.bars, arguments.benchmark, settings)
    for warning in market.warnings:
        tell(f"warning: {warning}")
    from btassets.studies.grade.grade import grade_candidates

    result = grade_candidates(candidates, market.bars, market.benchmark, settings)
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
