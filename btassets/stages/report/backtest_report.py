"""Stage `backtest_report`: report.json, report.html and report.md of a scenario.

Belongs here: the order of the steps. Does not belong here: what the report says
(`report_document.py`), how it looks (`btassets.render`), where it lies (`report_files.py`).
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from btassets.book.book import Book, own_overrides
from btassets.book.report_folders import checksum, folder_name, point_latest, sweep_reports, write_report
from btassets.graph.tables import BACKTEST_REPORT
from btassets.render.markdown import markdown
from btassets.render.page import page
from btassets.run.run_stage import StageResult
from btassets.settings.load import BASE_SCENARIO
from btassets.stages.analysis.model_tests import refuse_failing
from btassets.stages.report.report_document import report_document


def compute(book: Book) -> StageResult:
    """Write the report's files and return table `backtest_report`, one row.

    For the scenario `base`, `reports/latest` then shows it. Equal inputs give equal bytes.

    Raises
    ------
    CheckFailedError
        What must hold of the models' tables does not: the last report stays.
    """
    refuse_failing(book)
    document = report_document(book)
    html = page(document)
    name = folder_name(document["as_of"], book.scenario, document["settings_hash"])
    texts = {"report.json": as_json(document), "report.md": markdown(document), "report.html": html}
    write_report(book.reports, name, texts)
    if book.scenario == BASE_SCENARIO:
        point_latest(book.reports, name)
    sweep_reports(book.reports, book.base.storage.keep_reports)
    row = {
        "scenario": book.scenario,
        "as_of": date.fromisoformat(document["as_of"]),
        "folder": f"{book.reports.name}/{name}",
        "headline": document["headline"]["text"],
        "settings_hash": document["settings_hash"],
    }
    numbers = {
        "n_warnings": len(document["warnings"]),
        "html_kb": round(len(html.encode()) / 1000, 1),
        "qualified_today": len(document["todays_setups"]["qualified"]),
    }
    facts = {
        "warnings": document["warnings"],
        "headline": document["headline"],
        "folder": row["folder"],
        "files": {file: checksum(text.encode()) for file, text in texts.items()},
        "made": {"overlay": book.overlay, "overrides": own_overrides(book)},
    }
    return StageResult({"backtest_report": pa.Table.from_pylist([row], schema=BACKTEST_REPORT.schema)}, numbers, facts)


def as_json(document: Mapping[str, Any]) -> str:
    """Text of report.json; NaN is refused, missing is null."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
