"""Content of an asset's page beyond counts: small tables, key numbers, a sparkline, the report's link.

Belongs here: rendering the declared `Page` of a table as Markdown. Does not belong here: any number that is not in a
table.
"""

import base64
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from btassets.book.book import Book
from btassets.graph.columns import KeyNumber
from btassets.instance.web.web_door import REPORTS_PATH
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.tables import key_of

MAX_ROWS = 12
MAX_COLUMNS = 8
"""Columns of an own stage that are shown."""

MAX_MARKDOWN = 1_000
"""Longer Markdown is not shown inline on the page."""


def page_metadata(book: Book, table: str, *, has_web: bool = True) -> dict[str, Any]:
    """Metadata of one whole table beyond counts; empty for tables not meant to be read row by row.

    Parameters
    ----------
    has_web
        Whether the page serves the reports, too; that of another deployment does not.
    """
    made: dict[str, Any] = {}
    flow = flow_of(book)
    spec, stage = flow.tables[table], flow.stage_of_table(table)
    if spec.is_free:
        rows = book.lake.read(table, book.scenario)
        return {"table": dg.MetadataValue.md(markdown_table(rows, tuple(rows.column_names[1 : 1 + MAX_COLUMNS])))}
    if spec.page is None or stage is None:
        return made
    page, key = spec.page, key_of(stage, book)
    if page.columns:
        rows = book.lake.read(table, key)
        made |= {name: value for name, value in key_numbers(rows, page.numbers).items() if value is not None}
        if page.rows is not None:
            column, wanted = page.rows
            rows = rows.filter(pa.array([v == wanted for v in rows[column].to_pylist()], pa.bool_()))
        made["table"] = dg.MetadataValue.md(markdown_table(rows, page.columns))
    if page.curves is not None:
        line = sparkline(book.lake.read(page.curves, key, ["curve", "date", "equity"]))
        made |= {"equity": dg.MetadataValue.md(line)} if line else {}
    if page.has_report:
        made |= _report(book, key, has_web=has_web)
    return made


def key_numbers(rows: pa.Table, wanted: Sequence[KeyNumber]) -> dict[str, Any]:
    """Numbers with stable keys, plotted by the page over the runs; None if there is no such row."""
    found: dict[str, Any] = {}
    for number in wanted:
        column, value = number.row
        places = [at for at, own in enumerate(rows[column].to_pylist()) if own == value]
        found[number.name] = rows[number.column][places[0]].as_py() if places else None
    return found


def _report(book: Book, key: str, *, has_web: bool) -> dict[str, Any]:
    row = book.lake.read("backtest_report", key).to_pylist()[0]
    folder = book.folder / row["folder"]
    made: dict[str, Any] = {"headline": row["headline"], **_preview(folder / "report.md")}
    if has_web:
        # Paths of the page that redirect to the reports, independent of the port.
        relative = str(row["folder"]).removeprefix(f"{book.reports.name}/")
        made["report"] = dg.MetadataValue.url(f"{REPORTS_PATH}{relative}/report.html")
        made["latest_report"] = dg.MetadataValue.url(f"{REPORTS_PATH}latest/report.html")
    made["path"] = dg.MetadataValue.path(str(folder / "report.html"))
    return made


def _preview(report: Path) -> dict[str, Any]:
    """First screen of the report: its answers, and its table of tiles; nothing if the file is gone."""
    try:
        blocks = report.read_text(encoding="utf-8").split("\n\n")
    except OSError:
        return {}
    answers = [block for block in blocks if block.startswith("**")]
    tiles = [block for block in blocks if block.startswith("|")]
    found = {"preview": "\n\n".join(answers), "tiles": tiles[0] if tiles else ""}
    return {name: dg.MetadataValue.md(text) for name, text in found.items() if text}


def markdown_table(rows: pa.Table, columns: tuple[str, ...]) -> str:
    """First rows of a table as Markdown; a missing value is "-", omitted rows are counted."""
    shown = [name for name in columns if name in rows.column_names]
    lines = ["| " + " | ".join(shown) + " |", "| " + " | ".join("---" for _ in shown) + " |"]
    lines += [
        "| " + " | ".join(_cell(row[name]) for name in shown) + " |" for row in rows.slice(0, MAX_ROWS).to_pylist()
    ]
    if not rows.num_rows:
        return "no rows"
    if rows.num_rows > MAX_ROWS:
        lines.append(f"\n{rows.num_rows - MAX_ROWS} more rows: `btassets export`")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def sparkline(curves: pa.Table, n_points: int = 48) -> str | None:
    """Equity of the portfolio behind the numbers, as a Markdown image, log scale; None without a curve."""
    by_curve: dict[str, list[float]] = {}
    for curve, equity in zip(curves["curve"].to_pylist(), curves["equity"].to_pylist(), strict=True):
        if equity is not None and equity > 0:
            by_curve.setdefault(curve, []).append(math.log(equity))
    values = by_curve.get("hold") or by_curve.get("target")
    if not values or len(values) < 2:
        return None
    steps = min(n_points, len(values))
    picked = [values[round(n * (len(values) - 1) / (steps - 1))] for n in range(steps)]
    low, span = min(picked), (max(picked) - min(picked)) or 1.0
    points = " ".join(f"{3 * n},{round(38 - 36 * (v - low) / span)}" for n, v in enumerate(picked))
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='288' height='80' viewBox='0 0 {3 * steps} 40'>"
        f"<polyline points='{points}' fill='none' stroke='#2f6fdb'/></svg>"
    )
    image = f"![log equity](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"
    return image if len(image) < MAX_MARKDOWN else None
