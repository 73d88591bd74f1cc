"""The proof that an own setup rule uses only what was known: its setups at sampled bars, computed again.

Belongs here: the replays in new processes and what a difference means. Does not belong here: the sample, and the
comparison with the stored setups (`btassets.stages.replay.own_setups`).

The replays are those of own signals (`proof.py`): twice over the same bars, over bars cut at the as-of date, and over
these in prices of that day. Prices of a setup are compared as fractions of the close.
"""

from collections.abc import Sequence
from types import TracebackType

import numpy as np
import numpy.typing as npt

from btassets.engine.replay.candidate_columns import DIRECTIONS
from btassets.engine.replay.setup_numbers import CONFLICTS, MAX_TARGETS, SCORE, STOP, TARGETS
from btassets.own.proof import MEANING, TOLERANCE
from btassets.own.setups.rule_names import OwnRule
from btassets.own.setups.rule_setups import RuleProcesses
from btassets.own.windows import TickerArrays

Floats = npt.NDArray[np.float64]


class RuleProof:
    """Replays of a rule in processes of their own; a context manager."""

    def __init__(self, rule: OwnRule) -> None:
        self.rule = rule
        self._first = RuleProcesses(rule)
        self._second = RuleProcesses(rule)

    def __enter__(self) -> "RuleProof":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._first.__exit__(kind, error, trace)
        self._second.__exit__(kind, error, trace)

    def replay(self, arrays: TickerArrays, rows: Sequence[int]) -> tuple[Floats, str | None]:
        """Setups at `rows` from bars cut there, (n_rows, 2, N_NUMBERS), and the first difference; None without one.

        Raises
        ------
        OwnSignalError
            If the rule fails now.
        """
        backwards = list(rows)[::-1]
        once = self._first.setups(arrays, backwards, is_checked=True)[::-1]
        again = self._first.setups(arrays, rows, is_checked=True)
        cut = np.concatenate([self._second.setups(arrays.known_at(row), [row]) for row in rows])
        rescaled = np.concatenate([self._second.setups(arrays.known_at(row, is_rescaled=True), [row]) for row in rows])
        scale = np.ones_like(cut)
        for k, row in enumerate(rows):
            known = arrays.known_at(row, is_rescaled=True).columns["close"][row]
            prices = [STOP, *range(TARGETS, TARGETS + MAX_TARGETS)]
            scale[k][:, prices] = arrays.columns["close"][row] / known
        for kind, one, other in (("again", once, again), ("cut", once, cut), ("rescaled", cut, rescaled * scale)):
            problem = self._difference(arrays, rows, one, other, kind)
            if problem is not None:
                return cut, problem
        return cut, None

    def _difference(
        self, arrays: TickerArrays, rows: Sequence[int], ours: Floats, theirs: Floats, kind: str
    ) -> str | None:
        is_same = same(ours, theirs)
        if is_same.all():
            return None
        k, side, place = (int(part[0]) for part in np.nonzero(~is_same))
        here, there, meaning = MEANING[kind]
        what = f"{DIRECTIONS[side]} {_name(place)}"
        none = "no setup" if place in (STOP, SCORE, CONFLICTS) else "none"
        values = f"{_shown(ours[k, side, place], none)} {here}, {_shown(theirs[k, side, place], none)} {there}"
        day = arrays.date[rows[k]].astype("datetime64[D]")
        return f"{self.rule.name}: {arrays.ticker} {day}: {what} {values}; {meaning}"


def same(ours: Floats, theirs: Floats) -> npt.NDArray[np.bool_]:
    """Whether numbers agree but for the rounding of sums."""
    close = np.abs(ours - theirs) <= TOLERANCE * np.maximum(np.abs(ours), np.abs(theirs))
    return close | (np.isnan(ours) & np.isnan(theirs))


def _name(place: int) -> str:
    single = {STOP: "stop", SCORE: "score", CONFLICTS: "conflicts"}
    if place in single:
        return single[place]
    kind, number = divmod(place - TARGETS, MAX_TARGETS)
    return f"{('target', 'rr of target', 'probability of target')[kind]} {number + 1}"


def _shown(value: float, none: str) -> str:
    return none if np.isnan(value) else f"{value:.10g}"
