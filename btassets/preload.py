"""What every step imports, imported once in the fork server.

Belongs here: imports only. Nothing here may start a thread or open a file that a fork would share.
"""

from btassets.compiled import use_cache_folder

use_cache_folder()

import dagster  # noqa: E402, F401
import dagster._core.executor.child_process_executor  # noqa: E402, F401
import dagster_duckdb  # noqa: E402, F401
import duckdb  # noqa: E402, F401
import pandas  # noqa: E402, F401  (dagster_duckdb needs it)
import pyarrow.parquet  # noqa: E402, F401

import btassets.definitions  # noqa: E402
import btassets.defs.event_log  # noqa: E402
import btassets.stages.candidates  # noqa: E402
import btassets.stages.portfolio_sims  # noqa: E402
import btassets.stages.sql_models  # noqa: E402, F401
