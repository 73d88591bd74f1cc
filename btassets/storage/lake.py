"""The lake: Parquet files are the truth, their footers say what they were made from.

Belongs here: where each table's files are, atomic writes, footers, content hashes, and what a damaged file
means. Two layouts:

- *bucketed* tables (`ohlcv_history`, `candidates`, `signals`): one file per hash bucket of
  tickers, each sorted by ticker; the footer tells what is known of every ticker in it;
- *whole* tables: one file per scenario; the footer tells input hash and data version.

Every file is verified before it is used (`sealed.py`). A damaged one is named in the log and refused; a lake
that mends counts it as absent, so that the run makes it again, and sets it aside as `.damaged-NAME` until then.

Does not belong here: what any table means (`btassets/graph/`) and when to recompute
(`btassets/run/freshness.py`). Nothing here imports pandas: `ParquetFile.read` does not need it.
"""

import fcntl
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from btassets.errors import CannotWriteError, DamagedFileError, UnknownTableError
from btassets.storage import kept_twice
from btassets.storage.files import writing
from btassets.storage.hashing import ContentHash, content_hash, digest
from btassets.storage.sealed import (
    FOREIGN,
    footer_as_it_is,
    open_sealed,
    read_all,
    tell_damage,
    verify,
    write_sealed,
)

__all__ = ["BASE", "Footer", "Lake", "bucket_of", "content_hash", "digest"]

BASE = "base"
DAMAGED = ".damaged-"
"""First letters of a file that was set aside until it is made again."""

_DURABLE = ("ohlcv_history", "trials")
"""Tables that a power cut may not empty: they come from outside, or cannot be made again."""

_TWICE = ("trials",)
"""Tables that cannot be made again: a second copy is kept."""


def bucket_of(ticker: str, n_buckets: int) -> int:
    """Hash bucket of a ticker; independent of platform and process.

    >>> bucket_of("AAPL", 64)
    28
    """
    return zlib.crc32(ticker.encode()) % n_buckets


@dataclass(frozen=True)
class Footer:
    """What a whole table's file says of itself."""

    input_hash: str
    data_version: str
    n_rows: int
    facts: dict[str, Any]


