"""Dagster definitions: assets, jobs, checks, resources.

Keep this file free of Dagster imports: every process that opens the instance imports it. The filters suppress Dagster's
notices about its beta parameters; the version is pinned to the tested one.
"""

import warnings

warnings.filterwarnings("ignore", message=".*is currently in (beta|preview).*")
warnings.filterwarnings("ignore", message=".*resolve_job_def.*")
