"""Inputs of a stage at run time: readers of its declared tables, its external inputs, its labels.

Belongs here: reading declared tables whole, in parts or bucket by bucket, and refusing undeclared ones. Does not belong
here: locations of files (`btassets.storage.lake`), versions (`freshness.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import Book, own_overrides
from btassets.book.source_mark import remember_source
from btassets.errors import UndeclaredReadError
from btassets.graph.flow import STAGE_OF_STORE, STAGE_OF_TABLE, STAGES
from btassets.graph.outside import OUTSIDE
from btassets.graph.stage import Reads, Stage
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.resolve import resolve
from btassets.run.stage_code import code_version_of
from btassets.settings.declared import declared_settings
from btassets.settings.models import Settings
from btassets.storage.bucket_rows import ticker_slices
from btassets.storage.lake import BASE, Footer, Lake
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

MISSING = "missing"
"""Version of a table that was never written."""

TickerFacts = dict[str, dict[str, Any]]
"""Facts of each ticker from the footers of a bucketed table."""


def key_of(stage: Stage, book: Book) -> str:
    """Scope name of a stage's whole tables for this book and scenario."""
    return {"shared": BASE, "replay": book.replay, "scenario": book.scenario}[stage.keyed]


def folder_of_buckets(name: str, book: Book) -> str | None:
    """Folder of the lake with the buckets of a table or store; None for a whole table."""
    stage = STAGE_OF_STORE.get(name) or STAGE_OF_TABLE.get(name)
    if stage is None or not stage.is_partitioned:
        return None
    return name if stage.keyed == "shared" else f"{name}/{book.replay}"


def table_version(name: str, book: Book) -> str:
    """Version of a table (or store) in the lake, `missing` if it does not exist."""
    folder = folder_of_buckets(name, book)
    if folder is not None:
        # A store has the tickers and fingerprints of its stage's own table.
        stage = STAGE_OF_STORE.get(name)
        own = folder if stage is None else str(folder_of_buckets(stage.name, book))
        return book.lake.version_of_buckets(own) or MISSING
    stage = STAGE_OF_TABLE.get(name) or flow_of(book).stages[name]
    footer = book.lake.footer(name, key_of(stage, book))
    return MISSING if footer is None else footer.data_version


class WholeTable:
    """One whole table of the book in its scenario."""

    def __init__(self, lake: Lake, name: str, key: str) -> None:
        self.name = name
        self._lake = lake
        self._key = key

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows.

        Parameters
        ----------
        columns
            Columns to read; None: all.

        Raises
        ------
        UnknownTableError
            If the table was never written.
        """
        return self._lake.read(self.name, self._key, None if columns is None else list(columns))

    def where(self, columns: Sequence[str], expression: pc.Expression, *, wanted: Sequence[str] = ()) -> pa.Table:
        """Rows selected by `expression` over `columns`, in their order, with the columns `wanted` (empty: all)."""
        return self._lake.read_where(self.name, self._key, columns, expression, wanted=wanted)

    def parts(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The table in the parts in which it was written, at least one; never all of it in memory."""
        return self._lake.read_parts(self.name, self._key, columns)

    @property
    def footer(self) -> Footer | None:
        """Its footer; None before it was written."""
        return self._lake.footer(self.name, self._key)

    @property
    def facts(self) -> dict[str, Any]:
        """JSON values stored by its stage in the footer; empty before it was written."""
        footer = self.footer
        return {} if footer is None else footer.facts

    @property
    def n_rows(self) -> int:
        """Number of rows; 0 before it was written."""
        footer = self.footer
        return 0 if footer is None else footer.n_rows

    @property
    def stamp(self) -> tuple[str, int, int] | None:
        """Identifies one version of the file; None before it was written."""
        path = self._lake.path(self.name, self._key)
        try:
            facts = path.stat()
        except OSError:
            return None
        return str(path), facts.st_mtime_ns, facts.st_ino

    @property
    def files(self) -> list[Path]:
        """The file, for DuckDB.

        Raises
        ------
        UnknownTableError
            If the table was never written.
        """
        return [self._lake.existing_path(self.name, self._key)]


