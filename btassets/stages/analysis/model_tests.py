"""Stage `model_tests`: what must hold of the models' tables, tried on the rows of this very run.

Belongs here: running the queries of `dbt_like_sql/tests` and refusing a report over what they find. Does
not belong here: what they ask (each file says so).
"""

import json

import pyarrow as pa

from btassets.book.book import Book
from btassets.errors import CheckFailedError
from btassets.graph.registry import STAGE_OF_TABLE
from btassets.graph.tables import MODEL_TESTS
from btassets.run.freshness import key_of
from btassets.run.run_stage import StageResult
from btassets.run.sql_models import MEMORY_LIMIT, database, load_tests, run_tests


def compute(book: Book) -> StageResult:
    """Table `model_tests` of the scenario."""
    tables = sorted({table for test in load_tests().values() for table in test.upstream})
    files = {t: [book.lake.existing_path(t, key_of(STAGE_OF_TABLE[t], book))] for t in tables}
    with database(book.lake.root, MEMORY_LIMIT) as connection:
        results = run_tests(files, connection=connection)
    rows = [
        {
            "scenario": book.scenario,
            "test": result.name,
            "about": result.description,
            "n_failing": result.n_failing,
            "first_failing": json.dumps(result.sample[0], default=str) if result.sample else None,
        }
        for result in results
    ]
    numbers = {"tests": len(rows), "failing": sum(row["n_failing"] > 0 for row in rows)}
    return StageResult({"model_tests": pa.Table.from_pylist(rows, schema=MODEL_TESTS.schema)}, numbers)


def refuse_failing(book: Book) -> None:
    """Let a report through only over tables of which everything holds.

    Raises
    ------
    CheckFailedError
        A test found rows; the first of them is named.
    """
    for row in book.lake.read("model_tests", book.scenario).to_pylist():
        if row["n_failing"]:
            found = f"{row['about']} {row['n_failing']} rows say otherwise, first {row['first_failing']}"
            raise CheckFailedError(row["test"], found)
