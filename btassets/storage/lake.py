"""The lake: Parquet files are the truth, their footers say what they were made from.

Belongs here: where each table's files lie, atomic writes, footers, content hashes. Two layouts:

- *bucketed* tables (`ohlcv_history`, `candidates`, `signals`): one file per hash bucket of
  tickers, each sorted by ticker; the footer tells what is known of every ticker in it;
- *whole* tables: one file per scenario; the footer tells input hash and data version.

Does not belong here: what any table means (`btassets/tables.py`) and when to recompute
(`btassets/stages/freshness.py`). Nothing here imports pandas: `ParquetFile.read` does not need it.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from btassets.errors import CannotWriteError, UnknownTableError
from btassets.storage.files import replace_file

_FOOTER_KEY = b"btassets"
BASE = "base"


def bucket_of(ticker: str, n_buckets: int) -> int:
    """Hash bucket of a ticker; independent of platform and process.

    >>> bucket_of("AAPL", 64)
    28
    """
    return zlib.crc32(ticker.encode()) % n_buckets


def digest(*parts: object) -> str:
    """Hash of JSON-able parts, 16 hex digits; equal parts in any process give the same."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


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


def content_hash(table: pa.Table) -> str:
    """Hash of a table's schema and values, 16 hex digits; independent of its chunking."""
    sink = _HashSink()
    whole = table.replace_schema_metadata(None).combine_chunks()
    with pa.PythonFile(sink, mode="w") as file, pa.ipc.new_stream(file, whole.schema) as writer:
        writer.write_table(whole)
    return sink.state.hexdigest()


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
        data: pa.Table,
        input_hash: str,
        scenario: str = BASE,
        facts: dict[str, Any] | None = None,
    ) -> Footer:
        """Write a whole table atomically; its data version is the hash of its content."""
        version = content_hash(data)
        footer = {
            "input_hash": input_hash,
            "data_version": version,
            "n_rows": data.num_rows,
            "facts": facts or {},
        }
        _write_parquet(self.path(table, scenario), data, footer)
        return Footer(input_hash, version, data.num_rows, facts or {})

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

    def read_bucket(self, table: str, bucket: int, columns: list[str] | None = None) -> pa.Table | None:
        """Rows of one bucket, None when it does not exist."""
        path = self.bucket_path(table, bucket)
        if not path.exists():
            return None
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns).replace_schema_metadata(None)

    def write_bucket(self, table: str, bucket: int, data: pa.Table, tickers: Mapping[str, Mapping[str, Any]]) -> None:
        """Write one bucket atomically with what is known of each of its tickers."""
        _write_parquet(self.bucket_path(table, bucket), data, {"tickers": {t: tickers[t] for t in sorted(tickers)}})

    def bucket_footer(self, table: str, bucket: int) -> dict[str, dict[str, Any]]:
        """What is known of each ticker of one bucket."""
        raw = _read_footer(self.bucket_path(table, bucket))
        return raw.get("tickers", {}) if raw else {}

    def ticker_footers(self, table: str) -> dict[str, dict[str, Any]]:
        """What is known of every ticker of a bucketed table, in ticker (byte) order."""
        merged: dict[str, dict[str, Any]] = {}
        for bucket in range(self.n_buckets):
            merged.update(self.bucket_footer(table, bucket))
        return dict(sorted(merged.items(), key=lambda item: item[0].encode()))

    def by_bucket(self, tickers: Iterable[str]) -> dict[int, list[str]]:
        """Tickers grouped by their bucket, both ascending."""
        groups: dict[int, list[str]] = {}
        for ticker in sorted(tickers, key=str.encode):
            groups.setdefault(bucket_of(ticker, self.n_buckets), []).append(ticker)
        return dict(sorted(groups.items()))


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


def _write_parquet(path: Path, data: pa.Table, footer: Mapping[str, Any]) -> None:
    texts = [f.name for f in data.schema if pa.types.is_string(f.type) or pa.types.is_dictionary(f.type)]
    marked = data.replace_schema_metadata({_FOOTER_KEY: json.dumps(footer, separators=(",", ":")).encode()})

    def write(temporary: Path) -> None:
        try:
            pq.write_table(
                marked, temporary, compression="lz4", use_dictionary=texts, write_statistics=False, store_schema=True
            )
        except pa.ArrowInvalid as error:
            raise CannotWriteError(str(path), str(error)) from error

    replace_file(path, write)
