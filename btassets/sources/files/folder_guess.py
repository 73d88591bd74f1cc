"""Settings that `init` infers from a folder of bars, each with its evidence.

Belongs here: names of columns, tickers in names of files, the basis of prices, the calendar. A guess is only written
where a person reads it before the first run. Does not belong here: reading under a guess; a reader takes the settings.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from btassets.engine.market.basis_evidence import basis_of, evidence_of
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import BtassetsError
from btassets.sources.base import BlockedTickerError
from btassets.sources.calendar.calendars import DATA, exchange_sessions
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.bar_paths import bar_paths, stem_of
from btassets.sources.files.bar_suffix import PARQUET_SUFFIXES
from btassets.sources.files.column_guess import guessed_column, same_name
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.files.column_places import column_places
from btassets.sources.files.csv_head import are_values, csv_head, csv_rows
from btassets.sources.files.name_pattern import is_date, path_pattern, ticker_pattern
from btassets.storage.lake import Lake

Days = npt.NDArray[np.int32]

_MOST_FILES = 60
_MOST_TRIES = 5
_ZEROS = frozenset({"0", "0.0", ""})
_MIN_SESSIONS = 60
_FITS_FRAC, _WEEKEND_FRAC, _LONGEST_STEP = 0.01, 0.1, 3
_EXCHANGES = (
    *("XNYS", "XLON", "XETR", "XPAR", "XAMS", "XSWX", "XSTO", "XTSE", "XTKS", "XHKG", "XSHG", "XBOM", "XASX", "XKRX"),
    *("XTAI", "XSES", "BVMF", "XSAU"),
)


@dataclass(frozen=True)
class FolderGuess:
    """Settings that a folder suggests.

    Attributes
    ----------
    values
        By flat key.
    seen
        By flat key: what each was seen by.
    """

    values: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)


def guess_folder(path: Path) -> FolderGuess:
    """Guess from some files of a folder, or from one long file; empty if nothing can be read."""
    found = FolderGuess()
    try:
        paths = _some_files(path)
        heads = [(file, head) for file in paths if (head := _head_of(file))]
        if not heads:
            return found
        _guess_columns(found, path, heads)
        _guess_pattern(found, path)
        pattern = str(found.values.get("source.ticker_pattern", ""))
        source = FilesSource(path, _columns(found), "raw", pattern)
        bars = _some_bars(source)
    except (BtassetsError, OSError):
        return found
    if bars:
        _guess_basis(found, bars)
        _guess_calendar(found, [one.dates for one in bars.values()])
    return found


def _some_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    names = bar_paths(path) or bar_paths(path, is_deep=True)
    return names[:: max(1, len(names) // _MOST_FILES)]


def _head_of(path: Path) -> list[str]:
    """Names of a file's columns; none when it has no readable head."""
    try:
        if path.name.casefold().endswith(PARQUET_SUFFIXES):
            return list(pq.read_schema(path).names)
        return csv_head(path, path.stem).names
    except (BlockedTickerError, OSError, pa.ArrowException, UnicodeDecodeError):
        return []


def _columns(found: FolderGuess) -> ColumnNames:
    prefix = "source.columns."
    return ColumnNames(**{k.removeprefix(prefix): v for k, v in found.values.items() if k.startswith(prefix)})


def _guess_columns(found: FolderGuess, path: Path, heads: Sequence[tuple[Path, list[str]]]) -> None:
    usual = Counter(tuple(head) for _, head in heads).most_common(1)[0][0]
    first, names = next((file, head) for file, head in heads if tuple(head) == usual)
    if sum(are_values(head) for _, head in heads) * 2 > len(heads):
        _guess_places(found, path, heads)
        return
    taken: set[str] = set()
    for role in fields(ColumnNames):
        free = [name for name in names if name not in taken]
        default = role.default
        named = [name for name in free if default is not None and same_name(name) == same_name(str(default))]
        if named and (role.name != "volume" or _with_volume(first, free, named[0]) == named[0]):
            taken.add(named[0])
            continue
        guess = guessed_column(role.name, free)
        if role.name == "volume" and guess is not None:
            guess = _with_volume(first, free, guess)
        if guess is None and role.name == "date" and "" in free:
            guess = ""  # an index without a name, as pandas writes it
        if guess is None or (role.name == "ticker" and not _needs_ticker(path, heads, guess)):
            continue
        taken.add(guess)
        found.values[f"source.columns.{role.name}"] = guess
        found.seen[f"source.columns.{role.name}"] = f"a column of {first.name}"


def _with_volume(path: Path, names: list[str], first: str) -> str:
    """The first usual name of a volume whose column is not 0 throughout: FX and CFD files have one that is."""
    left = list(names)
    guess: str | None = first
    while guess is not None:
        if not _is_zero(path, guess):
            return guess
        left.remove(guess)
        guess = guessed_column("volume", left)
    return first


def _is_zero(path: Path, column: str) -> bool:
    if path.name.casefold().endswith(PARQUET_SUFFIXES):
        return False
    head = csv_head(path, path.stem)
    at = head.names.index(column)
    values = {row[at].strip() for row in csv_rows(path) if len(row) == len(head.names)}
    return bool(values) and values <= _ZEROS


