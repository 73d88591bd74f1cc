"""The gate as SQL: macros generated from `engine.floors`, and their verdicts on a table of setups.

Belongs here: the expression of each rule, and the only code that applies a floor to a setup: the models, today's list
and the sweep all call these macros, so they cannot disagree. Does not belong here: the list of floors (`engine.floors`)
and the use of a verdict.

The macros take whole rows: `floor_flags(setups, settings)`. DuckDB expands them to plain comparisons and
reads only the columns named in them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.floors import (
    FLOORS,
    MOMENTUM_FLAG,
    Floor,
    core_flags,
    flags_of,
    floors_of,
    variants_in_use,
)

Flags = npt.NDArray[np.bool_]

_CUTOFF = "{off} >= {value} or ({row}.direction <> 'short' and coalesce({row}.{column} >= {value}, false))"
_SAME_DIRECTION = (
    "coalesce(({row}.direction = 'long' and starts_with({row}.{column}, 'LONG_'))"
    " or ({row}.direction = 'short' and starts_with({row}.{column}, 'SHORT_')), false)"
)


def _literal(value: str | float) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(float(value))


def _passes(floor: Floor, row: str, value: str) -> str:
    """Expression that is true when a row passes a floor, never null; `value` is the SQL of its setting."""
    test = _compared(floor, row, value)
    return f"{row}.target is null and {row}.rr is null or {test}" if floor.needs_target else test


def _compared(floor: Floor, row: str, value: str) -> str:
    column = f"{row}.{floor.column}"
    if floor.rule == "cutoff":
        off = _literal(float(floor.off or 0.0))
        return _CUTOFF.format(off=off, value=value, row=row, column=floor.column)
    if floor.rule == "same_direction":
        return f"not {value} or {_SAME_DIRECTION.format(row=row, column=floor.column)}"
    if floor.rule == "one_of":
        labels = ", ".join(_literal(label) for label in floor.labels)
        return f"not {value} or coalesce({column} in ({labels}), false)"
    if floor.rule == "at_most":
        test = f"coalesce({column} <= {value}, false)"
    elif floor.missing is None:
        test = f"coalesce({column} >= {value}, false)"
    else:
        test = f"coalesce({column}, {_literal(floor.missing)}) >= {value}"
    return f"{value} is null or {test}" if floor.off is None else test


def _all(tests: Sequence[str]) -> str:
    return " and ".join(f"({test})" for test in tests) or "true"


def _struct(items: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in items.items()) + "}"


def floor_macros(floors: Sequence[Floor] = FLOORS) -> list[str]:
    """Statements that create the macros of the gate.

    `floor_verdicts(setups, settings)`: struct with a boolean per floor, by its name. `floor_flags(setups, settings)`:
    struct with a boolean per flag that combines floors, and with the percentiles that floors on signals compare.
    `all_flags(flags)`: struct with every flag, computed from those, so that a floor is evaluated once, and these
    percentiles. `passes_cutoff(setups, cutoff)`: the momentum floor at another cutoff than that of the settings.
    `failed_flags(graded)`: number with bit k set if flag k of `core_flags` is false.
    """
    tests = {floor.name: _passes(floor, "setup", f"gates.{floor.setting}") for floor in floors}
    core = [flag.name for flag in core_flags(floors)]
    flags = {name: _all([tests[f.name] for f in floors if f.flag == name]) for name in (*core, MOMENTUM_FLAG)}
    single = {name: f"flags.{name}" for name in flags}
    whole = {"meets_core": _all([single[name] for name in core]), "qualified": _all(list(single.values()))}
    compared = dict.fromkeys(floor.column for floor in floors if floor.signal)
    every = {flag.name: (single | whole)[flag.name] for flag in flags_of(floors)}
    every |= {name: f"flags.{name}" for name in compared}
    flags |= {name: f"setup.{name}" for name in compared}
    cutoff = next(floor for floor in floors if floor.rule == "cutoff")
    bits = " | ".join(f"(cast(not graded.{flag.name} as integer) << {k})" for k, flag in enumerate(core_flags(floors)))
    return [
        f"create or replace macro floor_verdicts(setup, gates) as {_struct(tests)}",
        f"create or replace macro floor_flags(setup, gates) as {_struct(flags)}",
        f"create or replace macro all_flags(flags) as {_struct(every)}",
        f"create or replace macro passes_cutoff(setup, cutoff_pct) as ({_passes(cutoff, 'setup', 'cutoff_pct')})",
        f"create or replace macro failed_flags(graded) as ({bits})",
    ]


def bind_floors(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, Any]) -> None:
    """Create the macros of a gate with floors on signals, as named by the columns of the relation `settings`.

    They are temporary: each connection has those of its own scenario, also where several share one database.
    """
    settings: Any = relations.get("settings")
    floors = FLOORS if settings is None else floors_of(settings.column_names)
    if floors is not FLOORS:
        for statement in floor_macros(floors):
            connection.execute(statement.replace("replace macro", "replace temp macro", 1))


def variant_relation(gates: Mapping[str, Any]) -> pa.Table:
    """Relation `floor_variants`: the rows of the gate ablation, with the flags ignored by each as bits."""
    variants = variants_in_use(gates)
    names = [flag.name for flag in core_flags(floors_of(gates))]
    return pa.table(
        {
            "position": pa.array(range(1, len(variants) + 1), pa.int32()),
            "member": [variant.name for variant in variants],
            "forgiven": pa.array([sum(1 << names.index(f) for f in v.drops) for v in variants], pa.int32()),
        }
    )


def gate_fields(floors: Sequence[Floor] = FLOORS) -> list[pa.Field]:
    """Columns of the relation `settings` with the values of the floors."""
    return [pa.field(f.setting, pa.float64() if f.is_number else pa.bool_(), nullable=f.off is None) for f in floors]


def judge(setups: pa.Table, gates: Mapping[str, Any], floors: Sequence[Floor] | None = None) -> dict[str, Flags]:
    """Verdict of every floor on every row: an array of shape (n_rows,) by the floor's name.

    Parameters
    ----------
    setups
        `direction` and the columns of the floors; null: missing. A column of a floor that is off may be absent; so may
        `target` if every setup has one.
    gates
        Value of each floor's setting.
    floors
        None: those that `gates` names.
    """
    floors = floors_of(gates) if floors is None else floors
    if "target" not in setups.column_names:
        setups = setups.append_column("target", pa.repeat(1.0, setups.num_rows))
    for floor in floors:
        if floor.column not in setups.column_names and not floor.is_on(gates[floor.setting]):
            kind = pa.float64() if floor.is_number else pa.string()
            setups = setups.append_column(floor.column, pa.nulls(setups.num_rows, kind))
    values = pa.Table.from_pylist(
        [{f.setting: gates[f.setting] for f in floors}], schema=pa.schema(gate_fields(floors))
    )
    with duckdb.connect(config={"threads": 1, "preserve_insertion_order": True}) as connection:
        for statement in floor_macros(floors):
            connection.execute(statement)
        connection.register("setups", setups)
        connection.register("gates", values)
        query = "select unnest(floor_verdicts(setups, gates)) from setups cross join gates"
        found = connection.sql(query).to_arrow_table()
    return {floor.name: found[floor.name].to_numpy().astype(np.bool_) for floor in floors}


def qualifies(verdicts: Mapping[str, Flags]) -> Flags:
    """Rows that pass every floor."""
    return np.logical_and.reduce(list(verdicts.values()))
