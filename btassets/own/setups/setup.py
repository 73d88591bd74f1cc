"""A setup as an own rule returns it, checked and laid out as numbers.

Belongs here: the fields, their rules, and their places in the numbers that a process answers with. Does not belong
here: calling a rule (`child.py`), choosing the primary target and grading (`btassets.engine.replay`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from btassets.engine.replay.candidate_columns import DIRECTIONS
from btassets.engine.replay.setup_numbers import (
    CONFLICTS,
    MAX_TARGETS,
    N_NUMBERS,
    PROBABILITY,
    REWARD_TO_RISK,
    SCORE,
    STOP,
    TARGETS,
)

TOLERANCE = 1e-9
"""A stated reward-to-risk may differ from that of the levels by its rounding only."""


@dataclass(frozen=True)
class Setup:
    """One setup at the close of the as-of bar.

    Parameters
    ----------
    direction
        `long` or `short`.
    stop
        Initial stop, price: below the close for a long, above it for a short.
    targets
        One target or up to five, prices on the other side of the close. The primary one has the largest probability
        times reward, the nearer of equal ones. None: the setup is left by its stop, the exit policy or the end of the
        hold; its reward-to-risk and probability are missing.
    entry
        The close of the as-of bar, which may be left out: setups are filled there or at the next open.
    score
        Strength of the setup, 0-100: its `confidence`. Default: 100, which passes every floor of confidence.
    conflicts
        Objections of the rule itself: 0 is a low risk level, 1 a medium one, more a high one.
    probability
        Probability of each target before the stop within the horizon, 0-1; None: that of a price without drift.
    rr
        Reward-to-risk of each target, if the rule computes it in other terms than prices; it must agree with them.
    """

    direction: str
    stop: float
    targets: float | Sequence[float] | None = None
    entry: float | None = None
    score: float = 100.0
    conflicts: int = 0
    probability: float | Sequence[float] | None = None
    rr: float | Sequence[float] | None = None


_FIELDS = tuple(field.name for field in fields(Setup))


def as_numbers(returned: Any, close: float) -> np.ndarray:
    """Numbers of what a rule returned at one as-of bar, float64 (2, N_NUMBERS): long, short; NaN without a setup.

    Parameters
    ----------
    returned
        None, a `Setup`, a dict with its fields, or a sequence of at most one long and one short.
    close
        Close of the as-of bar.

    Raises
    ------
    ValueError
        Names the field, its value and the rule.
    """
    out = np.full((2, N_NUMBERS), np.nan)
    if returned is None:
        return out
    for one in returned if isinstance(returned, list | tuple) else (returned,):
        setup = _as_setup(one)
        if setup.direction not in DIRECTIONS:
            raise ValueError(f"direction is {setup.direction!r}; it must be long or short")
        side = DIRECTIONS.index(setup.direction)
        if not np.isnan(out[side, STOP]):
            raise ValueError(f"returns two {setup.direction} setups for one bar; return the better one")
        _write(setup, close, out[side])
    return out


def _as_setup(value: Any) -> Setup:
    if isinstance(value, Setup):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"returns {repr(value)[:60]}; it must be None, a bt.Setup or a dict of its fields")  # noqa: TRY004
    unknown = [str(name) for name in value if name not in _FIELDS]
    if unknown:
        raise ValueError(f"returns a setup with the field {unknown[0]!r}; its fields are {', '.join(_FIELDS)}")
    missing = [name for name in ("direction", "stop") if name not in value]
    if missing:
        raise ValueError(f"returns a setup without {missing[0]!r}; it needs direction and stop")
    return Setup(**value)


def _write(setup: Setup, close: float, out: np.ndarray) -> None:
    sign = 1.0 if setup.direction == "long" else -1.0
    if setup.entry is not None and _number("entry", setup.entry) != close:
        raise ValueError(
            f"entry is {setup.entry:.10g}, the close of the as-of bar {close:.10g}: a setup is filled at that close "
            "or at the next open; leave entry out"
        )
    stop = _number("stop", setup.stop)
    if stop <= 0.0 or sign * (close - stop) <= 0.0:
        side = "below" if sign > 0 else "above"
        raise ValueError(f"stop is {stop:.10g}; for a {setup.direction} it must be {side} the close {close:.10g}")
    score, conflicts = _number("score", setup.score), setup.conflicts
    if not 0.0 <= score <= 100.0:
        raise ValueError(f"score is {score:.10g}; it must be from 0 to 100")
    if not isinstance(conflicts, int | np.integer) or isinstance(conflicts, bool) or conflicts < 0:
        raise ValueError(f"conflicts is {conflicts!r}; it must be a whole number, 0 or more")
    targets = [] if setup.targets is None else _numbers("targets", setup.targets)
    if setup.targets is not None and not 1 <= len(targets) <= MAX_TARGETS:
        most = f"it must have 1 to {MAX_TARGETS}, or be None for a setup without a target"
        raise ValueError(f"targets has {len(targets)} prices; {most}")
    for target in targets:
        if target <= 0.0 or sign * (target - close) <= 0.0:
            side = "above" if sign > 0 else "below"
            what = f"a target is {target:.10g}; for a {setup.direction} it must be positive and {side} the close"
            raise ValueError(f"{what} {close:.10g}")
    order = sorted(range(len(targets)), key=lambda k: abs(targets[k] - close))
    out[STOP], out[SCORE], out[CONFLICTS] = stop, score, min(int(conflicts), 2)
    for place, k in enumerate(order):
        out[TARGETS + place] = targets[k]
    _write_stated(setup, close, targets, order, out)


def _write_stated(setup: Setup, close: float, targets: list[float], order: list[int], out: np.ndarray) -> None:
    for name, stated, first in (("rr", setup.rr, REWARD_TO_RISK), ("probability", setup.probability, PROBABILITY)):
        if stated is None:
            continue
        if not targets:
            raise ValueError(f"{name} is {repr(stated)[:60]} without a target; leave {name} out, or give targets")
        values = _numbers(name, stated)
        if len(values) != len(targets):
            raise ValueError(f"{name} has {len(values)} numbers for {len(targets)} targets; give one for each")
        for place, k in enumerate(order):
            out[first + place] = values[k]
            if name == "probability" and not 0.0 < values[k] < 1.0:
                raise ValueError(f"probability is {values[k]:.10g}; it must be between 0 and 1")
            levels = abs(targets[k] - close) / abs(close - out[STOP])
            if name == "rr" and abs(values[k] - levels) > TOLERANCE * levels:
                raise ValueError(f"rr is {values[k]:.10g}, that of the levels {levels:.10g}; leave rr out")


def _numbers(name: str, value: Any) -> list[float]:
    if isinstance(value, list | tuple | np.ndarray):
        return [_number(name, one) for one in value]
    return [_number(name, value)]


def _number(name: str, value: Any) -> float:
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        instead = "None if there is no target" if name == "targets" else "None in place of the setup"
        raise ValueError(f"{name} is {repr(value)[:60]}; it must be a finite number, and {instead}")
    return float(value)
