"""A folder of Parquet or CSV files, or one long file, as a source of bars.

Belongs here: listing the files and their tickers, and reading a ticker or a benchmark on demand. Does not belong here:
reading one file (`bar_files.py`), screening bars (`engine.market.quality`).
"""

import contextlib
import difflib
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.errors import NoBarsError, SettingError
from btassets.sources.base import BASES, BarSource, Basis, BlockedTickerError, Problem, RawBars
from btassets.sources.files.bar_files import file_stamp, read_bar_file, read_bar_table
from btassets.sources.files.bar_paths import bar_paths, stem_of
from btassets.sources.files.bar_suffix import SUFFIXES, bar_suffix
from btassets.sources.files.column_mapping import ColumnNames, LocatedColumns, concatenated, raw_bars_of
from btassets.sources.files.unread_files import unread, what_to_do
from btassets.sources.universe.ticker_names import canonical_ticker, case_collisions, ticker_of_stem, unsafe_reason
from btassets.sources.values.arrays import values_of

_BASIS = "source.basis"
_PATTERN = "source.ticker_pattern"
_READERS = 2  # Arrow decodes without the GIL; more threads only queue


@dataclass(frozen=True, slots=True)
class _Slice:
    """Rows of one ticker in one long file."""

    path: Path
    table: pa.Table
    located: LocatedColumns


@dataclass(frozen=True, slots=True)
class _Inventory:
    """Scan result: per ticker its files, or its slices of long files, or the reason of its refusal."""

    files: dict[str, list[Path]]
    slices: dict[str, list[_Slice]]
    refused: dict[str, BlockedTickerError]
    problems: list[Problem]


