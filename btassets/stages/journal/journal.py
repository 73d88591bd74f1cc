"""Stage `journal`: the list of this run behind all lists that were shown before.

Belongs here: what a list's record says, and the table of all records. Does not belong here: the log and when a list
is a new one (`btassets.run.shown_lists`), what qualifies (`stages.advice.todays_setups`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from btassets.graph.journal import JOURNAL
from btassets.run.shown_lists import RULES, SHOWN, JournalSoFar, Record, with_list
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.declared import select_declared
from btassets.settings.load import hashed
from btassets.settings.models import Settings
from btassets.stages.journal.backtest_claim import backtest_claim
from btassets.storage.chained_log import Link, head
from btassets.storage.hashing import digest

SETUP_COLUMNS = (
    *("is_qualified", "ticker", "direction", "entry", "stop", "target", "rr"),
    *("confidence", "percentile", "failed_floors"),
)


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `journal`: every list that was shown, this run's among them."""
    so_far: JournalSoFar = tables.outside("shown_lists")
    todays = tables["todays_setups"]
    facts, as_of = todays.facts, todays.facts.get("as_of")
    links = so_far.links
    if as_of is not None:
        setups = todays.read(list(SETUP_COLUMNS)).to_pylist()
        record = list_record(
            tables, settings, as_of=as_of, is_signal_day=bool(facts.get("is_signal_day")), setups=setups, now=so_far.now
        )
        links = with_list(links, record)
    new = links[len(so_far.links) :]
    rows = journal_rows(links, tables.scenario)
    shown = [link.record for link in links if link.record["kind"] == SHOWN]
    numbers = {
        "lists_shown": len(shown),
        "lists_backfilled": len(links) - len(shown),
        "is_new_list": bool(new),
        "rewritten": so_far.is_rewritten,
    }
    return StageResult(
        {"journal": pa.Table.from_pylist(rows, schema=JOURNAL.schema)},
        numbers,
        {"head": head(links), "n_lines": len(links)},
        beside={"journal": [link.record for link in new]},
    )


def list_record(
    tables: Tables,
    settings: Settings,
    *,
    as_of: str,
    is_signal_day: bool,
    setups: Sequence[Mapping[str, Any]],
    now: str,
    kind: str = SHOWN,
) -> Record:
    """Record of one list.

    Parameters
    ----------
    as_of
        ISO date whose close is the entry.
    setups
        Rows with `SETUP_COLUMNS`, in the order shown.
    now
        Time of the run.
    kind
        `shown`, or `backfill`: a list of the past claims nothing, since the backtest beside it knows what followed.
    """
    rules = rules_of(settings)
    return {
        "kind": kind,
        "as_of": as_of,
        "is_signal_day": is_signal_day,
        "shown_at": now,
        "settings_hash": digest(rules),
        "rules": rules,
        "data_version": tables.version("ohlcv_history"),
        "tested": backtest_claim(tables, settings) if kind == SHOWN else None,
        "setups": [{name: row[name] for name in SETUP_COLUMNS} for row in setups],
    }


def rules_of(settings: Settings) -> dict[str, Any]:
    """Settings that decide a list, as JSON has them."""
    chosen = hashed(select_declared(settings, RULES))
    return {key: list(value) if isinstance(value, tuple) else value for key, value in chosen.items()}


def journal_rows(links: Sequence[Link], scenario: str) -> list[dict[str, Any]]:
    """Rows of the table: one per setup, one without a ticker for an empty list."""
    rows: list[dict[str, Any]] = []
    showings: dict[tuple[str, str], int] = {}
    for link in links:
        record = link.record
        day = record["kind"], record["as_of"]
        showings[day] = showings.get(day, 0) + 1
        labels = {
            "scenario": scenario,
            "list_no": link.no,
            "asof_date": date.fromisoformat(record["as_of"]),
            "showing": showings[day],
            "line_hash": link.hash,
            **{name: record[name] for name in ("kind", "is_signal_day", "shown_at", "settings_hash", "data_version")},
        }
        rows += [{**labels, "rank": rank, **setup} for rank, setup in enumerate(record["setups"], 1)]
        if not record["setups"]:
            rows.append(labels)
    return rows
