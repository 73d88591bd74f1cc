"""Tables as CSV and JSON text for other programs.

Belongs here: cells that a spreadsheet must not execute, values valid in CSV and JSON. Does not belong here: the choice
of table (`look.py`, `sql.py`).
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = "^[=+\\-@\\t\\r]"
"""First characters of a cell that spreadsheets interpret as a formula."""


def safe_cell(value: Any) -> Any:
    """Value of a CSV cell: text that a spreadsheet would execute gets a leading apostrophe.

    >>> safe_cell("=cmd()"), safe_cell("-1+2"), safe_cell("AAPL"), safe_cell(-1.5), safe_cell(None)
    ("'=cmd()", "'-1+2", 'AAPL', -1.5, None)
    """
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@\t\r") and value else value


def safe_table(data: pa.Table) -> pa.Table:
    """Table with columns valid in CSV: labels and safe text, nested values as JSON."""
    for place, field in enumerate(data.schema):
        column = data[field.name] if data.schema.names.count(field.name) == 1 else data.column(place)
        if pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        elif pa.types.is_nested(field.type):
            text = [None if v is None else json.dumps(v, default=as_text) for v in column.to_pylist()]
            column = pa.chunked_array([pa.array(text, pa.string())])
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.replace_substring_regex(column, pattern=f"({_FORMULA})", replacement="'\\1")
        data = data.set_column(place, str(safe_cell(field.name)), column)
    return data


def csv_text(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """CSV text of rows, safe for spreadsheets, without the last line end."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in names])
    writer.writerows([safe_cell(_flat(value)) for value in row] for row in rows)
    return lines.getvalue().rstrip("\n")


def _flat(value: Any) -> Any:
    return json.dumps(value, default=as_text) if isinstance(value, list | dict) else value


def json_text(rows: list[dict[str, Any]] | dict[str, Any]) -> str:
    """JSON text of rows, or of an object that holds them; numbers that are not finite are null."""
    return json.dumps(_finite(rows), default=as_text, ensure_ascii=False, allow_nan=False, indent=0) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, tuple) and type(value) is not tuple:  # an interval of DuckDB
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list) or type(value) is tuple:
        return [_finite(inner) for inner in value]
    return value


def as_text(value: Any) -> str:
    """Text of a value without a JSON type."""
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
