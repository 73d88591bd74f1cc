"""Dated membership of the universe: a file of spells.

Belongs here: reading the file and refusing an implausible one. Does not belong here: eligibility at a date
(`engine.market.eligibility`), bars.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from btassets.errors import MembershipError
from btassets.sources.files.column_guess import same_name
from btassets.sources.values.dates import read_day
from btassets.sources.values.tickers import BySpelling, read_ticker, spelling_key
from btassets.sources.values.unreadable import UnreadableValueError
from btassets.storage.hashing import digest

EVER = 2**31 - 1
"""Day number of a spell without an end; negated for one without a start."""

_COLUMNS = ("ticker", "start", "end")

Spell = tuple[int, int]


@dataclass(frozen=True)
class Membership:
    """Spells of every past and present member of the universe.

    Attributes
    ----------
    name
        Name of the file, without folders.
    spells
        Ticker, under any of its spellings, to its spells, ascending: first and last day, both included, days since
        1970-01-01.
    """

    name: str
    spells: Mapping[str, tuple[Spell, ...]]

    @property
    def version(self) -> str:
        """Hash of the membership."""
        return digest(sorted(self.spells.items()))


def read_membership(path: Path) -> Membership:
    """Read a CSV or Parquet file with columns ticker, start and end.

    A ticker may have several spells. An empty start means since the beginning, an empty end a current member.

    Raises
    ------
    MembershipError
        If it cannot be read, lacks a column, or has an impossible row.
    """
    try:
        facts = path.stat()
    except OSError as error:
        raise MembershipError(str(path), f"cannot be read ({(error.strerror or str(error)).lower()})") from error
    return _read(path, facts.st_mtime_ns, facts.st_ino, facts.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, *stamp: int) -> Membership:
    del stamp  # a rewritten file requires a new answer
    found: dict[str, set[Spell]] = {}
    spelled: dict[str, str] = {}
    for row, (ticker, start, end) in enumerate(_rows(path), start=1):
        try:
            given = read_ticker(ticker)
        except UnreadableValueError as error:
            raise MembershipError(str(path), f"row {row}: {error.reason}") from error
        if not given:
            raise MembershipError(str(path), f"row {row} has no ticker")
        name = spelled.setdefault(spelling_key(given), given)
        first, last = _day(path, row, start, -EVER), _day(path, row, end, EVER)
        if last < first:
            raise MembershipError(str(path), f"row {row}: {name} ends on {end}, before it starts on {start}")
        found.setdefault(name, set()).add((first, last))
    if not found:
        raise MembershipError(str(path), "has no rows")
    ordered = sorted(found, key=str.encode)
    return Membership(path.name, BySpelling({ticker: tuple(sorted(found[ticker])) for ticker in ordered}))


def _rows(path: Path) -> list[tuple[Any, Any, Any]]:
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            with pq.ParquetFile(path) as file:
                table = file.read()
            names = {same_name(name): name for name in table.column_names}
            _require(path, list(names))
            columns = [table[names[name]].to_pylist() for name in _COLUMNS]
            return list(zip(*columns, strict=True))
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:  # Arrow's errors and broken text are ValueErrors
        raise MembershipError(str(path), f"cannot be read ({str(error).splitlines()[0][:100]})") from error
    head = [same_name(name) for name in lines[0]] if lines else []
    _require(path, head)
    at = [head.index(name) for name in _COLUMNS]
    rows: list[tuple[Any, Any, Any]] = []
    for number, line in enumerate((line for line in lines[1:] if any(cell.strip() for cell in line)), start=1):
        if len(line) != len(head):
            raise MembershipError(str(path), f"row {number} has {len(line)} fields, the header {len(head)}")
        rows.append((line[at[0]], line[at[1]], line[at[2]]))
    return rows


def _require(path: Path, names: list[str]) -> None:
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        shown = ", ".join(names[:8]) or "none"
        raise MembershipError(str(path), f"has no column {missing[0]} (found: {shown})")


def _day(path: Path, row: int, value: Any, missing: int) -> int:
    try:
        found = read_day(value, "a date")
    except UnreadableValueError as error:
        shown = str(value).strip()[:40]
        raise MembershipError(str(path), f"row {row} has {shown!r} as a date") from error
    return missing if found is None else found
