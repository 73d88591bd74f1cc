"""One file of bars, Parquet or CSV, as a table with columns named by role.

Belongs here: opening, sniffing, and detecting a file that does not match its name. Does not belong here: listing files
(`bar_folder.py`), the meaning of columns (`column_mapping.py`).
"""

import codecs
import csv
import re
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from btassets.sources.base import BlockedTickerError, RawBars
from btassets.sources.files.bar_suffix import PARQUET_SUFFIXES
from btassets.sources.files.column_mapping import NUMBERS, ColumnNames, LocatedColumns, locate_columns, raw_bars_of

_DECIMAL_COMMA = re.compile(rb"\d,(?:\d{1,2}|\d{4,})(?=[;|\t\r\n]|$)")
_BRACKETED = re.compile(r"<[A-Za-z_ ]+>")
_HEAD_BYTES = 65_536
_BIG_CSV_BYTES = 16_000_000


def file_stamp(path: Path) -> str:
    """Size, modification and change time of a file; "" if it cannot be accessed."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ctime_ns}"


def read_bar_file(path: Path, ticker: str, names: ColumnNames, *, needs_volume: bool = True) -> RawBars:
    """Read one ticker's bars from its file, in the file's order.

    Parameters
    ----------
    needs_volume
        False: the file may lack a volume column, like that of an index; volume is 0 then.

    Raises
    ------
    BlockedTickerError
        Q1, if the file cannot be opened, is not Parquet or CSV, or lacks a column or any row.
    """
    table, located = read_bar_table(path, ticker, replace(names, ticker=None), needs_volume=needs_volume)
    return raw_bars_of(table, located, ticker)


def read_bar_table(
    path: Path, ticker: str, names: ColumnNames, *, needs_volume: bool = True
) -> tuple[pa.Table, LocatedColumns]:
    """Read the mapped columns of a file; the table's columns are named by role.

    Parameters
    ----------
    path
        Its suffix says Parquet or CSV.
    ticker
        Name used in messages.
    names
        The file's column names.
    needs_volume
        Refuse a file without a volume column.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise _blocked(ticker, path, "is not a regular file", "bars must be regular files; remove it")
        if facts.st_size == 0:
            raise _blocked(ticker, path, "is empty", "a ticker needs at least one bar; fetch it again")
        if path.name.casefold().endswith(PARQUET_SUFFIXES):
            return _read_parquet(path, ticker, names, needs_volume=needs_volume)
        return _read_csv(path, ticker, names, facts.st_size, needs_volume=needs_volume)
    except PermissionError as error:
        observed = "cannot be read (permission denied)"
        raise _blocked(ticker, path, observed, "the run's user needs read permission; grant it") from error
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        kind = "Parquet" if path.name.casefold().endswith(PARQUET_SUFFIXES) else "CSV"
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        observed = f"cannot be read as {kind} ({first})"
        raise _blocked(ticker, path, observed, "bars must be complete Parquet or CSV files; fetch it again") from error


def _blocked(ticker: str, path: Path, observed: str, advice: str) -> BlockedTickerError:
    return BlockedTickerError(ticker, "Q1", f"{path.name} {observed}; {advice}.")


def _read_parquet(
    path: Path, ticker: str, names: ColumnNames, *, needs_volume: bool
) -> tuple[pa.Table, LocatedColumns]:
    # Not pq.read_table: that imports pandas, half a second for nothing.
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        available = file.schema_arrow.names
        located = locate_columns(available, names, ticker, needs_volume=needs_volume)
        wanted = list(located.by_role.values())
        # A dot in a selected name would be parsed as the path of a nested field.
        has_plain_names = not any("." in name for name in wanted)
        table = file.read(columns=wanted if has_plain_names else None, use_threads=False)
    arrays = [table.column(name) for name in wanted]
    return pa.table(arrays, names=list(located.by_role)), located


def csv_head(path: Path, ticker: str) -> tuple[list[str], str]:
    """Names in a CSV file's first line, and its delimiter.

    Raises
    ------
    BlockedTickerError
        Q1, if the file is empty, contains a message or is encoded in UTF-16.
    """
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(_HEAD_BYTES)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise _blocked(ticker, path, "is empty", "a ticker needs at least one bar; fetch it again")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start.splitlines()[0]:
        raise _blocked(ticker, path, "is not UTF-8 text, perhaps UTF-16", "CSV files must be UTF-8; save it as UTF-8")
    header = start.splitlines()[0].decode("utf-8", "replace")
    delimiter = max(",;\t|", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter))
    # Archives put each name in angle brackets; an HTML page or message has tags.
    is_head = len(names) > 1 and all(_BRACKETED.fullmatch(name.strip()) for name in names)
    if start[:1] in b"{[<" and not is_head:
        shown = " ".join(start[:120].decode("utf-8", "replace").split())
        raise _blocked(ticker, path, f"holds a message instead of bars: {shown!r}", "fetch it again")
    return names, delimiter


def _read_csv(
    path: Path, ticker: str, names: ColumnNames, size: int, *, needs_volume: bool
) -> tuple[pa.Table, LocatedColumns]:
    found, delimiter = csv_head(path, ticker)
    parsing = pa_csv.ParseOptions(delimiter=delimiter)
    located = locate_columns(found, names, ticker, needs_volume=needs_volume)
    reading = pa_csv.ReadOptions(use_threads=size > _BIG_CSV_BYTES)
    numeric = {located.by_role[role]: pa.float64() for role in NUMBERS if role in located.by_role}
    try:
        table = _csv_table(path, located, reading, parsing, numeric)
    except pa.ArrowInvalid:
        table = _csv_of_commas(path, located, reading, parsing, numeric)
    return table.rename_columns(list(located.by_role)), located


def _csv_of_commas(
    path: Path,
    located: LocatedColumns,
    reading: pa_csv.ReadOptions,
    parsing: pa_csv.ParseOptions,
    numeric: dict[str, pa.DataType],
) -> pa.Table:
    """A table whose numbers have no decimal point: with decimal commas if every number has that form, else as text."""
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(_HEAD_BYTES)
    # Three digits after each comma could also be thousands.
    if parsing.delimiter != "," and _DECIMAL_COMMA.search(head):
        with suppress(pa.ArrowInvalid):
            return _csv_table(path, located, reading, parsing, numeric, decimal_point=",")
    return _csv_table(path, located, reading, parsing, {})  # so that it can be reported


def _csv_table(
    path: Path,
    located: LocatedColumns,
    reading: pa_csv.ReadOptions,
    parsing: pa_csv.ParseOptions,
    numeric: dict[str, pa.DataType],
    *,
    decimal_point: str = ".",
) -> pa.Table:
    wanted = list(located.by_role.values())
    types = {name: numeric.get(name, pa.string()) for name in wanted}
    # strings_can_be_null stays off: NAN and NULL are tickers.
    converting = pa_csv.ConvertOptions(
        column_types=types,
        include_columns=wanted,
        decimal_point=decimal_point,
        strings_can_be_null=False,
        quoted_strings_can_be_null=False,
    )
    return pa_csv.read_csv(path, read_options=reading, parse_options=parsing, convert_options=converting)
