"""`fills`: import a broker's file, and print the account beside what was shown.

Belongs here: printing. Does not belong here: rows, trades and matching (`btassets.studies.account`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.cli.output.csv_text import csv_text, json_text
from btassets.cli.output.stale import require_run, warn_if_stale
from btassets.cli.terminal import say, show_table, tell
from btassets.cli.where import book_of
from btassets.counted import counted
from btassets.errors import UsageError
from btassets.graph.journal import ACCOUNT_READS
from btassets.render.format import shown
from btassets.run.tables import Tables
from btassets.sources.values.tickers import TickerNames
from btassets.storage.lock import book_lock
from btassets.studies.account.fill_log import import_fills
from btassets.studies.account.fill_report import (
    SETUP_COLUMNS,
    UNMATCHED_COLUMNS,
    FillReport,
    read_fill_report,
    setup_rows,
    totals,
    unmatched_rows,
)

_KINDS = {"price": "price", **dict.fromkeys(("slip_r", "own_r", "net_r", "gap_r"), "snum2")}


def command_fills(*, file: Path | None, book: Path | None, layout: str) -> int:
    """Import a file when one is given, and print every shown setup with its fill, and what has no partner."""
    opened = book_of(book, mends=file is not None)
    require_run(opened, "journal_results")
    if file is not None:
        _import(opened, file)
    report = read_fill_report(opened)
    if not report.rows:
        raise UsageError("fills: nothing was imported yet", "name a CSV file of your broker: btassets fills FILE.csv.")
    setups, unmatched = setup_rows(report), unmatched_rows(report)
    if layout == "csv":
        say(csv_text(SETUP_COLUMNS, ([row[name] for name in SETUP_COLUMNS] for row in setups)))
    elif layout == "json":
        say(json_text({"totals": totals(report), "setups": setups, "unmatched": unmatched}).rstrip("\n"))
    else:
        _print(report, setups, unmatched)
    if layout == "csv" and unmatched:
        tell(f"without a partner: {counted(len(unmatched), 'row')}; --format table or json lists them")
    warn_if_stale(opened, "journal_results")
    return 0


def _import(book: Book, file: Path) -> None:
    names = TickerNames(Tables(ACCOUNT_READS, book).bucketed("ohlcv_history").footers())
    with book_lock(book.folder, "fills", wait=False):
        done = import_fills(book, file, names)
    columns = ", ".join(f"{role}: {name}" for role, name in done.columns.items())
    tell(f"{file.name}: {done.n_new} of {done.n_rows} rows are new ({columns})")
    if done.skipped:
        tell(f"{counted(len(done.skipped), 'line')} above the column names not read (first: {done.skipped[0][:80]})")


def _print(report: FillReport, setups: Sequence[dict[str, Any]], unmatched: Sequence[dict[str, Any]]) -> None:
    sums = totals(report)
    say(
        f"{sums['rows']} rows: {sums['fills']} fills of {sums['orders']} orders, {sums['splits']} splits, "
        f"{sums['other_rows']} other, {sums['unread_rows']} unreadable; {sums['trades']} trades, "
        f"{sums['open_trades']} open"
    )
    say(
        f"cash {sums['cash_usd']} = realized {sums['realized_usd']} - cost of open shares {sums['open_cost_usd']} "
        f"+ unmatched {sums['unmatched_usd']}; difference {sums['difference_usd']}; fees {sums['fees_usd']}"
    )
    say(
        f"shown setups: {sums['taken']} taken, {sums['late']} late, {sums['missed']} missed "
        f"(graded: {shown(sums['missed_r'], 'r2')}), {sums['held']} held already; {sums['without_setup']} trades "
        "without a setup"
    )
    say(
        f"slippage {shown(sums['slip_r'], 'r2')} a trade, of late ones {shown(sums['late_slip_r'], 'r2')}; closed "
        f"trades {shown(sums['own_r'], 'r2')}, graded {shown(sums['graded_r'], 'r2')}"
    )
    if setups:
        say("")
        rows = [[shown(row[name], _KINDS.get(name, "text")) for name in SETUP_COLUMNS] for row in setups]
        show_table(rows, SETUP_COLUMNS)
    if unmatched:
        say("")
        say("Without a partner")
        say("")
        show_table([[shown(row[name]) for name in UNMATCHED_COLUMNS] for row in unmatched], UNMATCHED_COLUMNS)