def _guess_places(found: FolderGuess, path: Path, heads: Sequence[tuple[Path, list[str]]]) -> None:
    """Columns by their place: the files have no line of names."""
    for file, _ in heads[:_MOST_TRIES]:
        rows = csv_rows(file)
        places = column_places(rows)
        if places:
            break
    else:
        return
    ticker = int(places.pop("ticker", "#0")[1:])
    names = {row[ticker - 1].strip() for row in rows} if ticker else set()
    if ticker and (path.is_file() or len(names) > 1 or all(is_date(file.stem) for file, _ in heads)):
        places["ticker"] = f"#{ticker}"
    for role, place in places.items():
        found.values[f"source.columns.{role}"] = place
        shown = rows[0][int(place[1:]) - 1]
        found.seen[f"source.columns.{role}"] = (
            f"no line of names; column {place[1:]} of {file.name} begins with {shown}"
        )


def _needs_ticker(path: Path, heads: Sequence[tuple[Path, list[str]]], column: str) -> bool:
    """Whether the column of names says more than the names of the files: files of several tickers, or of a day."""
    if path.is_file() or all(is_date(file.stem) for file, _ in heads):
        return True
    for file, _ in heads[:5]:
        try:
            long = FilesSource(file, ColumnNames(**_all_usual(file) | {"ticker": column}))
            if len(long.tickers()) > 1:
                return True
        except BtassetsError:
            continue
    return False


def _all_usual(path: Path) -> dict[str, str]:
    names = _head_of(path)
    roles = ("date", "open", "high", "low", "close", "volume")
    return {role: guess for role in roles if (guess := guessed_column(role, names)) is not None}


def _guess_pattern(found: FolderGuess, path: Path) -> None:
    if path.is_file() or "source.columns.ticker" in found.values:
        return
    paths = bar_paths(path) or bar_paths(path, is_deep=True)
    stems = [stem_of(entry, path) for entry in paths]
    is_deep = any("/" in stem for stem in stems)
    pattern = path_pattern(stems) if is_deep else ticker_pattern(stems)
    if pattern:
        found.values["source.ticker_pattern"] = pattern
        match = re.search(pattern, stems[0])
        shown = paths[0].relative_to(path).as_posix()
        found.seen["source.ticker_pattern"] = f"{shown} is {match[1] if match else stems[0]}"


def _some_bars(source: FilesSource) -> dict[str, RawBars]:
    tickers = source.tickers()
    bars: dict[str, RawBars] = {}
    for ticker in tickers[:: max(1, len(tickers) // _MOST_FILES)]:
        try:
            found = source.fetch(ticker)
        except BlockedTickerError:
            continue
        bars[ticker] = found.take(np.argsort(found.dates, kind="stable"))
    return bars


def _guess_basis(found: FolderGuess, bars: dict[str, RawBars]) -> None:
    pairs = [(ticker, evidence_of(one)) for ticker, one in bars.items()]
    shown = basis_of(pairs, has_splits="source.columns.split" in found.values)
    if shown is not None:
        found.values["source.basis"], found.seen["source.basis"] = shown
    if found.values.get("source.basis") != "raw" and "source.columns.dividend" not in found.values:
        # Compared with close and dividends; without these it says what a finding says at each run.
        found.values.pop("source.columns.adjusted_close", None)
        found.seen.pop("source.columns.adjusted_close", None)


def _guess_calendar(found: FolderGuess, dates: Sequence[Days]) -> None:
    days, counts = np.unique(np.concatenate(dates), return_counts=True)
    living = sum(((days >= one.min()) & (days <= one.max())).astype(int) for one in dates if len(one))
    usual = days[2 * counts >= np.maximum(living, 1)].astype(np.int32)
    if len(usual) < _MIN_SESSIONS or np.median(np.diff(usual)) > _LONGEST_STEP:
        return
    weekday = (usual + 3) % 7  # 1970-01-01 was a Thursday; 0 is a Monday
    if min((weekday == 5).mean(), (weekday == 6).mean()) > _WEEKEND_FRAC:
        found.values["calendar"] = DATA
        found.seen["calendar"] = "bars on Saturdays and Sundays: a market of seven days a week"
        return
    with tempfile.TemporaryDirectory(prefix="btassets-") as folder:
        lake = Lake(Path(folder), 1)
        if _misfit(lake, _EXCHANGES[0], usual) <= _FITS_FRAC:
            return
        # Dates that are a day off fit no exchange as they are: that is for the reader to refuse, not to fit.
        if min(_misfit(lake, _EXCHANGES[0], usual + shift) for shift in (-1, 1)) <= _FITS_FRAC:
            return
        fits = {code: _misfit(lake, code, usual) for code in _EXCHANGES}
    best = min(fits, key=lambda code: fits[code])
    if fits[best] <= _FITS_FRAC and fits[_EXCHANGES[0]] > 2 * fits[best]:
        found.values["calendar"] = best
        found.seen["calendar"] = f"{100 * fits[best]:.2g}% of the days differ; {100 * fits[_EXCHANGES[0]]:.2g}% at XNYS"


def _misfit(lake: Lake, code: str, days: Days) -> float:
    """Share of days that only one of the calendar and the bars has."""
    try:
        sessions = exchange_sessions(lake, code, int(days[0]), int(days[-1]))
    except BtassetsError:
        return 1.0
    return len(np.setxor1d(sessions, days)) / max(len(days), 1)
