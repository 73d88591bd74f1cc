"""Run one whole-table stage: skip it when its inputs are unchanged, else compute and write.

Belongs here: the one way in which every unpartitioned stage is skipped, computed, checked against
its contract and written; assets and the scenario job both call it. Does not belong here: what a
stage computes (its own module) and the two ticker-partitioned stages.
"""

import importlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from btassets.book.book import Book
from btassets.errors import TableContractError
from btassets.graph.registry import STAGES, Stage
from btassets.graph.tables import TABLES, TableSpec
from btassets.run.freshness import equals_base, input_hash, is_fresh, key_of
from btassets.storage.lake import Footer
from btassets.storage.memory import give_back_memory

MOST_THREADS = 4
"""Stages that run side by side in one process at most: each one holds its tables in memory."""


@dataclass(frozen=True)
class StageResult:
    """What a stage's `compute` returns.

    Attributes
    ----------
    tables
        Arrow tables by name, one per output of the stage; a reader is written as it is read.
    numbers
        Few numbers with stable keys for the asset's page; None where there is none.
    facts
        JSON values that later stages or the command line read back from the footer.
    """

    tables: dict[str, pa.Table | pa.RecordBatchReader]
    numbers: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StageOutcome:
    """What became of a stage in this run."""

    name: str
    is_cached: bool
    footers: dict[str, Footer]

    @property
    def numbers(self) -> dict[str, Any]:
        """Numbers with stable keys, read from the footer, so that a skipped stage shows them too."""
        return next(iter(self.footers.values())).facts.get("numbers", {})


def conform(spec: TableSpec, data: pa.Table | pa.RecordBatchReader) -> pa.Table | pa.RecordBatchReader:
    """Return `data` with exactly the declared columns, in order and of the declared types.

    Raises
    ------
    TableContractError
        When a column is missing, undeclared or of another kind, or a key is null; from a reader when
        its batches are read.
    """
    missing = [n for n in spec.names if n not in data.schema.names]
    undeclared = [n for n in data.schema.names if n not in spec.names]
    if missing or undeclared:
        raise TableContractError(spec.name, f"missing columns {missing}, undeclared columns {undeclared}")
    if isinstance(data, pa.Table):
        return _conform_table(spec, data)
    batches = (part for batch in data for part in _conform_table(spec, pa.Table.from_batches([batch])).to_batches())
    return pa.RecordBatchReader.from_batches(spec.schema, batches)


def _conform_table(spec: TableSpec, table: pa.Table) -> pa.Table:
    try:
        conformed = table.select(list(spec.names)).cast(spec.schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableContractError(spec.name, str(error)) from error
    for column in spec.columns:
        if not column.nullable and conformed[column.name].null_count:
            raise TableContractError(
                spec.name, f"{column.name} is null in {conformed[column.name].null_count} rows and may not be"
            )
    return conformed


def stale_stage(name: str, book: Book) -> str | None:
    """Return the input hash of a stage when it has to be computed, None when it is fresh."""
    expected = input_hash(name, book)
    return None if is_fresh(name, book, expected) else expected


def run_stage(name: str, book: Book) -> StageOutcome:
    """Bring one whole-table stage up to date.

    Raises
    ------
    BtassetsError
        Whatever the stage refuses; nothing is written then.
    """
    stage = STAGES[name]
    expected = stale_stage(name, book)
    if expected is None:
        return StageOutcome(name, is_cached=True, footers=_footers(stage, book))
    computed = _relabelled if equals_base(name, book) else _compute
    outcome = store(name, book, expected, computed(name, book))
    # The next stage of this process starts from what it needs, not from the largest one before it.
    give_back_memory()
    return outcome


def _relabelled(name: str, book: Book) -> StageResult:
    """The base's tables under the scenario's name."""
    stage = STAGES[name]
    tables: dict[str, pa.Table | pa.RecordBatchReader] = {}
    facts: dict[str, Any] = {}
    for output in stage.outputs:
        table = book.lake.read(output)
        tables[output] = table.set_column(0, "scenario", pa.repeat(book.scenario, table.num_rows))
        footer = book.lake.footer(output)
        facts = footer.facts if footer is not None else facts
    return StageResult(tables, facts.get("numbers", {}), facts)


def run_stages(names: Iterable[str], book: Book, *, n_threads: int | None = None) -> Iterator[StageOutcome]:
    """Bring several whole-table stages up to date, side by side as far as they do not read each other.

    DuckDB, Arrow and compiled code let other threads run; each stage adds its numbers up by itself, so
    that the answers do not depend on `n_threads` (default: one per core, at most `MOST_THREADS`). Of the
    stages that could start, the one with the most work behind it does.

    Yields
    ------
    StageOutcome
        As stages end.

    Raises
    ------
    BtassetsError
        The first refusal, after what runs beside it has ended and was yielded; nothing new starts then.
    """
    wanted = {name for name in STAGES if name in set(names)}
    waiting, running = set(wanted), dict[Future[StageOutcome], str]()
    behind = {name: _work_behind(name, wanted) for name in wanted}
    width = n_threads or min(os.cpu_count() or 1, MOST_THREADS)
    failure: Exception | None = None
    pool = ThreadPoolExecutor(max_workers=width)
    try:
        while running or (waiting and failure is None):
            unfinished = waiting | set(running.values())
            ready = [name for name in STAGES if name in waiting and not unfinished & set(STAGES[name].reads)]
            ready.sort(key=lambda name: -behind[name])  # the sort is stable: equal ones in flow order
            for name in ready[: width - len(running)] if failure is None else ():
                running[pool.submit(run_stage, name, book)] = name
                waiting.remove(name)
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(ended, key=lambda future: list(STAGES).index(running[future])):
                del running[future]
                error = future.exception()
                if error is None:
                    yield future.result()
                elif isinstance(error, Exception):
                    failure = failure or error
                else:
                    raise error
        if failure is not None:
            raise failure
    finally:
        # Interrupted, the process ends: what still runs writes whole files or none.
        pool.shutdown(wait=not running, cancel_futures=True)


def _work_behind(name: str, wanted: set[str]) -> float:
    """Work of a stage and of the longest chain that waits for it."""
    later = [_work_behind(other, wanted) for other in wanted if name in STAGES[other].reads]
    return STAGES[name].work + max(later, default=0.0)


def _compute(name: str, book: Book) -> StageResult:
    if "sql" in STAGES[name].kinds:
        from btassets.run.sql_models import compute_model

        return compute_model(name, book)
    return importlib.import_module(STAGES[name].module).compute(book)


def store(name: str, book: Book, expected: str, result: StageResult) -> StageOutcome:
    """Write a stage's tables with their input hash; the stage's own table is written last.

    A kill between two of them leaves the stage stale, because it is fresh only when all agree.
    """
    stage = STAGES[name]
    key = key_of(stage, book)
    facts = {**result.facts, "numbers": result.numbers}
    footers: dict[str, Footer] = {}
    for table in reversed(stage.outputs):
        conformed = conform(TABLES[table], result.tables[table])
        footers[table] = book.lake.write(table, conformed, expected, key, facts)
    return StageOutcome(name, is_cached=False, footers={t: footers[t] for t in stage.outputs})


def _footers(stage: Stage, book: Book) -> dict[str, Footer]:
    found = {t: book.lake.footer(t, key_of(stage, book)) for t in stage.outputs}
    return {table: footer for table, footer in found.items() if footer is not None}
