"""The process that computes an own stage: it reads the declared tables and answers with one table.

    python -m btassets.own.stages.stage_child

Belongs here: the call under the limits, and the checks of its result. Does not belong here: the tables and settings
that own code sees (`stage_inputs.py`), the parent (`btassets.stages.own.own_stage`).
"""

import math
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from btassets.errors import UndeclaredReadError
from btassets.own.child import Answer, RefusedError, Request, Worker, serve
from btassets.own.containment import Containment
from btassets.own.declare import STAGE
from btassets.own.own_query import bare, volatile_word
from btassets.own.stages.stage_inputs import Given, StageSettings, StageTables

MAX_COLUMNS = 500


class StageLimits(Containment):
    """Limits of a stage, in its own words."""

    unit = "a stage"
    basis = "a table may depend on its declared inputs alone"
    advice = "; a file of date, ticker, value in own/ becomes a signal"


class StageWorker(Worker):
    """One source with stages, loaded in this process."""

    words = (StageLimits.unit, StageLimits.basis, StageLimits.advice)

    def _limits(self, files: dict[str, str]) -> Containment:
        return StageLimits(files)

    def _header(self, stem: str) -> list[dict[str, Any]]:
        """No signal: the name of the stage is in the header, and that of the file does not count."""
        del stem
        return []

    def _do_stage(self, request: Request) -> Answer:
        """Table of one stage as an Arrow stream."""
        name, found = request["stage"], list[pa.Table]()
        given = {table: Given(**words) for table, words in request["tables"].items()}
        pa.set_cpu_count(1)  # sums of floating-point numbers in one order

        def call() -> None:
            if self._query:
                found.append(
                    _answer(self._query.removeprefix("\ufeff"), given, name, request["place"], request["settings"])
                )
                return
            declared = self._signals.get(name)
            if declared is None or declared.form != STAGE:
                raise RefusedError(f"declares no stage {name} when it is imported")
            tables = StageTables(name, request["place"], given, self._contained)
            settings = StageSettings(name, request["place"], request["settings"])
            found.append(as_table(declared.function(tables, settings)))

        self._run(call, f"{request['place']}: {name}", request["seconds"])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, found[0].schema) as writer:
            writer.write_table(found[0])
        return {}, sink.getvalue().to_pybytes()


def _answer(query: str, given: dict[str, Given], name: str, place: str, settings: dict[str, Any]) -> pa.Table:
    """Result of a query over the declared tables, without files, network, clock and chance.

    Its settings are variables: `getvariable('costs.per_side_frac')`.
    """
    volatile = volatile_word(bare(query))
    if volatile:
        raise RefusedError(f"{volatile} gives another value at another time; {StageLimits.basis}")
    kinds = [statement.type.name for statement in duckdb.extract_statements(query)]
    if kinds != ["SELECT"]:
        raise RefusedError(f"a stage is one SELECT; this is {', '.join(kinds) or 'nothing'}")
    with duckdb.connect(":memory:", config={"threads": "1", "python_enable_replacements": "false"}) as connection:
        undeclared = sorted(connection.get_table_names(query) - given.keys())
        if undeclared:
            raise UndeclaredReadError(name, "table", undeclared[0], place)
        for key, value in settings.items():
            connection.execute(f'set variable "{key}" = $1', [list(value) if isinstance(value, tuple) else value])
        for table, its in given.items():
            connection.register(table, its.read())
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        return as_table(connection.sql(query).to_arrow_table())


def as_table(returned: Any) -> pa.Table:
    """The table that own code returned, with plain column types.

    Raises
    ------
    RefusedError
        If it is no frame or table, or a column has a type or values that no table of a book has.
    """
    if isinstance(returned, pd.DataFrame):
        if not all(isinstance(name, str) for name in returned.columns):
            raise RefusedError(f"returns columns named {list(returned.columns)[:5]}; a name is a text")
        try:
            table = pa.Table.from_pandas(returned, preserve_index=False).replace_schema_metadata(None)
        except (pa.ArrowException, ValueError) as error:  # columns that occur twice, or of mixed types
            raise RefusedError(f"returns a frame that is no table: {' '.join(str(error).split())[:200]}") from None
        table = _days(table)
    elif isinstance(returned, pa.Table):
        table = returned.replace_schema_metadata(None)
    else:
        raise RefusedError(f"returns {type(returned).__name__}; a stage returns a pandas frame or an Arrow table")
    _check_names(table.column_names)
    return pa.table([_plain(table[name], name) for name in table.column_names], names=table.column_names)


def _check_names(names: list[str]) -> None:
    if not names or len(names) > MAX_COLUMNS:
        raise RefusedError(f"returns {len(names)} columns; a table has 1 to {MAX_COLUMNS}")
    lowered = [name.lower() for name in names]
    twice = next((name for name in lowered if lowered.count(name) > 1), None)
    if twice is not None:
        raise RefusedError(f"returns the column {twice} twice; names differ in more than their case")
    if "" in names:
        raise RefusedError("returns a column without a name")


def _days(table: pa.Table) -> pa.Table:
    """Dates where a frame has times of which every one is midnight: pandas has no type of dates."""
    for k, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is None:
            days = table[k].cast(pa.date32(), safe=False)
            if pc.all(pc.equal(days.cast(field.type), table[k])).as_py() is not False:
                table = table.set_column(k, field.name, days)
    return table


def _plain(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
    elif pa.types.is_decimal(kind) or pa.types.is_null(kind) or kind in (pa.float16(), pa.float32()):
        column = column.cast(pa.float64())
    elif pa.types.is_integer(kind) and kind.bit_width == 64 and not pa.types.is_signed_integer(kind):
        column = column.cast(pa.int64())
    kind = column.type
    if pa.types.is_float64(kind):
        total = pc.sum(column).as_py()
        if total is not None and not math.isfinite(total):
            if pc.any(pc.is_nan(column)).as_py():
                raise RefusedError(f"returns NaN in {name}; a missing value must be null")
            if pc.any(pc.is_inf(column)).as_py():
                raise RefusedError(f"returns an infinite value in {name}; a missing value must be null")
    elif not (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_timestamp(kind)
    ):
        raise RefusedError(f"returns {name} of type {kind}; a column holds numbers, texts, dates, times or yes/no")
    return column


if __name__ == "__main__":
    serve(StageWorker())
