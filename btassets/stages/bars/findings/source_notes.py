"""Compares the source's list with the tickers the book knows and names; stored beside the bars.

Belongs here: tickers that left the source, named tickers missing from the source, and findings about the source as a
whole, in `data/ohlcv_history/source.json`. Does not belong here: the bars, and rules over them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from btassets.engine.days import iso_day
from btassets.engine.market.raw_bars import Problem
from btassets.engine.market.source_look import names
from btassets.run.tables import BucketedTable, BucketWriter, Tables
from btassets.settings.models import Settings
from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.sources.values.tickers import TickerNames

TABLE = "ohlcv_history"

_NOTE = "source"

_MOST_NAMED = 50


@dataclass(frozen=True)
class SourceNotes:
    """Result of comparing with the source's list.

    Attributes
    ----------
    gone
        Tickers of the lake that the source no longer lists, in byte order.
    problems
        Findings in the format of a footer, preceded by the ticker: ticker, rule, severity, date, count, text.
    """

    gone: list[str] = field(default_factory=list)
    problems: list[list[Any]] = field(default_factory=list)


def look_at_list(
    tables: Tables, settings: Settings, listed: Collection[str], about_source: Sequence[Problem]
) -> SourceNotes:
    """Compare the source's list with the lake and with the settings.

    Parameters
    ----------
    listed
        Every ticker of the source.
    about_source
        Findings of the source itself, e.g. skipped files.
    """
    known = tables.bucketed(TABLE).footers()
    gone = [ticker for ticker in known if ticker not in listed]
    rows = [
        [ticker, "Q28", "warn", known[ticker]["last"], 1, _gone_text(ticker, known[ticker]["last"])]
        for ticker in gone
        if known[ticker].get("n_rows")
    ]
    available = TickerNames(listed)
    universe = settings.universe
    for setting, given in (("universe.tickers", universe.tickers), ("universe.exclude", universe.exclude)):
        for name in given:
            found = available.find(name)
            if found is None and not TickerNames(known).find(name):
                near = available.near(name)
                hint = f"; did you mean {near}?" if near else "; correct its spelling, or remove it."
                text = f"{canonical_ticker(name)}: named by {setting}, but not in the source{hint}"
                rows.append([canonical_ticker(name), "Q28", "warn", None, 1, text])
            elif found is not None and found != canonical_ticker(name):
                text = f"{canonical_ticker(name)}: {setting} uses another spelling; read as {found}."
                rows.append([found, "Q28", "warn", None, 1, text])
    members = tables.outside("membership")
    lacking = [] if members is None else [name for name in members.spells if available.find(name) is None]
    if lacking and members is not None:
        text = f"{members.name} names {len(lacking)} tickers that are not in the source ({names(lacking)})."
        rows.append(["", "Q28", "warn", None, len(lacking), text])
    rows += [["", p.rule, "warn" if p.severity == "info" else p.severity, p.date, p.n, p.text] for p in about_source]
    return SourceNotes(gone, rows[:_MOST_NAMED])


def _gone_text(ticker: str, last: int | None) -> str:
    until = "" if last is None else f" up to {iso_day(last)}"
    return (
        f"{ticker}: no longer in the source; its bars{until} stay in use and end there; restore it, or `btassets "
        f"forget {ticker}`."
    )


def read_notes(stored: BucketedTable) -> SourceNotes | None:
    """Notes of the last reading; None before the first, or if the file is damaged."""
    raw = stored.read_note(_NOTE)
    return None if raw is None else SourceNotes([str(t) for t in raw["gone"]], [list(row) for row in raw["problems"]])


def write_notes(stored: BucketWriter, notes: SourceNotes) -> None:
    """Store the notes, for `bar_problems`."""
    if read_notes(stored) != notes:
        stored.write_note(_NOTE, {"gone": notes.gone, "problems": notes.problems})
