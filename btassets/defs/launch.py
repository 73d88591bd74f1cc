"""Runs started by the command line, in the book's own instance.

Belongs here: choosing partitions and assets for a plan, executing in this process or over processes. Does not belong
here: the plan (`btassets.plan`), failures (`btassets.defs.failures`), terminal output (`btassets.cli`).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from btassets.arrivals.of_book import active_tickers
from btassets.book.book import Book, open_book
from btassets.defs.assets.bar_assets import FULL_TAG
from btassets.defs.build import book_defs
from btassets.defs.failures import RunFailure, read_failure
from btassets.defs.resources import BookResource
from btassets.defs.schedules import MODULE
from btassets.graph.flow import PARTITIONED
from btassets.instance.dagster_home import open_instance
from btassets.instance.processes.fork_server import launch_words, prepare_launch
from btassets.instance.runs.dead_runs import close_dead_runs, process_tags
from btassets.instance.runs.retention import retain
from btassets.instance.runs.timeline import name_origin
from btassets.instance.ticker_ranges import range_tags, register
from btassets.plan import RunPlan
from btassets.run.own_flow.book_flow import flow_of

_LOGGERS = {"loggers": {"console": {}}}
SPREAD = ("multiprocess", "celery")
"""Values of `executor.kind` whose steps run in processes of their own."""

_reconstructed: dict[tuple[str, str, str], dg.JobDefinition] = {}


def reconstruct(folder: str, words: str) -> dg.JobDefinition:
    """Job `everything` of a book, in another process; `words` come from `fork_server.launch_words`.

    Dagster asks twice in every step; the job is built once, in the server from which steps are forked.
    """
    overrides, is_full, only = json.loads(words)
    book = open_book(Path(folder), overrides=overrides)
    key = (folder, words, book.resolved.hash)
    if key not in _reconstructed:
        resource = BookResource.of(book, full=is_full, only=only)
        _reconstructed.clear()
        _reconstructed[key] = book_defs(resource, book.base.executor.shards).resolve_job_def("everything")
    return _reconstructed[key]


def _tags(book: Book) -> dict[str, str]:
    """Tags of every run: how it was started, its scenario, its settings."""
    return {
        **process_tags(),
        "btassets/started_by": "command line",
        "btassets/scenario": book.scenario,
        "btassets/settings_hash": book.resolved.hash,
    }


def launch(
    book: Book,
    plan: RunPlan,
    *,
    n_threads: int,
    kind: str = "in_process",
    is_full: bool = False,
    only: Sequence[str] = (),
) -> RunFailure | None:
    """Update the base scenario by one Dagster run; None if it succeeded.

    If bars must be read, the run spans every ticker, because T may move and with it every ticker's row at T; otherwise
    the smallest range that covers the stale ones, or no partition. `kind` is `in_process`, or one of `SPREAD`.
    """
    with open_instance(book.instance) as instance:
        name_origin(instance, MODULE)
        close_dead_runs(instance)
        register(instance, plan.ingest.listed)
        assets = [dg.AssetKey(table) for name in plan.stages for table in flow_of(book).stages[name].outputs]
        if "backtest_report" in plan.stages:
            assets.append(dg.AssetKey("warehouse"))
        tags = _tags(book) | ({FULL_TAG: "command line"} if is_full and not only else {})
        if set(plan.stages) & set(PARTITIONED):
            # Includes replayed tickers that left the lake, because their rows must be removed.
            known = [*plan.ingest.listed, *active_tickers(book), *book.lake.ticker_footers(book.candidates)]
            spanned = known if plan.ingest.stale or plan.ingest.is_list_new else plan.replay
            tags |= range_tags(instance, spanned)
        if kind in SPREAD:
            words = launch_words(book.overrides, only, is_full=is_full)
            if kind == "multiprocess":
                prepare_launch(book.folder, words)
            config = _LOGGERS | {"execution": {"config": {"kind": kind}}}
            arguments: Any = (str(book.folder), words)
            job = dg.build_reconstructable_job("btassets.defs.launch", "reconstruct", arguments)
            with dg.execute_job(
                job, instance, tags=tags, asset_selection=assets, raise_on_error=False, run_config=config
            ) as result:
                return None if result.success else read_failure(instance, result.run_id)
        resource = BookResource.of(book, threads=n_threads, full=is_full, only=only)
        job = book_defs(resource, book.base.executor.shards).resolve_job_def("everything")
        result = job.execute_in_process(
            instance=instance, asset_selection=assets, tags=tags, raise_on_error=False, run_config=_LOGGERS
        )
        retain(instance, book)
        return None if result.success else read_failure(instance, result.run_id)


def launch_scenario(book: Book, *, n_threads: int) -> RunFailure | None:
    """Compute one scenario as its own Dagster run; None if it succeeded."""
    with open_instance(book.instance) as instance:
        name_origin(instance, MODULE)
        close_dead_runs(instance)
        defs = book_defs(BookResource.of(book, threads=n_threads), book.base.executor.shards)
        tags = {
            **process_tags(),
            "btassets/scenario": book.scenario,
            "btassets/started_by": "command line",
        }
        job = defs.resolve_job_def("scenario")
        result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False, run_config=_LOGGERS)
        retain(instance, book)
        return None if result.success else read_failure(instance, result.run_id)
