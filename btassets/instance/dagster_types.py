"""Types of Dagster that have no public name, for annotations elsewhere.

Belongs here: aliases alone.
"""

from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

AssetJob = UnresolvedAssetJobDefinition
"""What `dg.define_asset_job` returns."""
