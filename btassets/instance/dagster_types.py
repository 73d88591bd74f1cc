"""Types of Dagster without a public name, for annotations elsewhere.

Belongs here: aliases only.
"""

from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

AssetJob = UnresolvedAssetJobDefinition
"""Result of `dg.define_asset_job`."""
