"""Inputs of the function of an own stage: its declared tables and settings, and nothing else.

Belongs here: reading the files of declared tables in the child process, refusing what is not declared. Does not belong
here: which files these are (`btassets.run.tables`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from btassets.errors import UndeclaredReadError
from btassets.own.containment import Containment
from btassets.own.stages.row_order import sorted_rows


@dataclass(frozen=True)
class Given:
    """A declared table: its files, its sort columns, and its columns if there is no file (an Arrow schema as bytes)."""

    files: Sequence[str]
    order: Sequence[str]
    schema: bytes

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows in the order of the table, with the columns `columns` (None: all)."""
        if not self.files:
            empty = pa.ipc.read_schema(pa.py_buffer(self.schema)).empty_table()
            return empty if columns is None else empty.select(list(columns))
        wanted = None if columns is None else list(dict.fromkeys((*columns, *self.order)))
        parts = [_file(file, wanted) for file in self.files]
        data = pa.concat_tables(parts).unify_dictionaries().replace_schema_metadata(None)
        data = sorted_rows(data, self.order) if self.order else data
        return data if columns is None else data.select(list(columns))


def _file(path: str, columns: list[str] | None) -> pa.Table:
    """Columns of one file; `pq.read_table` would take a folder named `a=b` for a column."""
    with pq.ParquetFile(path) as file:
        return file.read(columns=columns)


class StageTables:
    """Declared tables of a stage.

    `tables["graded_setups"]` is a pandas frame, dates as datetime64; `tables.read(name, columns)` one of some columns;
    `tables.arrow(name, columns)` the Arrow table.
    """

    def __init__(self, stage: str, place: str, given: Mapping[str, Given], contained: Containment) -> None:
        self._stage = stage
        self._place = place
        self._given = given
        self._contained = contained

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.read(name)

    def read(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Frame of a declared table."""
        data = self.arrow(name, columns)
        for k, field in enumerate(data.schema):
            if pa.types.is_dictionary(field.type):
                data = data.set_column(k, field.name, data[k].cast(pa.string()))
        return data.to_pandas(date_as_object=False)

    def arrow(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Arrow table of a declared table.

        Raises
        ------
        UndeclaredReadError
            If the stage does not declare it.
        """
        if name not in self._given:
            raise UndeclaredReadError(self._stage, "table", name, self._place)
        with self._contained.paused():
            return self._given[name].read(columns)


class StageSettings:
    """Declared settings of a stage, by section and name: `settings.costs.per_side_frac`."""

    def __init__(self, stage: str, place: str, values: Mapping[str, Any], prefix: str = "") -> None:
        self._stage = stage
        self._place = place
        self._values = values
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        key = f"{self._prefix}{name}"
        if key in self._values:
            return self._values[key]
        if any(known.startswith(f"{key}.") for known in self._values):
            return StageSettings(self._stage, self._place, self._values, f"{key}.")
        raise UndeclaredReadError(self._stage, "setting", key, self._place)
