"""Keep Dagster's notices about beta parameters from users; we pin the version that we tested.

Belongs here: warning filters. Import this before anything that defines assets.
"""

import warnings

import dagster as dg

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", message=".*resolve_job_def.*")