class Lake:
    """The Parquet files of one book.

    Parameters
    ----------
    root
        The book's `data` folder.
    n_buckets
        Hash buckets of the bucketed tables.
    mends
        A damaged file counts as absent, is named in the log and set aside, and the run makes it again.
        False, for commands that only read: it is refused by `DamagedFileError`.
    """

    def __init__(self, root: Path, n_buckets: int, *, mends: bool = True) -> None:
        self.root = root
        self.n_buckets = n_buckets
        self.mends = mends

    # ---- damage -------------------------------------------------------------------------
    def place(self, path: Path) -> str:
        """Where a file belongs, as its footer says it: `trades/base`, `candidates/base/bucket-0003`."""
        return path.relative_to(self.root).as_posix().removesuffix(".parquet")

    def footer_text(self, path: Path) -> bytes | None:
        """Footer of a file as JSON once all its bytes are verified; None when there is none, or none to use.

        Raises
        ------
        DamagedFileError
            When the file is damaged and this lake does not mend.
        """
        try:
            seal = verify(path, self.place(path))
        except FileNotFoundError:
            if not self.mends and _aside(path).exists():
                raise DamagedFileError(str(path), f"set aside as {_aside(path).name}, not made again yet") from None
            return None
        if seal.problem is None:
            return seal.footer
        is_twice = self._is_twice(path)
        if seal.problem == FOREIGN and not (is_twice and self.copy_of(path).exists()):
            tell_damage(path, f"{FOREIGN} and is left out of every table; take it away")
            return None
        if is_twice:
            copy = self.copy_of(path)
            answer = kept_twice.restore(path, self.place(path), copy, seal.problem, is_kept=self.mends)
            if answer is not None or self.mends:
                return answer
        if not self.mends:
            raise DamagedFileError(str(path), seal.problem)
        tell_damage(path, f"damaged ({seal.problem}); it counts as absent and is made again")
        with writing(path):
            path.replace(_aside(path))
        return None

    def _is_twice(self, path: Path) -> bool:
        return path.parent.name in _TWICE and path.parent.parent == self.root

    def copy_of(self, path: Path) -> Path:
        """Second copy of a file of a table that is kept twice."""
        return kept_twice.copy_in(self.root, f"{self.place(path)}.parquet")

    def readable(self, path: Path) -> Path:
        """The file to read for a verified `path`: its second copy where only that one is intact."""
        is_copy = self._is_twice(path) and kept_twice.intact_footer(path, self.place(path)) is None
        return self.copy_of(path) if is_copy else path

    def set_aside(self, table: str) -> list[Path]:
        """Where the files of a table belong that were set aside as damaged and not made again."""
        folder = self.root / table
        names = sorted(p.name for p in folder.iterdir() if p.name.startswith(DAMAGED)) if folder.is_dir() else []
        places = [folder / name.removeprefix(DAMAGED) for name in names]
        return [place for place in places if not place.exists()]

    # ---- whole tables -------------------------------------------------------------------
    def path(self, table: str, scenario: str = BASE) -> Path:
        """File of a whole table for one scenario."""
        return self.root / table / f"{scenario}.parquet"

    def footer(self, table: str, scenario: str = BASE) -> Footer | None:
        """Footer of a whole table, None when it does not exist or was not written by btassets."""
        text = self.footer_text(self.path(table, scenario))
        raw = json.loads(text) if text is not None else {}
        if "input_hash" not in raw:
            return None
        return Footer(raw["input_hash"], raw["data_version"], raw["n_rows"], raw.get("facts", {}))

    def read(self, table: str, scenario: str = BASE, columns: list[str] | None = None) -> pa.Table:
        """A whole table of one scenario.

        Raises
        ------
        UnknownTableError
            When it was never written.
        DamagedFileError
            When its file is damaged.
        """
        path = self.existing_path(table, scenario)
        with _damage_told(path):
            return read_all(path, columns)

    def read_where(
        self, table: str, scenario: str, columns: Sequence[str], where: pc.Expression, *, wanted: Sequence[str] = ()
    ) -> pa.Table:
        """Rows of a whole table that `where` keeps, in their order.

        Parameters
        ----------
        columns
            Columns that are read.
        where
            A condition on them.
        wanted
            Those of them that are returned; empty: all.
        """
        kept = list(wanted or columns)
        parts = [part.filter(where).select(kept) for part in self.read_parts(table, scenario, columns)]
        return pa.concat_tables(parts)

    def read_parts(self, table: str, scenario: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """A whole table part by part as it was written, at least one: never all of it in memory."""
        path = self.existing_path(table, scenario)
        with _damage_told(path), open_sealed(path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, columns=list(columns)).replace_schema_metadata(None)
            if not file.num_row_groups:
                yield file.read(columns=list(columns)).replace_schema_metadata(None)

    def existing_path(self, table: str, scenario: str = BASE) -> Path:
        """File of a whole table that was written and is intact.

        Raises
        ------
        UnknownTableError
            When it was never written.
        DamagedFileError
            When it is damaged and this lake does not mend.
        """
        path = self.path(table, scenario)
        if self.footer_text(path) is None:
            raise UnknownTableError(table, self.tables(), f"no such table for scenario {scenario} yet")
        return self.readable(path)

    def write(
        self,
        table: str,
        data: pa.Table | pa.RecordBatchReader,
        input_hash: str,
        scenario: str = BASE,
        facts: dict[str, Any] | None = None,
    ) -> Footer:
        """Write a whole table atomically; its data version is the hash of its content.

        A reader is written batch by batch, so that a large table never stands in memory as a whole.
        """
        written: list[Footer] = []

        def footer_of(version: str, n_rows: int) -> dict[str, Any]:
            written.append(Footer(input_hash, version, n_rows, facts or {}))
            return {"input_hash": input_hash, "data_version": version, "facts": facts or {}}

        path = self.path(table, scenario)
        self._write(path, data, footer_of, is_durable=table in _DURABLE)
        if table in _TWICE:
            kept_twice.keep(path, self.copy_of(path))
        return written[0]

    def scenarios(self, table: str) -> list[str]:
        """Scenarios for which a whole table exists, `base` first."""
        names = [p.name.removesuffix(".parquet") for p in _parquet_in(self.root / table)]
        known = [name for name in names if self.footer_text(self.path(table, name)) is not None]
        return sorted(known, key=lambda name: (name != BASE, name))

    def tables(self) -> list[str]:
        """Names of all tables of which a file exists."""
        folders = [p for p in _entries(self.root) if not p.name.startswith(".") and p.is_dir()]
        return [p.name for p in folders if _parquet_in(p) or any(_parquet_in(sub) for sub in _entries(p))]

    # ---- bucketed tables ----------------------------------------------------------------
    def bucket_path(self, table: str, bucket: int) -> Path:
        """File of one bucket; `table` may name a replay as in `candidates/base`."""
        return self.root / table / f"bucket-{bucket:04d}.parquet"

    def bucket_files(self, table: str) -> list[Path]:
        """Intact bucket files of a table, ascending.

        Raises
        ------
        DamagedFileError
            When one is damaged and this lake does not mend.
        """
        paths = (self.bucket_path(table, b) for b in range(self.n_buckets))
        return [path for path in paths if self.footer_text(path) is not None]

    @contextmanager
    def bucket_lock(self, table: str, bucket: int) -> Iterator[None]:
        """Hold one bucket while it is read, changed and written; waits for another process's turn."""
        path = self.root / ".locks" / f"{table.replace('/', '-')}-{bucket:04d}"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open("a")
        with handle:
            with writing(path):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def read_bucket(self, table: str, bucket: int, columns: list[str] | None = None) -> pa.Table | None:
        """Rows of one bucket, None when it does not exist; in a lake that mends also when it is damaged."""
        path = self.bucket_path(table, bucket)
        if self.footer_text(path) is None:
            return None
        with _damage_told(path):
            return read_all(path, columns)

    def write_bucket(self, table: str, bucket: int, data: pa.Table, tickers: Mapping[str, Mapping[str, Any]]) -> None:
        """Write one bucket atomically with what is known of each of its tickers."""
        footer = {"n_buckets": self.n_buckets, "tickers": {t: tickers[t] for t in sorted(tickers)}}
        path = self.bucket_path(table, bucket)
        self._write(path, data, lambda _version, _n_rows: footer, is_hashed=False, is_durable=table in _DURABLE)

    def bucket_footer(self, table: str, bucket: int) -> dict[str, dict[str, Any]]:
        """What is known of each ticker of one bucket."""
        text = self.footer_text(self.bucket_path(table, bucket))
        return json.loads(text).get("tickers", {}) if text is not None else {}

    def ticker_footers(self, table: str) -> dict[str, dict[str, Any]]:
        """What is known of every ticker of a bucketed table, in ticker (byte) order."""
        texts = [self.footer_text(self.bucket_path(table, b)) for b in range(self.n_buckets)]
        return dict(_merged_footers(tuple(text for text in texts if text is not None)))

    def stored_buckets(self, table: str) -> int | None:
        """Into how many buckets a table was written; None when it was not, or no file of it can be read."""
        files = [p for p in _parquet_in(self.root / table) if p.name.startswith("bucket-")]
        return next((n for path in files if (n := (footer_as_it_is(path) or {}).get("n_buckets"))), None)

    def by_bucket(self, tickers: Iterable[str]) -> dict[int, list[str]]:
        """Tickers grouped by their bucket, both ascending."""
        groups: dict[int, list[str]] = {}
        for ticker in sorted(tickers, key=str.encode):
            groups.setdefault(bucket_of(ticker, self.n_buckets), []).append(ticker)
        return dict(sorted(groups.items()))

    # ---- writing ------------------------------------------------------------------------
    def _write(
        self,
        path: Path,
        data: pa.Table | pa.RecordBatchReader,
        footer_of: Callable[[str, int], Mapping[str, Any]],
        *,
        is_hashed: bool = True,
        is_durable: bool = False,
    ) -> None:
        """Write batches and, when the hash of their content is known, the footer."""
        schema = data.schema.remove_metadata()
        batches = data.combine_chunks().to_batches() if isinstance(data, pa.Table) else data

        def fill(take: Callable[[pa.RecordBatch], None]) -> Mapping[str, Any]:
            content = ContentHash(schema)
            n_rows = 0
            for batch in batches:
                plain = batch.replace_schema_metadata(None)
                take(plain)
                n_rows += batch.num_rows
                if is_hashed:
                    content.update(plain)
            return footer_of(content.hexdigest(), n_rows)

        try:
            write_sealed(path, self.place(path), schema, fill, is_durable=is_durable)
        except pa.ArrowInvalid as error:
            raise CannotWriteError(str(path), str(error)) from error
        with writing(path):
            _aside(path).unlink(missing_ok=True)


def _aside(path: Path) -> Path:
    """Where a damaged file waits until it is made again."""
    return path.with_name(DAMAGED + path.name)


def _entries(folder: Path) -> list[Path]:
    """What a folder holds, by name; nothing when it is no folder. Names are no patterns: they may hold `[` or `*`."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _parquet_in(folder: Path) -> list[Path]:
    """Parquet files right in a folder that are not hidden, by name."""
    return [p for p in _entries(folder) if p.name.endswith(".parquet") and not p.name.startswith(".") and p.is_file()]


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Name the file when a page of it fails that was intact when it was verified."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(str(path), str(error).splitlines()[0]) from error


@lru_cache(maxsize=8)
def _merged_footers(texts: tuple[bytes, ...]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for text in texts:
        merged.update(json.loads(text).get("tickers", {}))
    return dict(sorted(merged.items(), key=lambda item: item[0].encode()))
