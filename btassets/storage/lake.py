"""The lake: Parquet files are the truth, their footers say what they were made from.

Belongs here: where each table's files lie, atomic writes, footers, content hashes. Two layouts:

- *bucketed* tables (`ohlcv_history`, `candidates`, `signals`): one file per hash bucket of
  tickers, each sorted by ticker; the footer tells what is known of every ticker in it;
- *whole* tables: one file per scenario; the footer tells input hash and data version.

Does not belong here: what any table means (`btassets/graph`) and when to recompute
(`btassets/run/freshness.py`). Nothing here imports pandas: `ParquetFile.read` does not need it.
"""

import fcntl
import hashlib
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
import pyarrow.parquet as pq

from btassets.errors import CannotWriteError, UnknownTableError
from btassets.storage.files import replace_file, writing

_FOOTER_KEY = b"btassets"
BASE = "base"


def bucket_of(ticker: str, n_buckets: int) -> int:
    """Hash bucket of a ticker; independent of platform and process.

    >>> bucket_of("AAPL", 64)
    28
    """
    return zlib.crc32(ticker.encode()) % n_buckets


class _HashSink:
    """A file that keeps only the hash of what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.state = hashlib.blake2b(digest_size=8)

    def write(self, data: pa.Buffer) -> int:
        """Take the next bytes."""
        self.state.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""


class ContentHash:
    """Hash of a schema and of the batches that follow it, in their order and cut."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = _HashSink()
        self._stream = pa.ipc.new_stream(pa.PythonFile(self._sink, mode="w"), schema)

    def update(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""
        self._stream.write_batch(batch)

    def hexdigest(self) -> str:
        """16 hex digits."""
        return self._sink.state.hexdigest()


def content_hash(table: pa.Table) -> str:
    """Hash of a table's schema and values, 16 hex digits; independent of its chunking."""
    whole = table.replace_schema_metadata(None).combine_chunks()
    content = ContentHash(whole.schema)
    for batch in whole.to_batches():
        content.update(batch)
    return content.hexdigest()


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
    """

    def __init__(self, root: Path, n_buckets: int) -> None:
        self.root = root
        self.n_buckets = n_buckets

    # ---- whole tables -------------------------------------------------------------------
    def path(self, table: str, scenario: str = BASE) -> Path:
        """File of a whole table for one scenario."""
        return self.root / table / f"{scenario}.parquet"

    def footer(self, table: str, scenario: str = BASE) -> Footer | None:
        """Footer of a whole table, None when it does not exist or was not written by btassets."""
        raw = _read_footer(self.path(table, scenario))
        if raw is None or "input_hash" not in raw:
            return None
        return Footer(raw["input_hash"], raw["data_version"], raw["n_rows"], raw.get("facts", {}))

    def read(self, table: str, scenario: str = BASE, columns: list[str] | None = None) -> pa.Table:
        """A whole table of one scenario.

        Raises
        ------
        UnknownTableError
            When it was never written.
        """
        with pq.ParquetFile(self.existing_path(table, scenario)) as file:
            return file.read(columns=columns).replace_schema_metadata(None)

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
        with pq.ParquetFile(self.existing_path(table, scenario)) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, columns=list(columns)).replace_schema_metadata(None)
            if not file.num_row_groups:
                yield file.read(columns=list(columns)).replace_schema_metadata(None)

    def existing_path(self, table: str, scenario: str = BASE) -> Path:
        """File of a whole table that was written.

        Raises
        ------
        UnknownTableError
            When it was never written.
        """
        path = self.path(table, scenario)
        if not path.exists():
            raise UnknownTableError(table, self.tables(), f"no such table for scenario {scenario} yet")
        return path

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
            return {"input_hash": input_hash, "data_version": version, "n_rows": n_rows, "facts": facts or {}}

        _write_parquet(self.path(table, scenario), data, footer_of)
        return written[0]

    def scenarios(self, table: str) -> list[str]:
        """Scenarios for which a whole table exists, `base` first."""
        names = sorted(p.stem for p in (self.root / table).glob("*.parquet") if not p.name.startswith("."))
        return sorted(names, key=lambda name: (name != BASE, name))

    def tables(self) -> list[str]:
        """Names of all tables that exist."""
        return sorted(p.name for p in self.root.glob("*") if p.is_dir() and any(p.rglob("[!.]*.parquet")))

    # ---- bucketed tables ----------------------------------------------------------------
    def bucket_path(self, table: str, bucket: int) -> Path:
        """File of one bucket; `table` may name a replay as in `candidates/base`."""
        return self.root / table / f"bucket-{bucket:04d}.parquet"

    def bucket_files(self, table: str) -> list[Path]:
        """Existing bucket files of a table, ascending."""
        return [path for b in range(self.n_buckets) if (path := self.bucket_path(table, b)).exists()]

    @contextmanager
    def bucket_lock(self, table: str, bucket: int) -> Iterator[None]:
        """Hold one bucket while it is read, changed and written; waits for another process's turn."""
        path = self.root / ".locks" / f"{table.replace('/', '-')}-{bucket:04d}"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open("a")
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def read_bucket(self, table: str, bucket: int, columns: list[str] | None = None) -> pa.Table | None:
        """Rows of one bucket, None when it does not exist or is damaged (its footer counts as absent, too)."""
        path = self.bucket_path(table, bucket)
        try:
            with pq.ParquetFile(path) as file:
                return file.read(columns=columns).replace_schema_metadata(None)
        except (FileNotFoundError, pa.ArrowInvalid):
            return None

    def write_bucket(self, table: str, bucket: int, data: pa.Table, tickers: Mapping[str, Mapping[str, Any]]) -> None:
        """Write one bucket atomically with what is known of each of its tickers."""
        footer = {"n_buckets": self.n_buckets, "tickers": {t: tickers[t] for t in sorted(tickers)}}
        _write_parquet(self.bucket_path(table, bucket), data, lambda _version, _n_rows: footer, is_hashed=False)

    def bucket_footer(self, table: str, bucket: int) -> dict[str, dict[str, Any]]:
        """What is known of each ticker of one bucket."""
        raw = _read_footer(self.bucket_path(table, bucket))
        return raw.get("tickers", {}) if raw else {}

    def ticker_footers(self, table: str) -> dict[str, dict[str, Any]]:
        """What is known of every ticker of a bucketed table, in ticker (byte) order."""
        paths = tuple(self.bucket_files(table))
        stamps = tuple((stat.st_mtime_ns, stat.st_ino) for stat in (path.stat() for path in paths))
        return dict(_merged_footers(paths, stamps))

    def stored_buckets(self, table: str) -> int | None:
        """Into how many buckets a table was written; None when it was not."""
        footer = next((f for path in (self.root / table).glob("bucket-*.parquet") if (f := _read_footer(path))), None)
        return footer.get("n_buckets") if footer is not None else None

    def by_bucket(self, tickers: Iterable[str]) -> dict[int, list[str]]:
        """Tickers grouped by their bucket, both ascending."""
        groups: dict[int, list[str]] = {}
        for ticker in sorted(tickers, key=str.encode):
            groups.setdefault(bucket_of(ticker, self.n_buckets), []).append(ticker)
        return dict(sorted(groups.items()))


@lru_cache(maxsize=8)
def _merged_footers(paths: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]) -> dict[str, dict[str, Any]]:
    del stamps  # a rewritten bucket has another inode: it asks for a new answer
    merged: dict[str, dict[str, Any]] = {}
    for path in paths:
        merged.update((_read_footer(path) or {}).get("tickers", {}))
    return dict(sorted(merged.items(), key=lambda item: item[0].encode()))


