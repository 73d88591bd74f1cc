"""The lake: Parquet files are the source of truth, their footers record their inputs.

Belongs here: the location of each table's files, atomic writes, footers, content hashes, and the handling of damaged
files. Two layouts:

- *bucketed* tables (`ohlcv_history`, `candidates`, `signals`; `buckets.py`): one file per hash bucket of tickers, each
  sorted by ticker; the footer stores facts of every ticker in it;
- *whole* tables: one file per scenario; the footer stores input hash and data version.

Every file is verified before use (`sealed.py`). A damaged one is logged and refused; a lake that mends treats it as
missing, so that the run rebuilds it, and sets it aside as `.damaged-NAME` until then.

Does not belong here: what any table means (`btassets/graph/`) and when to recompute
(`btassets/run/freshness.py`). Nothing here imports pandas: `ParquetFile.read` does not need it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from btassets.errors import CannotWriteError, DamagedFileError, UnknownTableError
from btassets.storage import kept_twice
from btassets.storage.bucket_paths import entries, parquet_in, place_in
from btassets.storage.buckets import Buckets, bucket_of, damage_told
from btassets.storage.files import writing
from btassets.storage.hashing import ContentHash, content_hash, digest
from btassets.storage.sealed import (
    FOREIGN,
    open_sealed,
    read_all,
    tell_damage,
    verify,
    write_sealed,
)

if TYPE_CHECKING:
    import pyarrow.compute as pc

__all__ = ["BASE", "Footer", "Lake", "bucket_of", "content_hash", "digest"]

BASE = "base"
DAMAGED = ".damaged-"
"""Prefix of a file that was set aside until it is rebuilt."""

_TWICE = ("trials", "signal_trials", "verdicts")
"""Tables that cannot be rebuilt: a second copy is stored."""

_DURABLE = ("ohlcv_history", *_TWICE)
"""Tables that a power cut may not empty: they come from outside, or cannot be made again."""


@dataclass(frozen=True)
class Footer:
    """Footer of a whole table's file."""

    input_hash: str
    data_version: str
    n_rows: int
    facts: dict[str, Any]


