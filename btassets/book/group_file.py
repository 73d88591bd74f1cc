"""The file with the group (sector, industry ...) of each ticker.

Belongs here: reading it, and describing its errors. Does not belong here: the use of groups
(`engine.cross_section.neutral`).
"""

import csv
import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from btassets.book.book import Book
from btassets.book.table_text import text_of_table
from btassets.errors import SettingError
from btassets.sources.files.column_guess import same_name
from btassets.sources.values.tickers import BySpelling, read_ticker, spelling_key

KEY = "statistics.groups"
_COLUMNS = ("ticker", "group")


def read_groups(book: Book) -> Mapping[str, str]:
    """Group of each ticker of the file, under any of its spellings; empty if the book names no file.

    Raises
    ------
    SettingError
        If the file cannot be read, lacks a column or a value, has no rows, or gives a ticker two groups.
    """
    name = book.settings.statistics.groups
    if not name:
        return {}
    path = book.folder / Path(name).expanduser()
    return _parse(book, path.name, text_of_table(path, "ticker and group", partial(refusal, book)))


def refusal(book: Book, problem: str) -> SettingError:
    """Error about the group file, with the setting that names it and its origin."""
    where = book.resolved.origin.get(KEY, "default")
    return SettingError(KEY, book.settings.statistics.groups, problem, where)


def _parse(book: Book, name: str, text: str) -> Mapping[str, str]:
    rows = csv.reader(io.StringIO(text))
    head = [same_name(word) for word in next(rows, [])]
    missing = [column for column in _COLUMNS if column not in head]
    if missing:
        found = ", ".join(head) or "nothing"
        problem = f"{name}: no column {' and no column '.join(missing)} in its first line ({found})"
        raise refusal(book, f"{problem}; the first line must name the columns ticker and group")
    places = [head.index(column) for column in _COLUMNS]
    groups: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for row in rows:
        if not any(word.strip() for word in row):
            continue
        ticker, group = (row[at].strip() if at < len(row) else "" for at in places)
        if not ticker or not group:
            lacking = "ticker" if not ticker else f"group of {ticker}"
            raise refusal(book, f"{name}, line {rows.line_num}: the {lacking} is empty; fill it in or delete the line")
        ticker = spelled.setdefault(spelling_key(ticker), read_ticker(ticker))
        before = groups.setdefault(ticker, group)
        if before != group:
            problem = f'{name}, line {rows.line_num}: {ticker} is in "{group}" here and in "{before}" above'
            raise refusal(book, f"{problem}; a ticker has one group: keep one of the lines")
    if not groups:
        raise refusal(book, f"{name}: no row after the first line; add one line per ticker")
    return BySpelling(groups)
