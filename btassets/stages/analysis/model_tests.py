"""Stage `model_tests`: consistency rules on the models' tables, tested on the rows of this run.

Belongs here: running the queries of `dbt_like_sql/tests` and refusing a report if they return rows. Does not belong
here: the rules (see each file).
"""

import json

import pyarrow as pa

from btassets.errors import CheckFailedError
from btassets.graph.analysis import MODEL_TESTS
from btassets.run.sql_models import run_tests_of
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `model_tests` of the scenario."""
    results = run_tests_of(tables, settings)
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
    """Fail the report when any model test found a failing row.

    Raises
    ------
    CheckFailedError
        A test returned rows; the message shows the first.
    """
    for row in tables["model_tests"].read().to_pylist():
        if row["n_failing"]:
            found = f"{row['about']} {row['n_failing']} rows violate this, first {row['first_failing']}"
            raise CheckFailedError(row["test"], found)
