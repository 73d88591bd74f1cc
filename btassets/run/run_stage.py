"""Run one whole-table stage: skip it if its inputs are unchanged, else compute and write.

Belongs here: skipping, computing, validating and writing every unpartitioned stage; assets and the scenario job both
call it. Does not belong here: the computation of a stage (its own module) and the two ticker-partitioned stages.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import pyarrow as pa

from btassets.book.book import Book
from btassets.engine.conventions import replay_holds
from btassets.errors import TableContractError
from btassets.graph.flow import upstream
from btassets.graph.outside import BESIDE
from btassets.graph.stage import Stage
from btassets.run.freshness import Inputs, equals_base, inputs_now, is_fresh
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.resolve import resolve
from btassets.run.stage_result import StageOutcome, StageResult, conform
from btassets.run.tables import Tables, key_of, settings_of
from btassets.storage.kept_results import keep_parts
from btassets.storage.lake import Footer
from btassets.storage.memory import give_back_memory

MOST_THREADS = 4
"""Maximum number of concurrent stages in one process: each holds its tables in memory."""


def stale_stage(name: str, book: Book) -> Inputs | None:
    """Return the inputs of a stage if it must be computed, None if it is fresh."""
    inputs = inputs_now(name, book)
    return None if is_fresh(name, book, inputs.hash(name)) else inputs


def run_stage(name: str, book: Book) -> StageOutcome:
    """Update one whole-table stage.

    Raises
    ------
    BtassetsError
        Any error of the stage; nothing is written then.
    """
    stage = flow_of(book).stages[name]
    inputs = stale_stage(name, book)
    if inputs is None:
        return StageOutcome(name, is_cached=True, footers=_footers(stage, book))
    if equals_base(name, book):
        outcome = store(name, book, inputs, _relabelled(name, book))
    else:
        result = compute(stage, book)
        write_beside(stage, book, result)
        outcome = store(name, book, inputs, result)
    # Release memory of this stage, so that the next one does not start from its peak.
    give_back_memory()
    return outcome


def compute(stage: Stage, book: Book) -> StageResult:
    """Result of a stage on its declared tables and settings; writes nothing.

    Raises
    ------
    UndeclaredReadError
        If it reads an undeclared input.
    """
    tables = Tables(stage, book)
    if stage.is_sql:
        return resolve("btassets.run.sql_models:compute_model")(stage.name, tables, book.settings)
    return resolve(stage.compute)(tables, settings_of(stage, book))


def write_beside(stage: Stage, book: Book, result: StageResult) -> None:
    """Write a stage's outputs beyond tables.

    Raises
    ------
    TableContractError
        If they are not the declared ones.
    """
    if set(result.beside) != set(stage.writes):
        returned, declared = sorted(result.beside), sorted(stage.writes)
        raise TableContractError(stage.name, f"returned {returned} beside its tables, but declares {declared}")
    for name in stage.writes:
        resolve(BESIDE[name].write)(book, result.beside[name])


def _relabelled(name: str, book: Book) -> StageResult:
    """Copy the base's tables under the scenario's name."""
    stage = flow_of(book).stages[name]
    tables: dict[str, pa.Table | pa.RecordBatchReader] = {}
    facts: dict[str, Any] = {}
    for output in stage.outputs:
        table = book.lake.read(output)
        tables[output] = table.set_column(0, "scenario", pa.repeat(book.scenario, table.num_rows))
        footer = book.lake.footer(output)
        facts = footer.facts if footer is not None else facts
    return StageResult(tables, facts.get("numbers", {}), facts)


def run_stages(names: Iterable[str], book: Book, *, n_threads: int | None = None) -> Iterator[StageOutcome]:
    """Update several whole-table stages, concurrently where they do not depend on each other.

    DuckDB, Arrow and compiled code release the GIL; each stage accumulates its own numbers, so results do not depend on
    `n_threads` (default: one per core, at most `MOST_THREADS`). Among the stages that could start, the head of the
    longest remaining path starts first.

    Yields
    ------
    StageOutcome
        In order of completion.

    Raises
    ------
    BtassetsError
        The first error, after concurrent stages have finished and were yielded; no further stage is started.
    """
    stages = flow_of(book).stages
    wanted = {name for name in stages if name in set(names)}
    waiting, running = set(wanted), dict[Future[StageOutcome], str]()
    before = {name: upstream(stages[name], stages) for name in wanted}
    behind = {name: _work_behind(name, before, stages) for name in wanted}
    width = n_threads or min(os.cpu_count() or 1, MOST_THREADS)
    failure: Exception | None = None
    pool = ThreadPoolExecutor(max_workers=width)
    try:
        while running or (waiting and failure is None):
            unfinished = waiting | set(running.values())
            ready = [name for name in stages if name in waiting and not unfinished.intersection(before[name])]
            ready.sort(key=lambda name: -behind[name])  # the sort is stable: ties stay in flow order
            for name in ready[: width - len(running)] if failure is None else ():
                running[pool.submit(run_stage, name, book)] = name
                waiting.remove(name)
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(ended, key=lambda future: list(stages).index(running[future])):
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
        # On an interrupt the process ends; running stages write complete files or none.
        pool.shutdown(wait=not running, cancel_futures=True)


def _work_behind(name: str, before: Mapping[str, Sequence[str]], stages: Mapping[str, Stage]) -> float:
    """Work of a stage and of the longest chain that depends on it; `before`: the stages each one depends on."""
    later = [_work_behind(other, before, stages) for other, waits_for in before.items() if name in waits_for]
    return stages[name].work + max(later, default=0.0)


def store(name: str, book: Book, inputs: Inputs, result: StageResult) -> StageOutcome:
    """Write a stage's tables with their input hash; the stage's own table is written last.

    A kill in between leaves the stage stale, because it is fresh only if all tables agree.
    """
    stage = flow_of(book).stages[name]
    key = key_of(stage, book)
    facts = {**result.facts, "numbers": result.numbers}
    holds, gates = replay_holds(book.settings.exits.hold_days), book.settings.gates.named()
    footers: dict[str, Footer] = {}
    if result.kept is not None:
        keep_parts(book.lake.root, name, key, result.kept)
    for spec in reversed(stage.tables):
        conformed = conform(spec.under(holds).beside(gates), result.tables[spec.name])
        # The stage's own table stores the parts of the hash, so that a later plan can explain changes.
        own = {"inputs": inputs.as_facts()} if spec.name == name else {}
        kept = {k: v for k, v in facts.items() if k != "inputs"} | own
        footers[spec.name] = book.lake.write(spec.name, conformed, inputs.hash(name), key, kept)
    return StageOutcome(name, is_cached=False, footers={t: footers[t] for t in stage.outputs})


def _footers(stage: Stage, book: Book) -> dict[str, Footer]:
    found = {t: book.lake.footer(t, key_of(stage, book)) for t in stage.outputs}
    return {table: footer for table, footer in found.items() if footer is not None}
