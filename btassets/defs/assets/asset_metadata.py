"""Content of an asset's page: column schema, numbers with stable keys, small tables.

Belongs here: turning stage outcomes into Dagster metadata. Does not belong here: the numbers.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from btassets.defs.placement import ALONE, Placement
from btassets.graph.columns import TableSpec
from btassets.run.stage_result import StageOutcome

OWNERS = ["team:research"]


def column_schema(spec: TableSpec) -> dict[str, Any]:
    """Definition metadata with the columns of a table, their types and units."""
    if spec.is_free:
        return {}
    columns = [
        dg.TableColumn(c.name, _shown_type(c.type), c.about, dg.TableColumnConstraints(nullable=c.nullable))
        for c in spec.columns
    ]
    return {"dagster/column_schema": dg.TableSchema(columns), "dagster/table_name": spec.name}


def _shown_type(kind: pa.DataType) -> str:
    """Arrow type in plain words; coded text counts as text."""
    return str(kind.value_type if pa.types.is_dictionary(kind) else kind)


def description(about: str, spec: TableSpec) -> str:
    """Page text of an asset: its question, then the meaning of one row."""
    return f"{about}\n\nOne row: {spec.about}" if spec.about != about else about


def plain(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of available numbers, floats to six digits; missing numbers are left out, never shown as 0."""
    return {
        key: float(f"{value:.6g}") if isinstance(value, float) else value
        for key, value in numbers.items()
        if value is not None
    }


def result(outcome: StageOutcome, table: str, place: Placement = ALONE) -> dg.MaterializeResult:
    """Materialization of one table of a stage: rows, whether it was skipped, numbers, data version."""
    footer = outcome.footers[table]
    metadata: dict[str, Any] = {"dagster/row_count": footer.n_rows, "cached": outcome.is_cached}
    if table == next(iter(outcome.footers)):
        metadata |= plain(outcome.numbers)
    return dg.MaterializeResult(
        asset_key=place.key(table), metadata=metadata, data_version=dg.DataVersion(footer.data_version)
    )
