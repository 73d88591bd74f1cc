"""`journal`: the lists as they were shown, what became of them, and the verdict.

Belongs here: reading and printing, and the replay of past lists that a person asks for. Does not belong here: what a
list or a result is (`btassets.stages.journal`), the logs (`btassets.run.shown_lists`).
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.cli.output.csv_text import csv_text, json_text
from btassets.cli.output.stale import require_run, warn_if_stale
from btassets.cli.program import cut
from btassets.cli.terminal import say, show_table, tell
from btassets.cli.where import book_of
from btassets.errors import UsageError
from btassets.graph.journal import BACKFILL_READS
from btassets.render.format import shown
from btassets.run.run_stage import run_stage
from btassets.run.shown_lists import BACKFILL, SHOWN, append, lists_log, now_text
from btassets.run.tables import Tables, settings_of
from btassets.storage.lock import book_lock

_STAGES = ("journal", "journal_results", "journal_verdict")
_LIST = ("asof_date", "list_no", "showing", "rank", "ticker", "direction", "entry", "stop", "target", "percentile")
_RESULT = ("status", "outcome", "fill_gap_r", "net_r", "note")
_MORE = ("kind", "is_signal_day", "shown_at", "settings_hash", "data_version")
_KINDS = {
    **dict.fromkeys(("entry", "stop", "target"), "price"),
    **dict.fromkeys(("fill_gap_r", "net_r"), "snum2"),
    "percentile": "num1",
}

Row = dict[str, Any]


def command_journal(*, book: Path | None, since: str | None, layout: str, backfill: bool, scenario: str | None) -> int:
    """Print the verdict and every qualified setup that was shown, newest list first."""
    first = _day(since)
    opened = book_of(book, scenario=scenario, mends=backfill)
    require_run(opened, "journal_verdict")
    if backfill:
        _backfill(opened, since)
    rows = journal_rows(opened, BACKFILL if backfill else SHOWN, first)
    verdicts = opened.lake.read("journal_verdict", opened.scenario).drop_columns(["scenario"]).to_pylist()
    names = (*_LIST, *_RESULT)
    if layout == "csv":
        say(csv_text((*names, *_MORE), ([row[name] for name in (*names, *_MORE)] for row in rows)))
    elif layout == "json":
        say(json_text({"verdicts": [] if backfill else verdicts, "setups": rows}).rstrip("\n"))
    else:
        _print(rows, verdicts, is_backfill=backfill)
    warn_if_stale(opened, "journal")
    return 0


def _day(since: str | None) -> date | None:
    if since is None:
        return None
    try:
        return date.fromisoformat(since)
    except ValueError:
        raise UsageError(f"--since {cut(since)}: no date", "write it as YYYY-MM-DD, e.g. 2025-01-31.") from None


def _backfill(book: Book, since: str | None) -> None:
    from btassets.stages.journal.backfill import backfill_records

    with book_lock(book.folder, "journal --backfill", wait=False):
        before = len(lists_log(book).read(mends=True))
        records = backfill_records(
            Tables(BACKFILL_READS, book), settings_of(BACKFILL_READS, book), since=since, now=now_text()
        )
        append(book, lists_log(book), records)
        n_new = len(lists_log(book).read()) - before
        for name in _STAGES:
            run_stage(name, book)
    tell(f"{n_new} of {len(records)} past lists are new; a date that has a list keeps it")


def journal_rows(book: Book, kind: str, since: date | None) -> list[Row]:
    """Qualified setups of the lists of one kind with their results, newest list first, each list in its order.

    An empty list is a row without a ticker. A later list of the same date has no result: the first one counts.
    """
    results = {
        (row["asof_date"], row["ticker"], row["direction"]): row
        for row in book.lake.read("journal_results", book.scenario).to_pylist()
        if row["kind"] == kind
    }
    lists: dict[int, list[Row]] = {}
    for row in book.lake.read("journal", book.scenario).to_pylist():
        if row["kind"] == kind and (since is None or row["asof_date"] >= since):
            lists.setdefault(row["list_no"], []).append(row)
    found: list[Row] = []
    for own in sorted(lists.values(), key=lambda own: (own[0]["asof_date"], own[0]["list_no"]), reverse=True):
        qualified = [row for row in own if row["is_qualified"]]
        for row in qualified or [{**own[0], **dict.fromkeys(_LIST[3:])}]:
            result = results.get((row["asof_date"], row["ticker"], row["direction"])) if row["showing"] == 1 else None
            joined = {**row, **{name: None if result is None else result[name] for name in _RESULT}}
            found.append({name: joined[name] for name in (*_LIST, *_RESULT, *_MORE)})
    return found


def _print(rows: Sequence[Row], verdicts: Sequence[Row], *, is_backfill: bool) -> None:
    if is_backfill:
        say("Replayed lists, by the current bars and settings. They were not shown and are not judged.")
    else:
        for row in verdicts:
            say(row["sentence"])
    say("")
    names = ("asof_date", "rank", "ticker", "direction", "entry", "stop", "target", *_RESULT)
    if rows:
        show_table([[shown(row[name], _KINDS.get(name, "text")) for name in names] for row in rows], names)
    else:
        say("no list in this span")
