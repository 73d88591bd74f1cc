"""Today's setups: those that qualify at the as-of date, and the nearest misses.

Belongs here: today's list. Does not belong here: outcomes of earlier ones (`evidence.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from btassets.engine.floors import RANKING, signal_of
from btassets.engine.setups.target_classes import RULE
from btassets.render.charts import report_charts as charts
from btassets.render.charts.price_line import price_line
from btassets.render.format import MISSING, esc, shown
from btassets.render.html_tables import Column, details, section, table
from btassets.render.labels import ticker_column
from btassets.render.report_types import Report
from btassets.render.todays_list import signal_columns, target_words

MOST_SETUPS = 20
MOST_SETUPS_BEHIND = 80

_VOTES = (
    ("vote_trend", "trend"),
    ("vote_position", "position"),
    ("vote_directional", "directional movement"),
    ("vote_rsi", "RSI"),
    ("vote_volume", "volume"),
)


def _conflicts(row: Mapping[str, Any]) -> str:
    return esc("; ".join(row.get("conflicts") or ()) or MISSING)


def _targets(row: Mapping[str, Any]) -> str:
    return esc("; ".join(target_words(target) for target in row.get("targets") or ()) or MISSING)


_SETUP_COLUMNS = (
    Column("ticker", "Ticker"),
    Column("direction", "Side"),
    Column("entry", "Entry", "price", "close of the as-of date; filled at the next open"),
    Column("stop", "Stop", "price"),
    Column("target", "Target", "price"),
    Column("rr", "R:R", "num2", "distance to the target over distance to the stop"),
    Column("confidence", "Confidence", "num1", "0-100"),
    Column("percentile", "Percentile", "num1", "of the activation momentum in the universe, 0-100"),
    Column("primary_prob", "P(target)", "pct", "stated probability of the target before the stop, without drift"),
    Column("level_strength", "Level", "num1", "strength of the target's level; - if the target is projected"),
    Column("action", "Action", "words"),
    Column("risk_level", "Risk", hint="Low: no conflict, Medium: one, High: more; named below"),
    Column("shares", "Shares", "num2", "position size by risk and notional cap"),
)
_TEXT_COLUMNS = (
    Column("conflicts", "Conflicts", render=_conflicts),
    Column(
        "targets", "Every target", hint="nearest first, with its stated probability; * the one above", render=_targets
    ),
)
_NOTE = f"Votes run from -1 to 1, positive for a rise. A target is {RULE}."
_VOTE_COLUMNS = tuple(Column(key, name.capitalize(), "snum2") for key, name in _VOTES)


def _with_signals(report: Report) -> tuple[Column, ...]:
    """Columns of a setup; those of the signals that the gate names follow the percentile, which names its ranking."""
    today, ranking = report["todays_setups"], report["activation"].get(RANKING)
    own: list[Column] = []
    for name in signal_columns([*today["qualified"], *today["nearest_misses"]]):
        signal, what = signal_of(name) or (name, "")
        is_rank = what == "percentile"
        own.append(Column(name, f"{signal}, percentile" if is_rank else signal, "num1" if is_rank else "g"))
    found: list[Column] = []
    for column in _SETUP_COLUMNS:
        is_rank = column.key == "percentile"
        named = replace(column, hint=f"of {ranking} in the universe, 0-100") if is_rank and ranking else column
        found += [named, *own] if is_rank else [named]
    return tuple(found)


def todays_setups(report: Report) -> str:
    """Setups that qualify at the as-of date, and the nearest misses."""
    today, setup = report["todays_setups"], _with_signals(report)
    rows, misses = today["qualified"], today["nearest_misses"]
    link = ticker_column(report)
    if today["is_signal_day"]:
        day = "A signal day, like the dates traded by the statistics below."
    else:
        last = today["last_signal_day"] or MISSING
        day = f"A preview: the statistics below trade week ends only; the last one was {last}."
    lead = (
        f"{len(rows):,} of {today['n_setups']:,} setups qualify at {today['as_of'] or MISSING}, "
        f"{today['n_ranked']:,} ranked. {day} "
        f"Shares for {shown(today['capital'], 'usd0')} dollars; fills are at the next open."
    )
    parts = [
        table(
            rows[:MOST_SETUPS],
            (link, *setup[1:], _GLYPH, *((_LINE,) if any(row.get("closes") for row in rows[:MOST_SETUPS]) else ())),
            json="todays_setups.qualified",
            caption="Qualified today",
            none="Nothing qualifies today.",
        )
    ]
    behind = rows[: MOST_SETUPS + MOST_SETUPS_BEHIND]
    if rows:
        left = len(rows) - len(behind)
        more = f" The other {left:,} are in report.json." if left else ""
        votes = table(
            behind,
            (link, *setup[1:], *_VOTE_COLUMNS, *_TEXT_COLUMNS),
            json="todays_setups.qualified",
            caption="Qualified, with votes, conflicts and targets",
        )
        label = (
            f"All {len(behind):,} with votes, conflicts and targets"
            if not left
            else f"First {len(behind):,} with votes, conflicts and targets"
        )
        parts.append(details(label, votes, f'<p class="note">{_NOTE}{more}</p>'))
    at = next(k for k, column in enumerate(setup) if column.key == "primary_prob")
    columns = (link, *setup[1:at], Column("failed", "Fails"), *setup[at + 2 : at + 4])
    near = [{**row, "failed": ", ".join(row["failed_floors"])} for row in misses]
    parts.append("<h3>Nearest misses</h3>")
    parts.append(
        table(
            near,
            columns,
            json="todays_setups.nearest_misses",
            caption="Nearest misses",
            none="No near misses.",
        )
    )
    return section("today", "Today's setups", lead, *parts)


def _glyph(row: Mapping[str, Any]) -> str:
    words = ", ".join(f"{name} {shown(row[key], 'snum2')}" for key, name in _VOTES)
    return charts.votes_glyph([row[key] for key, _ in _VOTES], f"Votes: {words}")


_GLYPH = Column("votes", "Votes", hint="trend, position, directional movement, RSI, volume", render=_glyph)


def _line(row: Mapping[str, Any]) -> str:
    closes = row.get("closes") or ()
    return price_line(closes, f"{len(closes)} sessions")


_LINE = Column("line", "Price", hint="closes of a quarter of a year", render=_line)
