"""Stage `model_tests`: what must hold of the models' tables, tried on the rows of this very run.

Belongs here: running the queries of `dbt_like_sql/tests` and refusing a report over what they find. Does
not belong here: what they ask (each file says so).
"""

import json

import pyarrow as pa

from btassets.errors import CheckFailedError
from btassets.graph.analysis import MODEL_TESTS
from btassets.run.sql_models import run_tests_of
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings


def compute(tables: Tables, _settings: Settings) -> StageResult:
    """Table `model_tests` of the scenario."""
    results = run_tests_of(tables)
    rows = [
        {
            "scenario": tables.scenario,
            "test": result.name,
            "about": result.description,
            "n_failing": result.n_failing,
            "first_failing": json.dumps(result.sample[0], default=str) if result.sample else None,
        }
        for result in results
    ]
    numbers = {"tests": len(rows), "failing": sum(row["n_failing"] > 0 for row in rows)}
    return StageResult({"model_tests": pa.Table.from_pylist(rows, schema=MODEL_TESTS.schema)}, numbers)


def refuse_failing(tables: Tables) -> None:
    """Let a report through only over tables of which everything holds.

    Raises
    ------
    CheckFailedError
        A test found rows; the first of them is named.
    """
    for row in tables["model_tests"].read().to_pylist():
        if row["n_failing"]:
            found = f"{row['about']} {row['n_failing']} rows say otherwise, first {row['first_failing']}"
            raise CheckFailedError(row["test"], found)
