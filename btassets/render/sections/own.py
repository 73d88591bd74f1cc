"""Own signals: what each is, whether its proof holds, and how it was judged.

Belongs here: the section of own signals. Does not belong here: the factor study of all signals (`how_sure.py`,
`evidence.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.counted import counted
from btassets.engine.conventions import SIGNAL_HORIZON_DAYS
from btassets.render.claims import interval
from btassets.render.format import esc
from btassets.render.html_tables import Column, section, table
from btassets.render.labels import verdict_chip
from btassets.render.report_types import Report

_COLUMNS = (
    Column("label", "Signal"),
    Column("source", "Source"),
    Column(
        "state", "Proof", "words", "proven: replays of sampled rows agree; given: a file, nothing to replay; refused"
    ),
    Column("n_values", "Values", "n"),
    Column(
        "estimate", "IC, next week", "snum4", f"mean rank over {SIGNAL_HORIZON_DAYS} sessions, as in the factor study"
    ),
    Column("ci", "95% interval", render=lambda row: esc(interval(row)) if row.get("ci") else ""),
    Column("q_table", "q, ideas", "num4", "false discovery rate over every own idea judged on this book"),
    Column("verdict", "Verdict", render=lambda row: verdict_chip(row["verdict"]) if "verdict" in row else ""),
    Column("reason", "Refused because"),
)


def own_signals(report: Report) -> str:
    """The section; empty without own signals."""
    found = report["statistics"]["own_signals"]
    if not found:
        return ""
    judged = {r["signal"]: r for r in report["statistics"]["signals"] if r["horizon_days"] == SIGNAL_HORIZON_DAYS}
    rows: list[Mapping[str, Any]] = [{**judged.get(row["signal"], {}), **row} for row in found]
    n_tried = max((row.get("n_tried") or 0 for row in report["statistics"]["signals"]), default=0)
    n_refused = sum(row["state"] == "refused" for row in found)
    lead = (
        f"{len(found) - n_refused} in use, {n_refused} refused. {counted(n_tried, 'idea')} judged on this book so far; "
        "each counts in the false discovery rate, those that were dropped too."
    )
    own = table(rows, _COLUMNS, json="statistics.own_signals", caption="Own signals")
    return section("own", "Own signals", lead, own)
