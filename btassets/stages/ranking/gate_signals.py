"""The signals that a gate names: built in, or own and proven.

Belongs here: finding each by its name, and refusing unknown and unproven ones. Does not belong here: their values and
ranks (`signal_ranks.py`), the proof (`btassets.own.proof`).
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from btassets.engine.floors import BUILT_IN_RANKING
from btassets.engine.signals import SIGNALS
from btassets.errors import EXIT_CHECK_FAILED, BtassetsError, SettingError, UsageError
from btassets.graph.own import REFUSED
from btassets.run.tables import Tables, WholeTable


@dataclass(eq=False)
class GateSignalError(BtassetsError):
    """The gate names an own signal that was refused."""

    exit_code = EXIT_CHECK_FAILED

    setting: str
    signal: str
    reason: str

    def __str__(self) -> str:
        rule = "a gate uses proven signals only"
        return f"{self.setting} names {self.signal}, which is refused: {self.reason}; {rule}: correct or remove it."


@dataclass(frozen=True)
class GateSignal:
    """One signal that a gate uses: its name, the sign by which larger values are stronger, and its origin."""

    name: str
    sign: int
    is_own: bool = False


def named_signals(tables: Tables, settings: Mapping[str, str]) -> dict[str, GateSignal]:
    """Signals by name.

    Parameters
    ----------
    tables
        Reader of `own_signal_proofs`, which is read only for a name that is not built in.
    settings
        By the name of each signal the setting that names it.

    Raises
    ------
    SettingError
        If there is no signal of a name.
    GateSignalError
        If it was refused.
    """
    known = {signal.name: GateSignal(signal.name, signal.sign) for signal in SIGNALS}
    refused: dict[str, str] = {}
    if not known.keys() >= settings.keys():
        for row in tables["own_signal_proofs"].read(["signal", "sign", "state", "reason"]).to_pylist():
            if row["state"] == REFUSED:
                refused.setdefault(row["signal"], row["reason"] or "")
            else:
                known[row["signal"]] = GateSignal(row["signal"], row["sign"], is_own=True)
    for name, setting in settings.items():
        if name not in known:
            if name in refused:
                raise GateSignalError(setting, name, refused[name].rstrip("."))
            raise SettingError(setting, name, _advice(name, [*known, *refused]), "settings")
    return {name: known[name] for name in settings}


def _advice(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, [BUILT_IN_RANKING, *names], n=1, cutoff=0.5)
    there = f"did you mean {near[0]}?" if near else f"there are {BUILT_IN_RANKING}, {', '.join(names)}"
    return f"no signal of that name is built in or in own/; {there}"


def require_floor_columns(table: WholeTable, floors: Sequence[str]) -> None:
    """Refuse a table that was computed before floors on signals were set: it lacks their columns.

    Raises
    ------
    UsageError
        Names the floor and the command.
    """
    inputs = table.facts.get("inputs", {}).get("settings", {})
    missing = [floor for floor in floors if floor not in inputs.get("gates.floors", ())]
    if missing:
        problem = f'{table.name} is stale: gates.floors has "{missing[0]}" since it was computed'
        raise UsageError(problem, "`btassets run` brings it up to date.")


def refuse_row_ranking(method_ranking: str, ranking: str, floors: Sequence[str]) -> None:
    """Refuse signals in a gate that ranks rows: their percentiles are of tickers.

    Raises
    ------
    SettingError
        Names the setting and the rule.
    """
    if method_ranking == "rows":
        key, value = ("gates.floors", list(floors)) if ranking == BUILT_IN_RANKING else ("gates.ranking", ranking)
        rule = 'signals are ranked by ticker, and method.ranking is "rows"; use the standard profile'
        raise SettingError(key, value, rule, "settings")
