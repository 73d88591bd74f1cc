"""The fixed holds as SQL: macros generated from the list of holds that the replay grades.

Belongs here: every expression of a model that names a hold's column, so that a model is the same text under any list of
holds. Does not belong here: the list (`engine.conventions.replay_holds`), the meaning of a column (`engine.replay`),
the sweep over the holds (the relation `exit_days`).

The macros take whole rows and return structs with a column per hold. They are temporary: each connection has those of
its own scenario, also where several share one database.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from btassets.engine.conventions import HOLD_DAYS, replay_holds

_AFTER_THE_END = (
    "case when setup.is_cut_by_end and setup.n_forward < {n} "
    "then setup.holds.time_r_{n} "
    "+ (setup.entry_price + setup.sign * setup.holds.time_r_{n} * setup.planned_risk) * setup.r_per_usd "
    "else setup.holds.time_r_{n} end"
)

_BEYOND = "candidate.n_forward >= {horizon} and candidate.n_forward < {last} and candidate.time_r_{last} is not null"


def _struct(items: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in items.items()) + "}"


def _columns(row: str, fill: str, holds: Sequence[int]) -> str:
    names = [f"{name}_{n}" for name in ("time_r", "bench_ret") for n in holds]
    return _struct({name: f"{row}.{name}{fill}" for name in names})


def hold_macros(holds: Sequence[int], horizon_days: int) -> list[str]:
    """Statements that create the macros of the holds.

    `holds_at_close(candidate)`, `holds_at_open(candidate)`: struct of a fill's columns, named without the fill.
    `hold_results(setup)`: struct with every `time_r_N`, with the return after the end of a ticker where it cuts the
    hold. `hold_benches(setup)`: struct with every `bench_ret_N`. `holds_of(graded)`: struct with every `time_r_N` of a
    graded setup. `hold_r(holds, days, race_r)`: R of one hold, that of the race for null days. `lacks_a_hold(graded)`:
    whether a hold within the horizon has no result; a longer one may still lack its bars.
    `ends_within_a_hold(candidate)`: whether the longest hold has a result without all its bars, though the race had
    them: its ticker ended.

    Parameters
    ----------
    holds
        Graded by the replay, ascending.
    horizon_days
        Forward bars of a complete race.
    """
    results = {f"time_r_{n}": _AFTER_THE_END.format(n=n) for n in holds}
    benches = {f"bench_ret_{n}": f"setup.holds.bench_ret_{n}" for n in holds}
    graded = {f"time_r_{n}": f"graded.time_r_{n}" for n in holds}
    cases = " ".join(f"when {n} then holds.time_r_{n}" for n in holds)
    missing = [f"graded.time_r_{n} is null" for n in holds if n <= horizon_days]
    macros = {
        "holds_at_close(candidate)": _columns("candidate", "", holds),
        "holds_at_open(candidate)": _columns("candidate", "_open", holds),
        "hold_results(setup)": _struct(results),
        "hold_benches(setup)": _struct(benches),
        "holds_of(graded)": _struct(graded),
        "hold_r(holds, days, race_r)": f"case days {cases} else race_r end",
        "lacks_a_hold(graded)": " or ".join(missing) or "false",
        "ends_within_a_hold(candidate)": _BEYOND.format(horizon=horizon_days, last=holds[-1]),
    }
    return [f"create or replace temp macro {name} as ({sql})" for name, sql in macros.items()]


def bind_holds(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, Any]) -> None:
    """Create the macros of the holds for a model or query over these relations."""
    for statement in macros_for(relations):
        connection.execute(statement)


def macros_for(relations: Mapping[str, Any]) -> list[str]:
    """Macros of the holds for a model or query over these relations.

    The holds follow from `exit_days`, the horizon from `settings`; without them the default holds are meant, and none
    has to be there.
    """
    exits: Any = relations.get("exit_days")
    settings: Any = relations.get("settings")
    holds = HOLD_DAYS if exits is None else replay_holds(exits["hold_days"].to_pylist())
    horizon = 0 if settings is None else int(settings["horizon_days"][0].as_py())
    return hold_macros(holds, horizon)
