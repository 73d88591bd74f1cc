"""Converts engine arrays to Arrow tables: codes become labels, NaN, -1 and `NO_DAY` become null.

Belongs here: the one conversion from the engine's missing values to the lake's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.days import NO_DAY
from btassets.engine.replay.candidate_columns import LABELS
from btassets.graph.columns import TableSpec

Columns = Mapping[str, npt.NDArray[Any]]


def as_table(spec: TableSpec, by_ticker: Mapping[str, Columns]) -> tuple[pa.Table, dict[str, int]]:
    """Rows of many tickers as one table in byte order of the tickers, and the row count of each."""
    order = sorted(by_ticker, key=str.encode)
    counts = {ticker: len(by_ticker[ticker]["asof_date"]) for ticker in order}
    if not sum(counts.values()):
        return spec.schema.empty_table(), counts
    arrays: list[pa.Array] = []
    for field in spec.schema:
        if field.name == "ticker":
            place = np.repeat(np.arange(len(order), dtype=np.int32), list(counts.values()))
            arrays.append(pa.array(order, pa.string()).take(pa.array(place)))
        else:
            values = np.concatenate([by_ticker[ticker][field.name] for ticker in order])
            arrays.append(as_array(values, field.type, LABELS.get(field.name)))
    return pa.table(arrays, schema=spec.schema), counts


def as_array(values: npt.NDArray[Any], kind: pa.DataType, names: Sequence[str] | None = None) -> pa.Array:
    """One column: labels for codes, null for NaN, for negative codes and counts, and for `NO_DAY`."""
    if pa.types.is_dictionary(kind):
        codes = values.astype(np.int8, copy=False)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(names or (), pa.string()))
    if pa.types.is_boolean(kind):
        return pa.array(values.astype(np.bool_, copy=False))
    if pa.types.is_floating(kind):
        is_missing = np.isnan(values)
        return pa.array(values, kind, mask=is_missing) if is_missing.any() else pa.array(values, kind)
    is_missing = values == NO_DAY if pa.types.is_date(kind) else values < 0
    days_or_counts = pa.array(values, mask=is_missing) if is_missing.any() else pa.array(values)
    return days_or_counts.cast(kind)


def as_columns(spec: TableSpec, table: pa.Table) -> dict[str, npt.NDArray[Any]]:
    """Engine arrays of a table's rows: the inverse of `as_table`, without `ticker`."""
    columns: dict[str, npt.NDArray[Any]] = {}
    for field in spec.schema:
        if field.name == "ticker":
            continue
        column = table[field.name].combine_chunks()
        if pa.types.is_dictionary(field.type):
            names = {name: code for code, name in enumerate(LABELS[field.name])}
            codes = [names.get(value, -1) for value in column.to_pylist()]
            columns[field.name] = np.array(codes, dtype=np.int8)
        elif pa.types.is_boolean(field.type):
            columns[field.name] = column.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003  (the value)
        elif pa.types.is_floating(field.type):
            columns[field.name] = column.to_numpy(zero_copy_only=False)
        else:
            whole = column.cast(pa.int32()) if pa.types.is_date32(field.type) else column
            missing = NO_DAY if pa.types.is_date32(field.type) else -1
            columns[field.name] = whole.fill_null(missing).to_numpy(zero_copy_only=False)
    return columns
