"""What Dagster sees: assets, jobs, checks, resources, the instance.

Keep this file free of Dagster: every process that opens the instance imports it. The filters keep
Dagster's notices about its beta parameters from users; the version is pinned to the one tested.
"""

import warnings

warnings.filterwarnings("ignore", message=".*is currently in (beta|preview).*")
warnings.filterwarnings("ignore", message=".*resolve_job_def.*")
