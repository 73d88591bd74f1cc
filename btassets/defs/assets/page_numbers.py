"""What an asset's page shows beyond counts: small tables, key numbers, a sparkline, the report's link.

Belongs here: which columns of which table a person reads first, and their layout as Markdown. Does not
belong here: any number that is not in a table.
"""

import base64
import math
from collections.abc import Callable
from typing import Any

import dagster as dg
import pyarrow as pa

from btassets.book.book import Book
from btassets.graph.registry import STAGE_OF_TABLE
from btassets.instance.web_door import REPORTS_PATH
from btassets.run.freshness import key_of

MAX_ROWS = 12
MAX_MARKDOWN = 1_000
"""Longer Markdown is not shown inline on the page."""

_SETUPS = ("total", "hit_rate", "net_avg_r", "median_net_r", "net_avg_r_ex_top5")
_BOOK = ("cagr_pct", "max_drawdown_pct", "sharpe", "trades", "win_rate", "avg_net_r")

_SHOWN: dict[str, tuple[str, ...]] = {
    "bar_problems": ("ticker", "rule", "severity", "date", "n", "text"),
    "bar_quarantine": ("ticker", "rule", "date", "open", "high", "low", "close"),
    "bar_revisions": ("ticker", "kind", "date", "field", "old_value", "new_value"),
    "setup_stats": ("population", *_SETUPS),
    "gate_sweep": ("min_momentum_percentile", *_SETUPS),
    "gate_ablation": ("variant", "total", "net_avg_r", "hold_net_avg_r"),
    "time_exit_sweep": ("hold_days", "total", "win_rate", "net_avg_r", "net_avg_r_ex_top5"),
    "calibration": ("bin", "n", "mean_stated_pct", "hit_pct", "gap_pct"),
    "factor_ic": ("signal", "weeks", "mean_ic", "ic_t_stat", "reliable"),
    "portfolio_sims": ("policy", *_BOOK),
    "strategy_variants": ("variant", *_BOOK),
    "recommendation": ("topic", "decision", "sentence"),
    "research_recommendation": ("topic", "sentence"),
    "todays_setups": ("ticker", "direction", "entry", "stop", "target", "rr", "confidence", "percentile"),
}
"""Columns of each table that the page shows."""

_FILTERS: dict[str, tuple[str, Any]] = {"calibration": ("direction", "all"), "todays_setups": ("is_qualified", True)}
"""Rows that the page shows, where not all."""


def page_metadata(book: Book, table: str) -> dict[str, Any]:
    """Metadata of one whole table beyond counts; empty for tables that nobody reads row by row."""
    made: dict[str, Any] = {}
    key = key_of(STAGE_OF_TABLE[table], book)
    if table in _SHOWN:
        rows = book.lake.read(table, key)
        made |= {name: value for name, value in _KEY_NUMBERS.get(table, _none)(rows).items() if value is not None}
        if table in _FILTERS:
            column, value = _FILTERS[table]
            rows = rows.filter(pa.array([v == value for v in rows[column].to_pylist()], pa.bool_()))
        made["table"] = dg.MetadataValue.md(markdown_table(rows, _SHOWN[table]))
    if table == "portfolio_sims":
        line = sparkline(book.lake.read("equity_curves", key, ["curve", "date", "equity"]))
        made |= {"equity": dg.MetadataValue.md(line)} if line else {}
    if table == "backtest_report":
        made |= _report(book, key)
    return made


def _none(_rows: pa.Table) -> dict[str, Any]:
    return {}


def _setup_numbers(rows: pa.Table) -> dict[str, Any]:
    qualified = next((row for row in rows.to_pylist() if row["population"] == "qualified"), {})
    return {"net_avg_r": qualified.get("net_avg_r"), "qualified": qualified.get("total")}


def _factor_numbers(rows: pa.Table) -> dict[str, Any]:
    residual = next((row for row in rows.to_pylist() if row["signal"] == "mom_12_1_resid"), {})
    return {"ic_resid": residual.get("mean_ic")}


_KEY_NUMBERS: dict[str, Callable[[pa.Table], dict[str, Any]]] = {
    "setup_stats": _setup_numbers,
    "factor_ic": _factor_numbers,
}
"""Numbers with stable keys of the SQL models, which the page plots over the runs."""


def _report(book: Book, key: str) -> dict[str, Any]:
    row = book.lake.read("backtest_report", key).to_pylist()[0]
    made: dict[str, Any] = {"headline": row["headline"]}
    # Paths of the page that shows them: it sends its user on to the reports, whatever its port is.
    folder = str(row["folder"]).removeprefix(f"{book.reports.name}/")
    made["report"] = dg.MetadataValue.url(f"{REPORTS_PATH}{folder}/report.html")
    made["latest_report"] = dg.MetadataValue.url(f"{REPORTS_PATH}latest/report.html")
    made["path"] = dg.MetadataValue.path(str(book.folder / row["folder"] / "report.html"))
    return made


def markdown_table(rows: pa.Table, columns: tuple[str, ...]) -> str:
    """First rows of a table as Markdown; a missing value is "-", what is left out is counted."""
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
    """Equity of the book that the numbers tell of, as a Markdown image, log scale; None without a curve."""
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
