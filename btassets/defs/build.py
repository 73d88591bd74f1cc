"""All definitions of a book, built by one function, so that tests can build others.

Belongs here: putting assets, jobs, resources and executor together.
"""

from pathlib import Path

import dagster as dg
from dagster_duckdb import DuckDBResource

from btassets.book.book import Book
from btassets.defs.assets.bar_assets import ohlcv_history
from btassets.defs.assets.null_market_asset import null_market
from btassets.defs.assets.replay_assets import build_candidates
from btassets.defs.assets.table_assets import build_whole_assets
from btassets.defs.assets.warehouse_asset import warehouse
from btassets.defs.jobs import build_jobs
from btassets.defs.resources import BookResource
from btassets.defs.schedules import build_schedules
from btassets.defs.sensors import build_sensors
from btassets.instance.runs.executors import book_executor
from btassets.instance.runs.loggers import console
from btassets.storage.warehouse import FILE_NAME


def build_defs(
    book: BookResource,
    n_shards: int,
    *,
    executor: dg.ExecutorDefinition | None = None,
    automated: Book | None = None,
    notice: str | None = None,
) -> dg.Definitions:
    """Definitions of one book.

    Parameters
    ----------
    book
        The book of a run unless its launch names another.
    n_shards
        Parallel steps of the replay; 0: one per core.
    executor
        Instead of the book's own.
    automated
        The open book whose schedule and sensors belong to the definitions; None: no schedule or sensors.
    notice
        Text on the page of the code location, beside the definitions; None: nothing.
    """
    jobs = build_jobs(None if automated is None else automated.base)
    kind = "auto" if automated is None else automated.base.executor.kind
    everything = next(job for job in jobs if job.name == "everything")
    return dg.Definitions(
        assets=[ohlcv_history, build_candidates(n_shards), *build_whole_assets(), null_market, warehouse],
        jobs=jobs,
        sensors=[] if automated is None else build_sensors(everything),
        schedules=[] if automated is None else build_schedules(jobs, automated),
        resources={"book": book.with_defaults(), "duckdb": DuckDBResource(database=str(Path(book.folder) / FILE_NAME))},
        loggers={"console": console},
        executor=executor or book_executor(Path(book.folder), kind),
        metadata={"notice": notice} if notice else None,
    )