class FilesSource:
    """Bars from a folder with one file per ticker, or from long files with a ticker column.

    Files that are not `.parquet`, `.pq` or `.csv` (also `.csv.gz`, `.csv.zst`, `.csv.bz2`) and hidden files are
    skipped, and sub-folders unless `ticker_pattern` has a slash. The folder is scanned lazily; the result is cached
    until `refresh`.

    Parameters
    ----------
    path
        Folder, or one file.
    columns
        The files' column names; with `columns.ticker` every file is a long one.
    basis
        Basis of the prices: "raw", "split" or "total".
    ticker_pattern
        Regular expression searched in a file's name without its suffix; its group "ticker", else its first group, is
        the ticker. Files that do not match are skipped and listed by `problems`. "": the whole name without its suffix.
        With a slash it is searched in the path below the folder, `AAPL/daily`, and files of sub-folders are read.

    Raises
    ------
    SettingError
        For an unknown basis, or an invalid pattern or one without a group.
    """

    name = "files"

    def __init__(
        self,
        path: Path | str,
        columns: ColumnNames | None = None,
        basis: Basis = "total",
        ticker_pattern: str = "",
    ) -> None:
        if basis not in BASES:
            raise SettingError(_BASIS, basis, "must be raw, split or total", "btassets.toml")
        self.path = Path(path)
        self.columns = columns or ColumnNames()
        self.basis: Basis = basis
        self._pattern = _compiled(ticker_pattern)
        self._has_slash = "/" in ticker_pattern
        self._is_deep = self._has_slash and not self.path.is_file()
        self._where = f"source {path}"
        self._inventory: _Inventory | None = None

    def tickers(self) -> list[str]:
        """Every name found, sorted by bytes, including those that `fetch` will refuse.

        Raises
        ------
        NoBarsError
            If the folder or file is missing or unreadable, or contains no bar file.
        """
        found = self._found()
        return sorted({*found.files, *found.slices, *found.refused}, key=str.encode)

    def problems(self) -> list[Problem]:
        """Findings about the source as a whole: skipped files, rows without a ticker."""
        return list(self._found().problems)

    def stamp(self, ticker: str) -> str:
        """Size, modification and change time of the ticker's files; "" for an unknown ticker."""
        found = self._found()
        paths = found.files.get(ticker) or [piece.path for piece in found.slices.get(ticker, [])]
        return "+".join(file_stamp(path) for path in paths)

    def changed_at(self, ticker: str) -> float | None:
        """Time at which a file of the ticker was last written, moved or renamed, by the file system's clock.

        None for an unknown ticker, and for a file deleted meanwhile.
        """
        found = self._found()
        paths = found.files.get(ticker) or [piece.path for piece in found.slices.get(ticker, [])]
        times: list[float] = []
        for path in paths:
            with contextlib.suppress(OSError):
                # Not the modification time: a copy that preserves it would look settled at once.
                times.append(path.stat().st_ctime)
        return max(times, default=None)

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker, in the order of its file.

        Raises
        ------
        BlockedTickerError
            Q1 (cannot be read as bars) or Q2 (name), also for a ticker that the source does not have.
        """
        found = self._found()
        if ticker in found.refused:
            raise found.refused[ticker]
        if ticker in found.files:
            return read_bar_file(found.files[ticker][0], ticker, self.columns)
        if ticker in found.slices:
            parts = found.slices[ticker]
            return concatenated([raw_bars_of(part.table, part.located, ticker) for part in parts])
        near = difflib.get_close_matches(ticker, self.tickers(), n=1)
        hint = f"did you mean {near[0]}?" if near else "`btassets doctor` lists the tickers of the source."
        raise BlockedTickerError(ticker, "Q1", f"{self.path} has no such ticker; {hint}")

    def tickers_of(self, path: Path) -> list[str]:
        """Tickers whose bars come only from this file; none if the source does not read it."""
        found = self._found()
        if len(found.slices) and self.path.is_file():
            return []
        return [ticker for ticker, files in found.files.items() if any(_is_same(path, own) for own in files)]

    def path_of(self, ticker: str) -> Path:
        """The file of a ticker in a folder with one file per ticker."""
        return self._found().files[ticker][0]

    def refresh(self) -> None:
        """Drop the cached scan, so that the next call reads the disk again."""
        self._inventory = None

    def _found(self) -> _Inventory:
        if self._inventory is None:
            paths = self._bar_files()
            is_long = self.columns.ticker is not None
            if not is_long and self.path.is_file() and _has_ticker_column(paths[0], self.columns):
                is_long = True
            found = self._long_inventory(paths) if is_long else self._file_inventory(paths)
            beside = unread(self.path) if self.path.is_dir() else []
            found.problems.extend(Problem("", "Q1", "warn", None, 1, f"{self.path}: {text}") for text in beside)
            self._inventory = found
        return self._inventory

    def _bar_files(self) -> list[Path]:
        where = self._where
        advice = "bars must be in Parquet or CSV files; set source.path to their folder or to one long file."
        try:
            if self.path.is_file():
                found = [self.path]
            elif not self.path.exists():
                raise NoBarsError(where, "there is no such folder or file", advice)
            elif not self.path.is_dir():
                raise NoBarsError(where, "it is neither a folder nor a file", advice)
            else:
                found = bar_paths(self.path, is_deep=self._is_deep)
        except OSError as error:
            observed = f"it cannot be read ({error.strerror or error})"
            raise NoBarsError(where, observed, "give read permission to the run's user.") from error
        if not found or (len(found) == 1 and bar_suffix(found[0].name) is None):
            is_folder = self.path.is_dir()
            beside = unread(self.path, has_bars=False) if is_folder else [what_to_do(self.path.name) or ""]
            more = "".join(f"; {words.rstrip('.')}" for words in beside if words)
            raise NoBarsError(where, f"it contains no bar file ({', '.join(SUFFIXES)}){more}", advice)
        return found

    def _file_inventory(self, paths: list[Path]) -> _Inventory:
        inventory = _Inventory({}, {}, {}, [])
        passed_over: list[str] = []
        for path in paths:
            ticker = self._ticker_of(path)
            if ticker is None:
                passed_over.append(path.name)
            else:
                inventory.files.setdefault(ticker, []).append(path)
        if passed_over and not inventory.files:
            observed = f"none of its {len(paths)} files matches source.ticker_pattern (first: {passed_over[0]})"
            raise NoBarsError(
                self._where,
                observed,
                "it is matched against the name without suffix (with a slash, the path below source.path); correct it.",
            )
        if passed_over:
            text = (
                f"{len(passed_over)} files do not match source.ticker_pattern and were skipped (first: "
                f"{passed_over[0]})."
            )
            inventory.problems.append(Problem("", "Q2", "info", None, len(passed_over), text))
        for ticker, files in inventory.files.items():
            if len(files) > 1:
                names = ", ".join(path.name for path in files)
                reason = f"{len(files)} files map to this ticker ({names}); one file per ticker; remove all but one."
                inventory.refused[ticker] = BlockedTickerError(ticker, "Q2", reason)
        _refuse_names(inventory)
        return inventory

    def _ticker_of(self, path: Path) -> str | None:
        stem = stem_of(path, self.path if self._is_deep else path.parent)
        if self._pattern is None or (self._has_slash and not self._is_deep):
            return ticker_of_stem(stem)
        match = self._pattern.search(stem)
        if match is None:
            return None
        return ticker_of_stem(match["ticker"] if "ticker" in self._pattern.groupindex else match[1])

    def _long_inventory(self, paths: list[Path]) -> _Inventory:
        inventory = _Inventory({}, {}, {}, [])
        names = replace(self.columns, ticker=self.columns.ticker or "ticker")
        for path in paths:
            stem = path.name.removesuffix(bar_suffix(path.name) or "")
            try:
                table, located = read_bar_table(path, stem, names)
                for ticker, rows in _by_ticker(table, path, inventory.problems):
                    inventory.slices.setdefault(ticker, []).append(_Slice(path, rows, located))
            except BlockedTickerError as error:
                # The file may hold any ticker, so it is reported under its own name.
                inventory.refused[stem] = error
        if not inventory.slices:
            reasons = [error.reason for error in inventory.refused.values()]
            observed = f"no long file contains a bar ({reasons[0] if reasons else 'no row has a ticker'})"
            raise NoBarsError(self._where, observed, "correct the file or [source.columns].")
        _refuse_names(inventory)
        return inventory


def fetch_many(
    source: BarSource, tickers: Iterable[str], n_threads: int = _READERS
) -> Iterator[tuple[str, RawBars | BlockedTickerError]]:
    """Yield each ticker with its bars or its refusal, in the given order; a refusal affects only its ticker."""

    def fetch(ticker: str) -> tuple[str, RawBars | BlockedTickerError]:
        try:
            return ticker, source.fetch(ticker)
        except BlockedTickerError as error:
            return ticker, error

    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        yield from pool.map(fetch, tickers)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _compiled(pattern: str) -> re.Pattern[str] | None:
    if not pattern:
        return None
    rule = "must be a regular expression with a group around the ticker, e.g. ^DA-(.+)-T-"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        where = f"btassets.toml: {error}"
        raise SettingError(_PATTERN, pattern, rule, where) from error
    if compiled.groups == 0:
        raise SettingError(_PATTERN, pattern, rule, "btassets.toml")
    return compiled


def _has_ticker_column(path: Path, columns: ColumnNames) -> bool:
    try:
        read_bar_table(path, path.stem, replace(columns, ticker="ticker"))
    except BlockedTickerError:
        return False
    return True


def _refuse_names(inventory: _Inventory) -> None:
    names = {*inventory.files, *inventory.slices}
    for ticker in names:
        reason = unsafe_reason(ticker)
        if reason is not None:
            text = f"{reason}; a ticker must be a safe name; rename it in the source."
            inventory.refused[ticker] = BlockedTickerError(ticker, "Q2", text)
    for ticker, spellings in case_collisions(names).items():
        text = f"{' and '.join(spellings)} differ only in case; tickers must be unique ignoring case; keep one."
        inventory.refused[ticker] = BlockedTickerError(ticker, "Q2", text)


def _by_ticker(table: pa.Table, path: Path, problems: list[Problem]) -> Iterator[tuple[str, pa.Table]]:
    """Yield each ticker's rows of a long table, in the table's order."""
    column = table.column("ticker")
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        reason = f"{path.name}: the ticker column holds {kind}; tickers must be text (TRUE, 0700); write them as text."
        raise BlockedTickerError(path.stem, "Q2", reason)
    texts = pc.fill_null(column.cast(pa.string()), "").combine_chunks()
    encoded = texts.dictionary_encode()
    spelled = [canonical_ticker(name) for name in encoded.dictionary.to_pylist()]
    unique = sorted(set(spelled), key=str.encode)
    number = {name: code for code, name in enumerate(unique)}
    codes = np.array([number[name] for name in spelled], dtype=np.int64)[values_of(encoded.indices, np.int32)]
    order = np.argsort(codes, kind="stable")
    sorted_rows = table.drop_columns(["ticker"]).take(pa.array(order))
    ends = np.cumsum(np.bincount(codes, minlength=len(unique)))
    start = 0
    for name, end in zip(unique, ends.tolist(), strict=True):
        if name:
            yield name, sorted_rows.slice(start, end - start)
        else:
            text = f"{path.name}: {end - start} rows without a ticker dropped; every row needs one"
            problems.append(Problem("", "Q2", "quarantine", None, end - start, text))
        start = end
