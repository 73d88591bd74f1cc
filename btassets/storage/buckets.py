"""Tables stored in hash buckets of tickers: their files, rows and facts; the bucketed half of the lake.

Belongs here: reading and writing a bucket with its closed part (`bucket_rows.py`), and the facts of its tickers. Does
not belong here: whole tables, damage and the writing of a file (`lake.py`).
"""

import fcntl
import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from btassets.errors import DamagedFileError
from btassets.storage.bucket_paths import bucket_path, parquet_in
from btassets.storage.bucket_rows import (
    bucket_of_closed,
    closed_name,
    closed_parts,
    closed_path,
    in_order,
    is_closed_part,
)
from btassets.storage.files import writing
from btassets.storage.hashing import digest, rows_hash
from btassets.storage.sealed import footer_as_it_is, read_all, tell_damage


def bucket_of(ticker: str, n_buckets: int) -> int:
    """Hash bucket of a ticker; independent of platform and process.

    >>> bucket_of("AAPL", 64)
    28
    """
    return zlib.crc32(ticker.encode()) % n_buckets


_ATTEMPTS = 5
"""How often a bucket is read again that another process replaces at that moment."""


class Buckets(ABC):
    """The bucketed tables of a lake; `root`, `n_buckets` and `mends` as in `Lake`."""

    root: Path
    n_buckets: int
    mends: bool

    @abstractmethod
    def footer_text(self, path: Path) -> bytes | None:
        """Footer of a verified file; None if it is missing or unusable."""

    @abstractmethod
    def set_aside(self, table: str) -> list[Path]:
        """Locations of files that were set aside as damaged and not rebuilt."""

    @abstractmethod
    def _write(
        self,
        path: Path,
        data: pa.Table | pa.RecordBatchReader,
        footer_of: Callable[[str, int], Mapping[str, Any]],
        *,
        is_hashed: bool = True,
    ) -> None:
        """Write a file atomically, with the footer that follows from the hash of its content."""

    def bucket_path(self, table: str, bucket: int) -> Path:
        """File of one bucket; `table` may name a replay as in `candidates/base`."""
        return bucket_path(self.root, table, bucket)

    def bucket_files(self, table: str) -> list[Path]:
        """Intact files of a table, ascending by bucket, a closed part before its bucket's own file.

        Raises
        ------
        DamagedFileError
            If one is damaged and this lake does not mend.
        """
        found: list[Path] = []
        for bucket in range(self.n_buckets):
            text = self._bucket_text(table, bucket)
            if text is not None:
                path, closed = self.bucket_path(table, bucket), closed_name(text)
                found += [path] if closed is None else [closed_path(path, closed), path]
        return found

    def _bucket_text(self, table: str, bucket: int) -> bytes | None:
        """Footer of a bucket whose closed part is intact too; None without either."""
        path = self.bucket_path(table, bucket)
        text = self.footer_text(path)
        closed = None if text is None else closed_name(text)
        if closed is None or self.footer_text(closed_path(path, closed)) is not None:
            return text
        problem = f"its older rows, {closed_path(path, closed).name}, are gone or damaged"
        if not self.mends:
            raise DamagedFileError(str(path), problem)
        tell_damage(path, f"{problem}; it is treated as missing and rebuilt")
        return None

    def damaged_buckets(self, table: str) -> list[Path]:
        """Bucket files of a table that are damaged, or were set aside and not made again."""
        paths = [p for p in parquet_in(self.root / table) if p.name.startswith("bucket-")]
        return [*(path for path in paths if self.footer_text(path) is None), *self.set_aside(table)]

    @contextmanager
    def bucket_lock(self, table: str, bucket: int) -> Iterator[None]:
        """Lock one bucket while it is read, changed and written; waits for other processes."""
        path = self.root / ".locks" / f"{table.replace('/', '-')}-{bucket:04d}"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open("a")
        with handle:
            with writing(path):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def read_bucket(self, table: str, bucket: int, columns: list[str] | None = None) -> pa.Table | None:
        """Rows of one bucket, None if it does not exist; in a lake that mends also if it is damaged."""
        path = self.bucket_path(table, bucket)
        for _ in range(_ATTEMPTS):
            text = self._bucket_text(table, bucket)
            closed = None if text is None else closed_name(text)
            if text is None or closed is None:
                return self.read_newest(table, bucket, columns)
            try:
                with damage_told(path):
                    older, newest = read_all(closed_path(path, closed), columns), read_all(path, columns)
            except FileNotFoundError:
                continue  # another process has just written the bucket anew
            if self.footer_text(path) == text:
                facts = json.loads(text)["tickers"]
                return in_order(older, newest, [facts[ticker] for ticker in sorted(facts, key=str.encode)])
        raise DamagedFileError(str(path), f"it was written anew {_ATTEMPTS} times while it was read")

    def read_newest(self, table: str, bucket: int, columns: list[str] | None = None) -> pa.Table | None:
        """Rows of one bucket that are not in its closed part, None as for `read_bucket`."""
        if self._bucket_text(table, bucket) is None:
            return None
        path = self.bucket_path(table, bucket)
        with damage_told(path):
            return read_all(path, columns)

    def closed_name(self, table: str, bucket: int) -> str | None:
        """Name of the closed part of one bucket; None: it has none."""
        text = self._bucket_text(table, bucket)
        return None if text is None else closed_name(text)

    def write_bucket(
        self,
        table: str,
        bucket: int,
        data: pa.Table,
        tickers: Mapping[str, Mapping[str, Any]],
        closed: pa.Table | str | None = None,
    ) -> None:
        """Write one bucket atomically with the facts of each of its tickers.

        Parameters
        ----------
        closed
            Rows of its closed part, or the name of the present one, which stays; None: all rows are in `data`.
        """
        path = self.bucket_path(table, bucket)
        footer: dict[str, Any] = {"n_buckets": self.n_buckets}
        if isinstance(closed, pa.Table):
            older, closed = closed, rows_hash(closed)
            self._write(closed_path(path, closed), older, lambda *_: footer, is_hashed=False)
        if closed is not None:
            footer = {**footer, "closed": closed}
        footer = {**footer, "tickers": {t: tickers[t] for t in sorted(tickers)}}
        self._write(path, data, lambda _version, _n_rows: footer, is_hashed=False)
        for other in closed_parts(path):
            if closed is None or other != closed_path(path, closed):
                other.unlink(missing_ok=True)

    def bucket_footer(self, table: str, bucket: int) -> dict[str, dict[str, Any]]:
        """Facts of each ticker of one bucket."""
        text = self._bucket_text(table, bucket)
        return json.loads(text).get("tickers", {}) if text is not None else {}

    def ticker_footers(self, table: str) -> dict[str, dict[str, Any]]:
        """Facts of every ticker of a bucketed table, in ticker (byte) order."""
        texts = [self._bucket_text(table, b) for b in range(self.n_buckets)]
        return dict(_merged_footers(tuple(text for text in texts if text is not None)))

    def version_of_buckets(self, table: str) -> str | None:
        """Digest of the versions of all tickers of a bucketed table; None if it has no bucket."""
        texts = tuple(text for b in range(self.n_buckets) if (text := self._bucket_text(table, b)) is not None)
        return _version_of(texts) if texts else None

    def drop_left_over(self, table: str) -> None:
        """Delete closed parts that no bucket of a table names: a kill came between two files."""
        for path in parquet_in(self.root / table):
            if is_closed_part(path):
                own = bucket_of_closed(path)
                text = self.footer_text(own)
                if text is None or path != closed_path(own, closed_name(text) or ""):
                    path.unlink(missing_ok=True)

    def stored_buckets(self, table: str) -> int | None:
        """Number of buckets of a stored table; None if it was not written, or no file of it is readable."""
        files = [p for p in parquet_in(self.root / table) if p.name.startswith("bucket-")]
        return next((n for path in files if (n := (footer_as_it_is(path) or {}).get("n_buckets"))), None)

    def by_bucket(self, tickers: Iterable[str]) -> dict[int, list[str]]:
        """Tickers grouped by their bucket, both ascending."""
        groups: dict[int, list[str]] = {}
        for ticker in sorted(tickers, key=str.encode):
            groups.setdefault(bucket_of(ticker, self.n_buckets), []).append(ticker)
        return dict(sorted(groups.items()))


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Name the file if one of its pages fails that was intact when verified."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(str(path), str(error).splitlines()[0]) from error


@lru_cache(maxsize=8)
def _merged_footers(texts: tuple[bytes, ...]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for text in texts:
        merged.update(json.loads(text).get("tickers", {}))
    return dict(sorted(merged.items(), key=lambda item: item[0].encode()))


@lru_cache(maxsize=32)
def _version_of(texts: tuple[bytes, ...]) -> str:
    return digest({ticker: facts.get("version") for ticker, facts in _merged_footers(texts).items()})
