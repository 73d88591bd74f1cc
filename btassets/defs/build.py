"""All definitions of a book, built by one function, so that tests can build others.

Belongs here: putting assets, jobs, resources and executor together. Does not belong here: a book inside another
deployment (`btassets.defs.embed`).
"""

from pathlib import Path

import dagster as dg
from dagster_duckdb import DuckDBResource

from btassets.book.book import Book
from btassets.defs.assets.bar_assets import build_ohlcv_history
from btassets.defs.assets.null_market_asset import build_null_market
from btassets.defs.assets.replay_assets import build_candidates
from btassets.defs.assets.table_assets import build_whole_assets
from btassets.defs.assets.warehouse_asset import build_warehouse
from btassets.defs.jobs import build_jobs
from btassets.defs.placement import ALONE, BOOK, DUCKDB, Placement
from btassets.defs.resources import BookResource
from btassets.defs.schedules import build_schedules
from btassets.defs.sensors import build_sensors
from btassets.instance.runs.executors import book_executor, locked_executor
from btassets.instance.runs.loggers import console
from btassets.own.discover import find_sources
from btassets.run.own_flow.book_flow import flow_of_sources
from btassets.storage.view_files import FILE_NAME


def book_defs(
    book: BookResource,
    n_shards: int,
    *,
    executor: dg.ExecutorDefinition | None = None,
    automated: Book | None = None,
    notice: str | None = None,
) -> dg.Definitions:
    """Definitions of one book in a code location of its own.

    Parameters
    ----------
    book
        The book of a run unless its launch names another.
    n_shards
        Parallel steps of the replay; 0: one per core.
    executor
        Instead of the book's own; it holds the book's lock, too.
    automated
        The open book whose schedule and sensors belong to the definitions; None: no schedule or sensors.
    notice
        Text on the page of the code location, beside the definitions; None: nothing.
    """
    folder = Path(book.folder)
    kind = "auto" if automated is None else automated.base.executor.kind
    return dg.Definitions.merge(
        parts(book, n_shards, ALONE, automated=automated),
        dg.Definitions(
            loggers={"console": console},
            executor=book_executor(folder, kind) if executor is None else locked_executor(folder, executor, n_shards),
            metadata={"notice": notice} if notice else None,
        ),
    )


def parts(
    book: BookResource,
    n_shards: int,
    place: Placement,
    *,
    executor: dg.ExecutorDefinition | None = None,
    automated: Book | None = None,
) -> dg.Definitions:
    """Assets, jobs, resources, schedules and sensors of a book: what can be merged with other definitions.

    Parameters
    ----------
    place
        Names of the book's definitions.
    executor
        Of every job; None: the code location's.
    """
    flow = flow_of_sources(find_sources(Path(book.folder)))
    jobs = build_jobs(None if automated is None else automated.base, place, executor, flow)
    everything = next(job for job in jobs if job.name == place.name("everything"))
    return dg.Definitions(
        assets=[
            build_ohlcv_history(place),
            build_candidates(n_shards, place),
            *build_whole_assets(place, flow),
            build_null_market(place),
            build_warehouse(place, flow),
        ],
        jobs=jobs,
        sensors=[] if automated is None else build_sensors(everything, place),
        schedules=[] if automated is None else build_schedules(jobs, automated, place),
        resources={
            place.name(BOOK): book.with_defaults(),
            place.name(DUCKDB): DuckDBResource(database=str(Path(book.folder) / FILE_NAME)),
        },
    )
