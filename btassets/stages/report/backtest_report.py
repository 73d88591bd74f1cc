"""Stage `backtest_report`: report.json, report.html, report.md and the pages of single tickers of a scenario.

Belongs here: the order of the steps. Does not belong here: the content of the report (`report_document.py`), its layout
(`btassets.render`), writing its files (`btassets.run.beside`).
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from btassets.book.report_folders import checksum, folder_name
from btassets.graph.report import BACKTEST_REPORT
from btassets.render.markdown import markdown
from btassets.render.report_page import page
from btassets.render.ticker_page import ticker_page
from btassets.run.stage_result import ReportFiles, StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.analysis.model_tests import refuse_failing
from btassets.stages.report.price_lines import add_price_lines
from btassets.stages.report.report_document import report_document
from btassets.stages.report.ticker_pages import json_beside, ticker_documents


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `backtest_report`, one row, and the report's files. Equal inputs give equal bytes.

    Raises
    ------
    CheckFailedError
        If a model test failed; the last report stays.
    """
    refuse_failing(tables)
    document = report_document(tables, settings)
    paths = document["ticker_pages"]
    pages = ticker_documents(tables, settings, document, list(paths))
    add_price_lines(document, pages)
    html = page(document)
    name = folder_name(document["as_of"], tables.scenario, document["settings_hash"])
    texts = {"report.json": as_json(document), "report.md": markdown(document), "report.html": html}
    for ticker, own in pages.items():
        texts[paths[ticker]] = ticker_page(own)
        texts[json_beside(paths[ticker])] = json.dumps(own, ensure_ascii=False, allow_nan=False) + "\n"
    context = tables.context
    row = {
        "scenario": tables.scenario,
        "as_of": date.fromisoformat(document["as_of"]),
        "folder": f"{context.reports_name}/{name}",
        "headline": document["headline"]["text"],
        "settings_hash": document["settings_hash"],
    }
    numbers = {
        "n_warnings": len(document["warnings"]),
        "html_kb": round(len(html.encode()) / 1000, 1),
        "ticker_pages": len(paths),
        "qualified_today": len(document["todays_setups"]["qualified"]),
    }
    facts = {
        "warnings": document["warnings"],
        "headline": document["headline"],
        "folder": row["folder"],
        "files": {file: checksum(text.encode()) for file, text in texts.items()},
        "made": {"overlay": context.overlay, "overrides": dict(context.overrides)},
    }
    table = pa.Table.from_pylist([row], schema=BACKTEST_REPORT.schema)
    return StageResult({"backtest_report": table}, numbers, facts, beside={"report": ReportFiles(name, texts)})


def as_json(document: Mapping[str, Any]) -> str:
    """Text of report.json; NaN is refused, missing values are null."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
