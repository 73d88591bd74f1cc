"""Warnings of the report about the gate: floors that let no setup through.

Belongs here: the sentence. Does not belong here: the floors (`engine.floors`), their effect on results
(`gate_ablation`).
"""

import pyarrow.compute as pc

from btassets.counted import counted
from btassets.engine.floors import MOMENTUM_FLAG, Floor, core_flags, floors_of
from btassets.run.tables import Tables
from btassets.settings.models import Settings


def gate_warnings(tables: Tables, settings: Settings) -> list[str]:
    """One warning per verdict that no setup passes: a level beyond what rule or signal can give."""
    gates = settings.gates.values()
    floors = floors_of(gates)
    names = [*(flag.name for flag in core_flags(floors)), MOMENTUM_FLAG]
    flags = tables["graded_setups"].read(names)
    found: list[str] = []
    for name in names if flags.num_rows else ():
        if pc.any(flags[name]).as_py():
            continue
        on = [floor for floor in floors if floor.flag == name and floor.is_on(gates[floor.setting])]
        given = " and ".join(_given(floor, gates[floor.setting]) for floor in on)
        found.append(f"floor_passes_none: {given}: 0 of {counted(flags.num_rows, 'setup')} pass; loosen or remove it.")
    return found


def _given(floor: Floor, value: object) -> str:
    """A floor as the settings state it."""
    if not floor.signal:
        return f"gates.{floor.setting} = {value}"
    sign = ">=" if floor.rule == "at_least" else "<="
    return f'gates.floors "{floor.signal} {sign} {value:g}"'
