"""What every step imports, imported once in the fork server.

Belongs here: imports, and putting the definitions together once. Nothing here may start a thread or
open a file that a fork would share.
"""

import gc

from btassets.compiled import use_cache_folder

use_cache_folder()

import dagster
import dagster._core.executor.child_process_executor
import dagster_duckdb
import duckdb
import pandas
import pyarrow.parquet

import btassets.definitions
import btassets.defs.event_log
import btassets.stages.candidates
import btassets.stages.portfolio_sims
import btassets.stages.sql_models

btassets.definitions.defs.get_repository_def()
# What is here stays: a step's garbage collector neither looks through it nor copies its pages.
gc.collect()
gc.freeze()
