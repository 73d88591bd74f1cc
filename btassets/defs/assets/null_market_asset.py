"""Asset `null_market`: the book's own market with the edge destroyed, run on request or nightly.

Belongs here: running missing versions with progress in the log. Does not belong here: a version
(`btassets.studies.null_market`), when the nightly job runs (`btassets.defs.schedules`). The job `everything` does not
include it: one version costs about as much as all stages below the bars.
"""

import dagster as dg
from pydantic import Field

from btassets.defs.assets import asset_metadata as metadata
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.graph.flow import STAGES, asset_of
from btassets.studies.null_market.versions import MAX_VERSIONS, READS, run_versions

NAME = "null_market"
DEFAULT_VERSIONS = 19


class NullMarketConfig(dg.Config):
    """Launch settings of the asset."""

    versions: int = Field(
        default=DEFAULT_VERSIONS, ge=1, le=MAX_VERSIONS, description="versions of the market; existing ones are reused"
    )


def build_null_market(place: Placement = ALONE) -> dg.AssetsDefinition:
    """The asset."""

    @dg.asset(
        name=NAME,
        key_prefix=place.prefix or None,
        group_name=place.name(STAGES["stat_signals"].group),
        description="Versions of this market whose edge is destroyed, for the report: what do the same numbers look "
        "like without an edge? Not part of `everything`; interrupted runs continue.",
        deps=[place.key(asset_of(name)) for name in READS.reads],
        owners=metadata.OWNERS,
        kinds={"python"},
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    @place.bind
    def null_market(
        context: dg.AssetExecutionContext, book: BookResource, config: NullMarketConfig
    ) -> dg.MaterializeResult:
        """Run the missing versions; the report shows them when it is next written."""
        n_run = run_versions(
            book.open(), config.versions, progress=lambda done, total: context.log.info(f"version {done} of {total}")
        )
        return dg.MaterializeResult(metadata={"versions": config.versions, "computed": n_run})

    return null_market