def _read_footer(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (pa.ArrowInvalid, OSError):
        # A file that somebody else damaged counts as absent: it is recomputed, never trusted.
        return None
    raw = metadata.get(_FOOTER_KEY)
    return json.loads(raw) if raw else None


def _write_parquet(
    path: Path,
    data: pa.Table | pa.RecordBatchReader,
    footer_of: Callable[[str, int], Mapping[str, Any]],
    *,
    is_hashed: bool = True,
) -> None:
    """Write batches and, when the hash of their content is known, the footer."""
    schema = data.schema.remove_metadata()
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_dictionary(f.type)]
    batches = data.combine_chunks().to_batches() if isinstance(data, pa.Table) else data

    def write(temporary: Path) -> None:
        content = ContentHash(schema)
        n_rows = 0
        try:
            with pq.ParquetWriter(
                temporary, schema, compression="lz4", use_dictionary=texts, write_statistics=False
            ) as writer:
                for batch in batches:
                    plain = batch.replace_schema_metadata(None)
                    writer.write_batch(plain)
                    n_rows += batch.num_rows
                    if is_hashed:
                        content.update(plain)
                footer = footer_of(content.hexdigest(), n_rows)
                writer.add_key_value_metadata({_FOOTER_KEY: json.dumps(footer, separators=(",", ":")).encode()})
        except pa.ArrowInvalid as error:
            raise CannotWriteError(str(path), str(error)) from error

    replace_file(path, write)