class Lake(Buckets):
    """The Parquet files of one book.

    Parameters
    ----------
    root
        The book's `data` folder.
    n_buckets
        Hash buckets of the bucketed tables.
    mends
        A damaged file counts as missing, is logged and set aside, and the run rebuilds it. False, for commands that
        only read: it is refused by `DamagedFileError`.
    """

    def __init__(self, root: Path, n_buckets: int, *, mends: bool = True) -> None:
        self.root = root
        self.n_buckets = n_buckets
        self.mends = mends

    # ---- damage -------------------------------------------------------------------------
    def place(self, path: Path) -> str:
        """Location of a file, as in its footer: `trades/base`, `candidates/base/bucket-0003`."""
        return place_in(self.root, path)

    def footer_text(self, path: Path) -> bytes | None:
        """Footer of a file as JSON once all its bytes are verified; None if it is missing or unusable.

        Raises
        ------
        DamagedFileError
            If the file is damaged and this lake does not mend.
        """
        try:
            seal = verify(path, self.place(path))
        except FileNotFoundError:
            copy = self.copy_of(path)
            if self._is_twice(path) and copy.exists():
                answer = kept_twice.bring_back(path, self.place(path), copy, is_kept=self.mends)
                if answer is None and not self.mends:
                    raise DamagedFileError(str(copy), "damaged, and the file that it is a copy of is gone") from None
                return answer
            if not self.mends and _aside(path).exists():
                raise DamagedFileError(str(path), f"set aside as {_aside(path).name}, not rebuilt yet") from None
            return None
        if seal.problem is None:
            return seal.footer
        is_twice = self._is_twice(path)
        if seal.problem == FOREIGN and not (is_twice and self.copy_of(path).exists()):
            tell_damage(path, f"{FOREIGN} and is ignored; remove it")
            return None
        if is_twice:
            copy = self.copy_of(path)
            answer = kept_twice.restore(path, self.place(path), copy, seal.problem, is_kept=self.mends)
            if answer is not None or self.mends:
                return answer
        if not self.mends:
            raise DamagedFileError(str(path), seal.problem)
        tell_damage(path, f"damaged ({seal.problem}); it is treated as missing and rebuilt")
        with writing(path):
            path.replace(_aside(path))
        return None

    def _is_durable(self, path: Path) -> bool:
        return path.parent.name in _DURABLE and path.parent.parent == self.root

    def _is_twice(self, path: Path) -> bool:
        return path.parent.name in _TWICE and path.parent.parent == self.root

    def copy_of(self, path: Path) -> Path:
        """Second copy of a file of a table that is stored twice."""
        return kept_twice.copy_in(self.root, f"{self.place(path)}.parquet")

    def readable(self, path: Path) -> Path:
        """The file to read for a verified `path`: its second copy if only that one is intact."""
        is_copy = self._is_twice(path) and kept_twice.intact_footer(path, self.place(path)) is None
        return self.copy_of(path) if is_copy else path

    def set_aside(self, table: str) -> list[Path]:
        """Locations of files that were set aside as damaged and not rebuilt."""
        folder = self.root / table
        names = sorted(p.name for p in folder.iterdir() if p.name.startswith(DAMAGED)) if folder.is_dir() else []
        places = [folder / name.removeprefix(DAMAGED) for name in names]
        return [place for place in places if not place.exists()]

    # ---- whole tables -------------------------------------------------------------------
    def path(self, table: str, scenario: str = BASE) -> Path:
        """File of a whole table for one scenario."""
        return self.root / table / f"{scenario}.parquet"

    def footer(self, table: str, scenario: str = BASE) -> Footer | None:
        """Footer of a whole table, None if it does not exist or was not written by btassets."""
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
            If it was never written.
        DamagedFileError
            If its file is damaged.
        """
        path = self.existing_path(table, scenario)
        with damage_told(path):
            return read_all(path, columns)

    def read_where(
        self, table: str, scenario: str, columns: Sequence[str], where: "pc.Expression", *, wanted: Sequence[str] = ()
    ) -> pa.Table:
        """Rows of a whole table selected by `where`, in their order.

        Parameters
        ----------
        columns
            Columns to read.
        where
            A condition on them.
        wanted
            Columns to return; empty: all.
        """
        kept = list(wanted or columns)
        parts = [part.filter(where).select(kept) for part in self.read_parts(table, scenario, columns)]
        return pa.concat_tables(parts)

    def read_parts(self, table: str, scenario: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """A whole table in the parts in which it was written, at least one; never all of it in memory."""
        path = self.existing_path(table, scenario)
        with damage_told(path), open_sealed(path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, columns=list(columns)).replace_schema_metadata(None)
            if not file.num_row_groups:
                yield file.read(columns=list(columns)).replace_schema_metadata(None)

    def existing_path(self, table: str, scenario: str = BASE) -> Path:
        """Intact file of a whole table.

        Raises
        ------
        UnknownTableError
            If it was never written.
        DamagedFileError
            If it is damaged and this lake does not mend.
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

        A reader is written batch by batch, so that a large table is never in memory as a whole.
        """
        written: list[Footer] = []

        def footer_of(version: str, n_rows: int) -> dict[str, Any]:
            written.append(Footer(input_hash, version, n_rows, facts or {}))
            return {"input_hash": input_hash, "data_version": version, "facts": facts or {}}

        path = self.path(table, scenario)
        self._write(path, data, footer_of)
        if table in _TWICE:
            kept_twice.keep(path, self.copy_of(path))
        return written[0]

    def scenarios(self, table: str) -> list[str]:
        """Scenarios for which a whole table exists, `base` first."""
        files = parquet_in(self.root / table)
        # A file of these that is gone is as good as a damaged one: its copy answers.
        files += parquet_in(kept_twice.copy_in(self.root, table)) if table in _TWICE else []
        names = {p.name.removesuffix(".parquet") for p in files}
        known = [name for name in names if self.footer_text(self.path(table, name)) is not None]
        return sorted(known, key=lambda name: (name != BASE, name))

    def tables(self) -> list[str]:
        """Names of all tables with a file."""
        folders = [p for p in entries(self.root) if not p.name.startswith(".") and p.is_dir()]
        found = {p.name for p in folders if parquet_in(p) or any(parquet_in(sub) for sub in entries(p))}
        return sorted({*found, *(name for name in _TWICE if parquet_in(kept_twice.copy_in(self.root, name)))})

    # ---- writing ------------------------------------------------------------------------
    def _write(
        self,
        path: Path,
        data: pa.Table | pa.RecordBatchReader,
        footer_of: Callable[[str, int], Mapping[str, Any]],
        *,
        is_hashed: bool = True,
    ) -> None:
        """Write batches and, once the hash of their content is known, the footer."""
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
            write_sealed(path, self.place(path), schema, fill, is_durable=self._is_durable(path))
        except pa.ArrowInvalid as error:
            raise CannotWriteError(str(path), str(error)) from error
        with writing(path):
            _aside(path).unlink(missing_ok=True)


def _aside(path: Path) -> Path:
    """Location of a damaged file until it is rebuilt."""
    return path.with_name(DAMAGED + path.name)
