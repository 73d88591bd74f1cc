"""Asset `warehouse`: views over the lake for the DuckDB shell, pandas and notebooks.

Belongs here: writing them through the DuckDB resource, last in the graph. Does not belong here: the list of views
(`btassets.storage.warehouse`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from btassets.defs.assets import asset_metadata as metadata
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.graph.flow import STAGES
from btassets.run.own_flow.book_flow import BUILT_IN, BookFlow, flow_of
from btassets.storage.view_files import FILE_NAME, is_current, view_sources
from btassets.storage.warehouse import write_views


def build_warehouse(place: Placement = ALONE, flow: BookFlow = BUILT_IN) -> dg.AssetsDefinition:
    """The asset."""

    @dg.asset(
        name="warehouse",
        key_prefix=place.prefix or None,
        group_name=place.name(STAGES["backtest_report"].group),
        description="Every table as a view in one file, for your own queries: `duckdb warehouse.duckdb`.",
        deps=[
            place.key(name)
            for name in ("backtest_report", *(n for n, stage in STAGES.items() if stage.keyed != "scenario"), *flow.own)
        ],
        owners=metadata.OWNERS,
        kinds={"duckdb"},
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    @place.bind
    def warehouse(
        context: dg.AssetExecutionContext, book: BookResource, duckdb: DuckDBResource
    ) -> dg.MaterializeResult:
        """Rewrite the views if the set of tables or the book's folder changed."""
        return _write(context, book, duckdb)

    return warehouse


def _write(context: dg.AssetExecutionContext, book: BookResource, duckdb: DuckDBResource) -> dg.MaterializeResult:
    opened = book.open()
    views = flow_of(opened).views
    is_kept = is_current(opened.folder, opened.lake, views())
    if not is_kept:

        @contextmanager
        def connect(path: str) -> Iterator[Any]:
            # The resource's own settings, applied to the temporary file before the rename.
            with duckdb.model_copy(update={"database": path}).get_connection() as connection:
                yield connection

        write_views(opened.folder, opened.lake, views(), connect)
    context.log.info("views unchanged" if is_kept else "views written")
    return dg.MaterializeResult(
        metadata={"views": len(view_sources(opened.lake, views())), "cached": is_kept, "file": FILE_NAME}
    )
