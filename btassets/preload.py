"""Imports of every step, loaded once in the fork server.

Belongs here: imports, building the definitions and reading Dagster's own migrations once. Code here must not start a
thread or open a file that a fork would share.
"""

import gc
import importlib
import json
import os

from btassets.compiled import use_cache_folder
from btassets.storage.arrow_start import start_arrow_alone

use_cache_folder()
start_arrow_alone()

import dagster
import dagster_duckdb
import duckdb
import pyarrow.dataset
import pyarrow.parquet
import upath.implementations.local

import btassets.engine.replay.lookahead
import btassets.engine.replay.ticker
import btassets.instance.dagster_parts
import btassets.instance.event_log
import btassets.instance.runs.compute_logs
import btassets.run.sql_models
from btassets.defs.launch import reconstruct
from btassets.graph.flow import STAGES
from btassets.instance.dagster_home import EVENT_BATCH
from btassets.instance.migrations import remember_migrations
from btassets.instance.processes.fork_server import PREPARED, WORKER, is_fork_server, leave_quietly, share_server
from btassets.run.resolve import resolve

for _stage in STAGES.values():
    for _reference in (_stage.compute if not _stage.is_sql else "", _stage.judge):
        if _reference:
            resolve(_reference)

# Steps inherit the server's environment, not that of the requesting process.
for _name, _value in EVENT_BATCH.items():
    os.environ.setdefault(_name, _value)
remember_migrations()
if PREPARED in os.environ:
    reconstruct(*json.loads(os.environ[PREPARED]))
elif WORKER not in os.environ:
    from btassets.definitions import defs

    defs.get_repository_def().get_job("everything")
if is_fork_server():
    share_server()
    leave_quietly()
# Freeze everything loaded so far, so that child processes share these pages.
gc.collect()
gc.freeze()
