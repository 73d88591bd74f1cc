"""`own`: every signal and setup rule of the book, built in and own, and its own stages, each with its state.

Belongs here: reading and printing; nothing is computed or written. Does not belong here: finding and loading own code
(`btassets.own`), its values and proofs (`btassets.stages.own`).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.cli.output.stale import stale_stages
from btassets.cli.terminal import say, show_table
from btassets.cli.where import book_of
from btassets.counted import counted
from btassets.graph.own import OWN_SIGNAL_PROOFS, REFUSED
from btassets.own.discover import OwnSource, find_sources, installed_sources
from btassets.own.loading import declared_by
from btassets.own.registry import Registry, SignalEntry
from btassets.own.setups.rule_names import rule_entries
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.signal_trials import own_sources, read_signal_trials
from btassets.run.tables import inputs_of
from btassets.stages.replay.candidates import failed_tickers, rule_cost

_RULE_COLUMNS = ("setup_rule", "source", "content", "us_per_bar", "state")
_COLUMNS = ("signal", "form", "source", "sign", "lookback", "content", "us_per_row", "state")
_STAGE_COLUMNS = ("stage", "form", "source", "reads", "rows", "seconds", "state")
NOT_RUN, BUILT_IN = "not run yet", "built in"
COMPUTED, STALE = "computed", "stale"

Row = dict[str, Any]


def command_own(*, book: Path | None, layout: str, scenario: str | None = None) -> int:
    """Print every signal with where it comes from, and why one is refused; rule, cost and stages of a scenario."""
    opened = book_of(book, scenario=scenario)
    rows = list(signal_rows(opened))
    n_tried = read_signal_trials(opened).num_rows
    rules, stages = list(rule_rows(opened)), list(stage_rows(opened))
    if layout == "json":
        sources = [kind for _, kind in installed_sources()]
        found = {"signals": rows, "rules": rules, "stages": stages, "sources": sources, "n_tried": n_tried}
        say(json.dumps(found, indent=1, ensure_ascii=False))
        return 0
    show_table([[row[name] for name in _COLUMNS] for row in rows], _COLUMNS)
    say("")
    show_table([[row[name] for name in _RULE_COLUMNS] for row in rules], _RULE_COLUMNS)
    if stages:
        say("")
        shown = [{**row, "reads": ", ".join(row["reads"])} for row in stages]
        show_table([[row[name] for name in _STAGE_COLUMNS] for row in shown], _STAGE_COLUMNS)
    for package, kind in installed_sources():
        say(f'source.kind = "{kind}": a source of the package {package}')
    for row in (*rows, *rules, *stages):
        if row["reason"]:
            say(f"refused: {row['reason']}")
    if any(row["us_per_row"] for row in rows) or any(row["us_per_bar"] for row in rules):
        say("us_per_row, us_per_bar: microseconds per as-of bar when last computed")
    if n_tried:
        say(f"{counted(n_tried, 'own idea')} judged so far: the false discovery rate of own signals counts every one")
    if all(row["state"] == BUILT_IN for row in rows) and len(rules) == 1 and not stages:
        say("no signal of your own yet: put a .py, .sql, .csv or .parquet file into own/; see docs/own.md")
    return 0


def signal_rows(book: Book) -> Iterator[Row]:
    """One row per signal: the built-in ones, then those of each own source."""
    registry = Registry()
    for entry in registry:
        yield {**_words(entry), "content": None, "us_per_row": None, "state": BUILT_IN, "reason": None}
    known = _stored(book)
    for source in own_sources(book):
        for name, entry, problem in _entries(source, registry):
            stored = known.get((name, source.content), {})
            words = {"signal": name, "form": source.form, "source": source.name, "sign": None, "lookback": None}
            words = words if entry is None else _words(entry)
            state = REFUSED if problem else stored.get("state", NOT_RUN)
            found = {"content": source.content, "us_per_row": stored.get("us_per_row"), "state": state}
            yield {**words, **found, "reason": problem or stored.get("reason")}


def rule_rows(book: Book) -> Iterator[Row]:
    """One row per setup rule, the built-in one first; that of the scenario with its cost and first failure."""
    tables, _ = inputs_of("candidates", book)
    used = book.settings.setup.rule
    for entry in rule_entries(find_sources(book.folder)):
        is_used = entry.name == used
        failed = failed_tickers(tables) if is_used else {}
        yield {
            "setup_rule": entry.name,
            "source": entry.origin,
            "content": None if entry.source is None else entry.source.content,
            "us_per_bar": round(cost, 1) if is_used and (cost := rule_cost(tables)) is not None else None,
            "state": "used" if is_used else "not used",
            "n_failed": len(failed),
            "reason": failed[min(failed, key=str.encode)] if failed and entry.source is not None else None,
        }


def stage_rows(book: Book) -> Iterator[Row]:
    """One row per own stage, and per declaration that is none; rows and seconds of the last run."""
    flow = flow_of(book)
    for name, one in flow.own.items():
        footer = book.lake.footer(name, book.scenario)
        numbers = {} if footer is None else footer.facts.get("numbers", {})
        reason = one.problem or (None if footer is None else footer.facts.get("failed"))
        state = NOT_RUN if footer is None else COMPUTED
        if footer is not None and name in stale_stages(book, [name]):
            state, reason = STALE, one.problem or None
        yield {
            "stage": name,
            "form": one.source.form,
            "source": one.source.name,
            "reads": list(one.reads),
            "rows": numbers.get("rows"),
            "seconds": numbers.get("seconds"),
            "state": REFUSED if reason else state,
            "reason": reason or None,
        }
    for text in flow.refused:
        place = text.partition(": ")[0]
        yield {**dict.fromkeys(_STAGE_COLUMNS), "source": place, "reads": [], "state": REFUSED, "reason": text}


def _entries(source: OwnSource, registry: Registry) -> Iterator[tuple[str, SignalEntry | None, str]]:
    """Name, entry and problem of each signal of a source."""
    signals, problem = declared_by(source)
    if problem:
        yield source.stem, None, problem
    for signal in signals:
        entry, refused = signal.entry, ""
        try:
            registry.add(entry)
        except ValueError as error:
            refused = str(error)
        yield signal.name, entry, refused


def _words(entry: SignalEntry) -> Row:
    return {
        "signal": entry.name,
        "form": entry.form,
        "source": entry.origin,
        "sign": entry.sign,
        "lookback": entry.lookback,
    }


def _stored(book: Book) -> dict[tuple[str, str], Row]:
    """Rows of the last run by name and content; none before it."""
    footer = book.lake.footer(OWN_SIGNAL_PROOFS.name, book.replay)
    if footer is None:
        return {}
    times = footer.facts.get("us_per_row", {})
    rows = book.lake.read(OWN_SIGNAL_PROOFS.name, book.replay).to_pylist()
    return {(row["signal"], row["content"]): {**row, "us_per_row": times.get(row["signal"])} for row in rows}