class BucketedTable:
    """One table or store in hash buckets of tickers; each bucket sorted by ticker (bytes)."""

    def __init__(self, lake: Lake, name: str, folder: str) -> None:
        self.name = name
        self._lake = lake
        self._folder = folder

    @property
    def buckets(self) -> range:
        """Numbers of the buckets; some may have no file."""
        return range(self._lake.n_buckets)

    def by_bucket(self, tickers: Iterable[str]) -> dict[int, list[str]]:
        """Tickers grouped by their bucket, both ascending."""
        return self._lake.by_bucket(tickers)

    def bucket(self, bucket: int, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Rows of one bucket, None if it does not exist or is damaged."""
        return self._lake.read_bucket(self._folder, bucket, None if columns is None else list(columns))

    def newest(self, bucket: int, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Rows of one bucket without those of its closed part: the last session's are among them."""
        return self._lake.read_newest(self._folder, bucket, None if columns is None else list(columns))

    def bucket_footer(self, bucket: int) -> TickerFacts:
        """Facts of each ticker of one bucket."""
        return self._lake.bucket_footer(self._folder, bucket)

    def slices(self, bucket: int) -> dict[str, tuple[int, int]]:
        """Offset and number of rows of each ticker in its bucket."""
        return ticker_slices(self.bucket_footer(bucket))

    def stamp(self, bucket: int) -> tuple[int, ...] | None:
        """Identifies one version of a bucket's file; None if it does not exist."""
        try:
            facts = self.path(bucket).stat()
        except OSError:
            return None
        return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns

    def path(self, bucket: int) -> Path:
        """File of one bucket, for messages."""
        return self._lake.bucket_path(self._folder, bucket)

    def footers(self) -> TickerFacts:
        """Facts of every ticker, in ticker (byte) order."""
        return self._lake.ticker_footers(self._folder)

    def read_note(self, name: str) -> dict[str, Any] | None:
        """Record stored beside the buckets under `name`; None if missing or damaged."""
        return read_sealed_json(self._note_path(name))

    def _note_path(self, name: str) -> Path:
        return self._lake.root / self._folder / f"{name}.json"

    @property
    def files(self) -> list[Path]:
        """Existing bucket files, ascending, for DuckDB."""
        return self._lake.bucket_files(self._folder)


class BucketWriter(BucketedTable):
    """A bucketed table updated by its own stage, bucket by bucket."""

    def lock(self, bucket: int) -> AbstractContextManager[None]:
        """Lock one bucket while it is read, changed and written; waits for other processes."""
        return self._lake.bucket_lock(self._folder, bucket)

    def remember_source(self, kind: str) -> None:
        """Record the source kind of the lake's bars; settings of another kind are then refused."""
        remember_source(self._lake.root, kind)

    def write_note(self, name: str, record: dict[str, Any]) -> None:
        """Store a record about all buckets beside them, with a checksum."""
        replace_sealed_json(self._note_path(name), record)

    def write(
        self,
        bucket: int,
        data: pa.Table,
        tickers: Mapping[str, Mapping[str, Any]],
        closed: pa.Table | str | None = None,
    ) -> None:
        """Write one bucket atomically with the facts of each of its tickers; for `closed` see `Lake.write_bucket`."""
        self._lake.write_bucket(self._folder, bucket, data, tickers, closed)

    def closed(self, bucket: int) -> str | None:
        """Name of the closed part of one bucket; None: it has none."""
        return self._lake.closed_name(self._folder, bucket)


@dataclass(frozen=True)
class RunContext:
    """Labels of the run: they appear in results but do not affect them.

    Attributes
    ----------
    scenario
        First column of every table of a scenario.
    settings_hash
        Of all settings, for the report.
    book_name
        Name of the book's folder.
    folder
        The book's folder, removed from texts shown to users.
    reports_name
        Name of the folder of the reports, below the book's.
    named_scenarios
        Scenarios of the settings file.
    overlay, overrides
        Origin of the scenario on the command line.
    all_overrides
        The same plus settings that affect no number, such as the executor.
    """

    scenario: str
    settings_hash: str
    book_name: str
    folder: Path
    reports_name: str
    named_scenarios: Sequence[str]
    overlay: str | None
    overrides: Mapping[str, Any]
    all_overrides: Mapping[str, Any]


class Tables:
    """The declared inputs of a stage (or another reader of a book), and nothing else.

    `tables["graded_setups"]` reads a whole table, `tables.bucketed("ohlcv_history")` one stored in buckets of tickers.
    An undeclared name raises `UndeclaredReadError`.

    Parameters
    ----------
    reader
        The declaration.
    book
        The book in one scenario.
    own
        Whether the stage may also read its own tables, to validate or show them. A partitioned stage always may,
        because it updates them bucket by bucket, and so may one that rereads them.
    """

    def __init__(self, reader: Stage | Reads, book: Book, *, own: bool = False) -> None:
        self._reader = reader
        self._book = book
        self._own = own

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self._book.scenario

    @property
    def reader(self) -> str:
        """Name of the reader."""
        return self._reader.name

    @cached_property
    def context(self) -> RunContext:
        """Labels of the run."""
        book = self._book
        return RunContext(
            scenario=book.scenario,
            settings_hash=book.resolved.hash,
            book_name=book.folder.name,
            folder=book.folder,
            reports_name=book.reports.name,
            named_scenarios=tuple(book.resolved.scenarios),
            overlay=book.overlay,
            overrides=own_overrides(book),
            all_overrides=book.overrides,
        )

    @property
    def code_version(self) -> str:
        """Hash of the code behind the reading stage."""
        if not isinstance(self._reader, Stage):
            raise UndeclaredReadError(self._reader.name, "code", "version", self._reader.place)
        return code_version_of(self._reader)

    @property
    def spill_folder(self) -> Path:
        """Folder for temporary files of queries that spill."""
        return self._book.lake.root

    def __getitem__(self, name: str) -> WholeTable:
        """Reader of a declared whole table."""
        self._require(name)
        if folder_of_buckets(name, self._book) is not None:
            raise TypeError(f"{name} is stored in buckets: use tables.bucketed({name!r})")
        return WholeTable(self._book.lake, name, key_of(self._stage_of(name), self._book))

    def bucketed(self, name: str) -> BucketedTable:
        """Reader of a declared table or store in buckets."""
        self._require(name)
        folder = folder_of_buckets(name, self._book)
        if folder is None:
            raise TypeError(f"{name} is a whole table: use tables[{name!r}]")
        return BucketedTable(self._book.lake, name, folder)

    def files(self, name: str) -> list[Path]:
        """Files of a declared table, for DuckDB; none for a bucketed table without rows.

        Raises
        ------
        UnknownTableError
            If a whole table was never written.
        """
        is_bucketed = folder_of_buckets(name, self._book) is not None
        return self.bucketed(name).files if is_bucketed else self[name].files

    def version(self, name: str) -> str:
        """Current version of a declared table or store, `missing` if it was never written."""
        self._require(name)
        return table_version(name, self._book)

    def _require(self, name: str) -> None:
        if name not in self._reader.reads and name not in self._own_names():
            raise UndeclaredReadError(self._reader.name, "table", name, self._reader.place)

    def outside(self, name: str) -> Any:
        """Value of a declared external input (see `btassets/graph/outside.py`)."""
        if name not in self._reader.outside:
            raise UndeclaredReadError(self._reader.name, "outside input", name, self._reader.place)
        return resolve(OUTSIDE[name].read)(self._book)

    def writer(self, name: str) -> BucketWriter:
        """Writer of the buckets of the reading partitioned stage: of its own table, or of one of its stores."""
        folder = folder_of_buckets(name, self._book)
        if folder is None or not isinstance(self._reader, Stage) or name not in self._own_names():
            raise UndeclaredReadError(self._reader.name, "table to write", name, self._reader.place)
        return BucketWriter(self._book.lake, name, folder)

    def _own_names(self) -> tuple[str, ...]:
        reader = self._reader
        if isinstance(reader, Stage) and (self._own or reader.is_partitioned or reader.rereads):
            return (*reader.outputs, *reader.stores)
        return ()

    def _stage_of(self, name: str) -> Stage:
        found = flow_of(self._book).stage_of_table(name)
        if found is not None:
            return found
        # A stage outside the flow (a test's, a user's) reads its own tables.
        return self._reader if isinstance(self._reader, Stage) else STAGES[name]


def settings_of(reader: Stage | Reads, book: Book) -> Settings:
    """Settings visible to `reader`: the base's for everything shared by all scenarios."""
    whole = book.base if isinstance(reader, Stage) and reader.keyed == "shared" else book.settings
    return declared_settings(whole, reader.settings, reader.name, reader.place)


def inputs_of(name: str, book: Book, *, own: bool = False) -> tuple[Tables, Settings]:
    """Tables and settings of a stage of the flow, as arguments of its `compute`."""
    stage = flow_of(book).stages[name]
    return Tables(stage, book, own=own), settings_of(stage, book)
