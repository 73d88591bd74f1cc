"""One file of bars, Parquet or CSV, as a table with columns named by role.

Belongs here: opening, sniffing, and detecting a file that does not match its name. Does not belong here: listing files
(`bar_folder.py`), the meaning of columns (`column_mapping.py`).
"""

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
from btassets.sources.files.csv_head import CsvHead, csv_head, head_bytes, is_position

_DECIMAL_COMMA = re.compile(rb"\d,(?:\d{1,2}|\d{4,})(?=[;|\t\r\n]|$)")
_REMARK = re.compile(r"[A-Za-z]{3,}[ ,:]+\S")
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


def _read_csv(
    path: Path, ticker: str, names: ColumnNames, size: int, *, needs_volume: bool
) -> tuple[pa.Table, LocatedColumns]:
    head = csv_head(path, ticker, has_names=not is_position(names.date))
    located = locate_columns(head.names, names, ticker, needs_volume=needs_volume)
    numeric = {located.by_role[role]: pa.float64() for role in NUMBERS if role in located.by_role}
    try:
        table = _csv_table(path, located, head, numeric, size=size)
    except pa.ArrowInvalid:
        table = _csv_of_commas(path, located, head, numeric, size=size)
    return table.rename_columns(list(located.by_role)), located


def _csv_of_commas(
    path: Path, located: LocatedColumns, head: CsvHead, numeric: dict[str, pa.DataType], *, size: int
) -> pa.Table:
    """A table whose numbers have no decimal point: with decimal commas if every number has that form, else as text."""
    # Three digits after each comma could also be thousands.
    if head.delimiter != "," and _DECIMAL_COMMA.search(head_bytes(path)):
        with suppress(pa.ArrowInvalid):
            return _csv_table(path, located, head, numeric, size=size, decimal_point=",")
    return _csv_table(path, located, head, {}, size=size)  # so that it can be reported


def _csv_table(
    path: Path,
    located: LocatedColumns,
    head: CsvHead,
    numeric: dict[str, pa.DataType],
    *,
    size: int,
    decimal_point: str = ".",
) -> pa.Table:
    wanted = list(located.by_role.values())
    types = {name: numeric.get(name, pa.string()) for name in wanted}
    reading = pa_csv.ReadOptions(
        use_threads=size > _BIG_CSV_BYTES, column_names=head.names, skip_rows=head.n_lines, encoding=head.encoding
    )
    parsing = pa_csv.ParseOptions(delimiter=head.delimiter, invalid_row_handler=_passed_over)
    # strings_can_be_null stays off: NAN and NULL are tickers.
    converting = pa_csv.ConvertOptions(
        column_types=types,
        include_columns=wanted,
        decimal_point=decimal_point,
        strings_can_be_null=False,
        quoted_strings_can_be_null=False,
    )
    return pa_csv.read_csv(path, read_options=reading, parse_options=parsing, convert_options=converting)


def _passed_over(row: pa_csv.InvalidRow) -> str:
    """A remark below the rows, such as "Downloaded from ...", is no bar; a row that breaks off is an error."""
    return "skip" if row.actual_columns == 1 and _REMARK.search(row.text) else "error"
