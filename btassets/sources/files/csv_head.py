"""The head of a CSV file: names of columns, delimiter, encoding, and the lines before the first row.

Belongs here: remarks above the names, names over several lines, files without names. Does not belong here: reading the
rows (`bar_files.py`), the meaning of a name (`column_mapping.py`).
"""

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from btassets.sources.base import BlockedTickerError

_BRACKETED = re.compile(r"<[A-Za-z_ ]+>")
_POSITION = re.compile(r"#[1-9]\d*")
_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,:/-]*")
_LINE_END = re.compile(r"\r\n|\n|\r")
_HEAD_BYTES = 65_536
_MOST_LINES = 100
_MOST_REMARKS = 30
_MIN_FIELDS = 5
_MIN_VALUES = 4
_STACKED = ("Price", "Ticker")


@dataclass(frozen=True, slots=True)
class CsvHead:
    """The lines before the rows of a CSV file.

    Attributes
    ----------
    names
        Names of the columns; `#1`, `#2`, ... of a file without names.
    delimiter
        One of comma, semicolon, tab and vertical bar.
    n_lines
        Lines before the first row: remarks, blank lines, names.
    encoding
        "utf8", or "cp1252" if the names are no UTF-8.
    """

    names: list[str]
    delimiter: str
    n_lines: int
    encoding: str


def is_position(name: str) -> bool:
    """Whether a setting names a column by its place, for files without a line of names.

    >>> is_position("#3"), is_position("close"), is_position("#0")
    (True, False, False)
    """
    return _POSITION.fullmatch(name) is not None


def are_values(names: list[str]) -> bool:
    """Whether a first line holds a bar instead of names.

    >>> are_values(["2020-01-02", "1.0", "1.1", "0.9", "1.0", "100"]), are_values(["Date", "Open", "52W H", "2020"])
    (True, False)
    """
    return sum(_NUMBER.fullmatch(name.strip()) is not None for name in names) >= _MIN_VALUES


def head_bytes(path: Path) -> bytes:
    """The first bytes of a file, unpacked if its name says that it is packed."""
    with pa.input_stream(str(path), compression="detect") as stream:
        return stream.read(_HEAD_BYTES)


def csv_head(path: Path, ticker: str, *, has_names: bool = True) -> CsvHead:
    """Head of a CSV file. Blank lines, lines from `#` on and a title above the names are passed over.

    Parameters
    ----------
    ticker
        Name used in messages.
    has_names
        False: the first line is a row, and the columns are called `#1`, `#2`, ...

    Raises
    ------
    BlockedTickerError
        Q1, if the file is empty, contains a message, is encoded in UTF-16, or has tickers side by side.
    """
    head = head_bytes(path)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    if not start:
        raise _blocked(ticker, path, "is empty", "a ticker needs at least one bar; fetch it again")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start.splitlines()[0]:
        raise _blocked(ticker, path, "is not UTF-8 text, perhaps UTF-16", "CSV files must be UTF-8; save it as UTF-8")
    encoding = _encoding(head)
    lines = head.removeprefix(codecs.BOM_UTF8).decode("utf-8" if encoding == "utf8" else encoding, "replace")
    numbered = [
        (n, line)
        for n, line in enumerate(_LINE_END.split(lines, _MOST_LINES))
        if line.strip() and line.lstrip()[0] != "#"
    ]
    if not numbered:
        raise _blocked(ticker, path, "has remarks only", "a ticker needs at least one bar; fetch it again")
    first = _first_of_table([line for _, line in numbered[:_MOST_REMARKS]])
    at, line = numbered[first]
    delimiter, names = _split(line)
    # Archives put each name in angle brackets; an HTML page or message has tags.
    is_head = len(names) > 1 and all(_BRACKETED.fullmatch(name.strip()) for name in names)
    if numbered[0][1].lstrip()[:1] in "{[<" and not is_head:
        shown = " ".join(start[:120].decode("utf-8", "replace").split())
        raise _blocked(ticker, path, f"holds a message instead of bars: {shown!r}", "fetch it again")
    if not has_names:
        return CsvHead([f"#{n}" for n in range(1, len(names) + 1)], delimiter, at, encoding)
    following = [_split(line, delimiter)[1] for _, line in numbered[first + 1 : first + 3]]
    if _is_stacked(names, following):
        _refuse_side_by_side(path, ticker, names, following[0])
        return CsvHead([following[1][0], *names[1:]], delimiter, numbered[first + 2][0] + 1, encoding)
    return CsvHead(names, delimiter, at + 1, encoding)


def csv_rows(path: Path) -> list[list[str]]:
    """Fields of the first rows of a file, without the last of those read, which may be cut off; none of a bad file.

    A file without names is taken from its first line on.
    """
    try:
        head = csv_head(path, path.stem)
        if are_values(head.names):
            head = csv_head(path, path.stem, has_names=False)
        text = head_bytes(path).decode("utf-8" if head.encoding == "utf8" else head.encoding, "replace")
    except (BlockedTickerError, OSError):
        return []
    lines = _LINE_END.split(text.removeprefix("\ufeff"))[head.n_lines : -1]
    return [_split(line, head.delimiter)[1] for line in lines if line.strip()]


def _encoding(head: bytes) -> str:
    """The rows are numbers; only names have letters outside ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)  # may end within a letter
    except UnicodeDecodeError:
        first = next((line for line in head.splitlines() if line.strip()), b"")
        return "utf8" if _is_utf8(first) else "cp1252"
    return "utf8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _split(line: str, delimiter: str = "") -> tuple[str, list[str]]:
    sign = delimiter or max(",;\t|", key=line.count)
    return sign, next(csv.reader([line], delimiter=sign))


def _first_of_table(lines: list[str]) -> int:
    """Place of the names: the first line, unless a line of many fields follows titles of few."""
    counts = [len(_split(line)[1]) for line in lines]
    if counts[0] >= _MIN_FIELDS:
        return 0
    return next((n for n, count in enumerate(counts) if count >= _MIN_FIELDS), 0)


def _is_stacked(names: list[str], following: list[list[str]]) -> bool:
    """Whether names, tickers and the name of the index take three lines, as pandas writes them for yfinance."""
    if len(following) < 2 or {names[0], following[0][0]} != set(_STACKED):
        return False
    return bool(following[1][0]) and not any(following[1][1:])


def _refuse_side_by_side(path: Path, ticker: str, names: list[str], second: list[str]) -> None:
    held = names if names[0] == "Ticker" else second
    tickers = list(dict.fromkeys(held[1:]))
    if len(tickers) > 1 or names[0] == "Ticker":
        shown = ", ".join(tickers[:3])
        advice = (
            "a file has the bars of one ticker, or a column with the ticker of each row; save it in one of these forms"
        )
        raise _blocked(ticker, path, f"has {len(tickers)} tickers side by side ({shown})", advice)


def _blocked(ticker: str, path: Path, observed: str, advice: str) -> BlockedTickerError:
    return BlockedTickerError(ticker, "Q1", f"{path.name} {observed}; {advice}.")
