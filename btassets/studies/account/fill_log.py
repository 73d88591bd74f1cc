"""Imported fills: added to their log once, and read back.

Belongs here: which rows of a file are new, and the rows that count. Does not belong here: the form of a row
(`fill_rows.py`), the log itself (`btassets.storage.chained_log`).
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from btassets.book.book import Book
from btassets.errors import CannotReadError, UsageError
from btassets.run.shown_lists import FOLDER, fills_log, now_text
from btassets.sources.calendar.exchange_hours import exchange_hours
from btassets.sources.files.fill_columns import NoFillsError, read_fill_table
from btassets.sources.values.tickers import TickerNames
from btassets.storage.files import system_reason
from btassets.studies.account.fill_rows import UNREAD, FillRow, as_record, fill_rows, of_record


@dataclass(frozen=True)
class Imported:
    """Result of one import: rows of the file, those new to the log, columns by role, lines above the head line."""

    n_rows: int
    n_new: int
    columns: dict[str, str]
    skipped: tuple[str, ...]


def import_fills(book: Book, path: Path, names: TickerNames) -> Imported:
    """Add the rows of a broker's file that the log does not have.

    Raises
    ------
    UsageError
        If the file is no CSV file of fills.
    CannotReadError
        If the system refuses to read it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotReadError(str(path), system_reason(error)) from error
    settings = book.base.fills
    try:
        text = data.decode("utf-8-sig")
        table = read_fill_table(text, settings.columns.model_dump())
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text", "save it as CSV in UTF-8.") from error
    except NoFillsError as error:
        advice = "name the columns under [fills.columns]: time, ticker, shares, price, and side, fee, amount, order."
        raise UsageError(f"{path}: {error}", advice) from error
    zone = exchange_hours(book.lake, book.base.calendar, dt.datetime.now(dt.UTC)).zone
    rows = fill_rows(table, names, own_zone=settings.time_zone or zone, exchange_zone=zone)
    log = fills_log(book)
    with book.lake.bucket_lock(f"{FOLDER}-fills", 0):
        known = {of_record(row).key for link in log.read(mends=True) for row in link.record["rows"]}
        new = [row for row in rows if row.key not in known]
        if new:
            digest = hashlib.sha256(data).hexdigest()
            record = {"at": now_text(), "file": path.name, "sha256": digest, "rows": [as_record(row) for row in new]}
            log.append([record])
    return Imported(len(rows), len(new), table.columns, table.skipped)


def imported_rows(book: Book) -> list[FillRow]:
    """All imported rows, in the order of their imports; an unreadable one that a later import reads is left out."""
    return counted([of_record(row) for link in fills_log(book).read(mends=book.mends) for row in link.record["rows"]])


def counted(rows: Sequence[FillRow]) -> list[FillRow]:
    """Rows without the unreadable ones that are readable elsewhere, under other settings."""
    read = {(row.raw, row.n) for row in rows if row.kind != UNREAD}
    return [row for row in rows if row.kind != UNREAD or (row.raw, row.n) not in read]
