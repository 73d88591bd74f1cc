"""Floors on percentiles of signals, as written in `gates.floors`.

Belongs here: the notation, and the checks that need no book. Does not belong here: the floors made from it
(`engine.floors.floors_of`), and whether a signal exists (`stages.ranking.gate_signals`).
"""

import re
from collections.abc import Sequence

from btassets.engine.floors import signal_floor

SIGNAL_NAME = r"[a-z][a-z0-9_]{0,39}"
"""Name of a signal."""

_FLOOR = re.compile(rf"\s*({SIGNAL_NAME})\s*(>=|<=)\s*([+-]?\d+(?:\.\d+)?)\s*")
_RULES = {">=": "at_least", "<=": "at_most"}


def checked_floors(words: Sequence[object]) -> tuple[str, ...]:
    """Floors in their one spelling; `off` alone is none, for a sweep.

    Raises
    ------
    ValueError
        Names the entry and the rule.

    Examples
    --------
    >>> checked_floors(["reversal_1w>=60", "vol_6m <= 80.0"]), checked_floors(["off"])
    (('reversal_1w >= 60', 'vol_6m <= 80'), ())
    """
    found: list[str] = []
    taken: set[tuple[str, str]] = set()
    for word in () if list(words) in (["off"], [None]) else words:
        match = _FLOOR.fullmatch(word) if isinstance(word, str) else None
        if match is None:
            raise ValueError(f'has {word!r}; a floor is a signal, >= or <=, and a percentile, e.g. "vol_6m <= 80"')
        if not 0.0 <= float(match[3]) <= 100.0:
            raise ValueError(f"has {word!r}; a percentile is between 0 and 100")
        if (match[1], match[2]) in taken:
            raise ValueError(f"has two floors on {match[1]} with {match[2]}; keep the stricter one")
        taken.add((match[1], match[2]))
        found.append(f"{match[1]} {match[2]} {abs(float(match[3])):g}")
    _refuse_empty(found)
    return tuple(found)


def _refuse_empty(floors: Sequence[str]) -> None:
    """Refuse two floors on one signal between which there is no percentile."""
    parts = [floor.split(" ") for floor in floors]
    least = {signal: float(percent) for signal, sign, percent in parts if sign == ">="}
    for signal, sign, percent in parts:
        if sign == "<=" and least.get(signal, 0.0) > float(percent):
            both = f"'{signal} >= {least[signal]:g}' and '{signal} <= {percent}'"
            raise ValueError(f"has {both}, which no ticker passes; lower the one or raise the other")


def floor_values(floors: Sequence[str]) -> dict[str, float]:
    """Value of each floor by its setting in the values of a gate.

    >>> floor_values(["reversal_1w >= 60"])
    {'reversal_1w_at_least': 60.0}
    """
    parts = [floor.split(" ") for floor in floors]
    return {signal_floor(signal, _RULES[sign]): float(percent) for signal, sign, percent in parts}


def floor_signals(floors: Sequence[str]) -> tuple[str, ...]:
    """Signals that floors compare, each once, in their order.

    >>> floor_signals(["vol_6m >= 20", "high_52w >= 50", "vol_6m <= 80"])
    ('vol_6m', 'high_52w')
    """
    return tuple(dict.fromkeys(floor.split(" ")[0] for floor in floors))
