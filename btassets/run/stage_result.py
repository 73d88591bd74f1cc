"""Result of a stage, and its outcome in a run.

Belongs here: the result of a `compute`, its validation against the declared columns, the outcome of a run. Does not
belong here: running stages (`run_stage.py`), writing their outputs (`beside.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from btassets.counted import counted
from btassets.errors import TableContractError
from btassets.graph.columns import TableSpec
from btassets.storage.lake import Footer


@dataclass(frozen=True)
class StageResult:
    """Return value of a stage's `compute`.

    Attributes
    ----------
    tables
        Arrow tables by name, one per output of the stage; a reader is written as it is read.
    numbers
        A few numbers with stable keys for the asset's page; None if missing.
    facts
        JSON values stored in the footer for later stages or the command line.
    beside
        Outputs beyond tables, by their declared names.
    kept
        Parts for the stage's next run (`storage.kept_results`); None: the stage keeps none.
    """

    tables: Mapping[str, pa.Table | pa.RecordBatchReader]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, bytes] | None = None


@dataclass(frozen=True)
class ReportFiles:
    """Files of a report, returned by its stage and written by the runner.

    Attributes
    ----------
    folder
        Name of the report's folder.
    texts
        Content by file name.
    """

    folder: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class StageOutcome:
    """Outcome of a stage in this run."""

    name: str
    is_cached: bool
    footers: dict[str, Footer]

    @property
    def numbers(self) -> dict[str, Any]:
        """Numbers with stable keys, read from the footer, so that skipped stages have them too."""
        return next(iter(self.footers.values())).facts.get("numbers", {})


@dataclass(frozen=True)
class CheckFact:
    """One check: its name, whether it passed, its severity on failure, and its numbers."""

    check: str
    passed: bool
    severity: str = "WARN"
    numbers: dict[str, Any] = field(default_factory=dict)


def conform(spec: TableSpec, data: pa.Table | pa.RecordBatchReader) -> pa.Table | pa.RecordBatchReader:
    """Return `data` with exactly the declared columns, in order and with the declared types.

    Raises
    ------
    TableContractError
        If a column is missing, undeclared or of another type, or a key is null; for a reader, while its batches are
        read.
    """
    if spec.is_free and isinstance(data, pa.Table):
        return data
    missing = [n for n in spec.names if n not in data.schema.names]
    undeclared = [n for n in data.schema.names if n not in spec.names]
    if missing or undeclared:
        raise TableContractError(spec.name, f"missing columns {missing}, undeclared columns {undeclared}")
    if isinstance(data, pa.Table):
        return _conform_table(spec, data)
    batches = (part for batch in data for part in _conform_table(spec, pa.Table.from_batches([batch])).to_batches())
    return pa.RecordBatchReader.from_batches(spec.schema, batches)


def _conform_table(spec: TableSpec, table: pa.Table) -> pa.Table:
    try:
        conformed = table.select(list(spec.names)).cast(spec.schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableContractError(spec.name, str(error)) from error
    for column in spec.columns:
        if not column.nullable and conformed[column.name].null_count:
            n_null = conformed[column.name].null_count
            problem = f"{column.name} is null in {counted(n_null, 'row')} but must never be missing"
            raise TableContractError(spec.name, problem)
    return conformed
