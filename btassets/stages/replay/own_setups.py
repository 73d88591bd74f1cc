"""The replay under an own setup rule: its setups become rows of `candidates`, and their proof.

Belongs here: one ticker replayed, and the comparison of its stored setups with replays in new processes. Does not
belong here: own code and its processes (`btassets.own`), the engine's part (`engine.replay.rule_rows`).
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.market.calendar import asof_grid_from, has_ended
from btassets.engine.replay import levels_rule
from btassets.engine.replay.candidate_columns import SETUP_COLUMNS
from btassets.engine.replay.grading import AlignedBars
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.rule_rows import given_candidates
from btassets.errors import SetupRuleError
from btassets.own.own_process import OwnSignalError
from btassets.own.proof import MEANING
from btassets.own.setups.rule_names import OwnRule
from btassets.own.setups.rule_proof import RuleProof, same
from btassets.own.setups.rule_setups import RuleProcesses
from btassets.own.windows import TickerArrays
from btassets.stages.bars.bars_view import TickerBars
from btassets.stages.own.own_rows import own_arrays
from btassets.stages.replay.candidates import Replay, replay_one
from btassets.stages.replay.replay_inputs import ReplayInputs

MAX_SLOW = 4
"""Tickers for which a rule may exceed its time: each costs the whole limit, so that more of them end the run."""

Columns = dict[str, npt.NDArray[Any]]


@contextmanager
def replaying(inputs: ReplayInputs) -> Iterator[Replay]:
    """The function that replays a ticker under the rule of `inputs`.

    Raises
    ------
    SetupRuleError
        If the rule cannot be loaded, or exceeds its time for `MAX_SLOW` tickers.
    """
    _prepare(inputs.rule)
    slow: list[str] = []

    def replay(item: TickerBars, inputs: ReplayInputs, first: int) -> tuple[Columns, Columns, float]:
        try:
            return _replay(item, inputs, first, processes)
        except OwnSignalError as error:
            slow.extend([str(error)] * error.is_slow)
            if len(slow) >= MAX_SLOW:
                raise SetupRuleError(inputs.rule.name, f"{slow[0]}; so did {MAX_SLOW - 1} other tickers") from None
            raise

    with RuleProcesses(inputs.rule) as processes:
        try:
            processes.load()
        except OwnSignalError as error:
            raise SetupRuleError(inputs.rule.name, str(error)) from None
        yield replay


def _prepare(rule: OwnRule) -> None:
    """Compile the built-in rule for an own one that calls it: a process of own code writes no compiled code."""
    if any(
        re.search(r"\blevels\b", Path(path).read_text(encoding="utf-8", errors="replace")) for path in rule.source.files
    ):
        levels_rule.load()


def _replay(
    item: TickerBars, inputs: ReplayInputs, first: int, processes: RuleProcesses
) -> tuple[Columns, Columns, float]:
    """Candidate columns of the rule, signal columns of the engine, and microseconds per as-of bar."""
    _, signals = replay_one(item, inputs, first)
    grid, arrays = _grid(item, inputs, first), _arrays(item, inputs)
    started = time.perf_counter()
    numbers = processes.setups(arrays, grid.bar_no.tolist())
    spent = 1e6 * (time.perf_counter() - started) / max(len(grid.bar_no), 1)
    candidates = _candidates(item, inputs, grid, numbers)
    if inputs.spells is not None:
        is_used = inputs.is_member(item.ticker, candidates["asof_date"])
        candidates = {name: values[is_used] for name, values in candidates.items()}
    return candidates, signals, round(spent, 1)


def _grid(item: TickerBars, inputs: ReplayInputs, first: int) -> AsofGrid:
    n = int(np.searchsorted(item.bars.dates, inputs.sessions.last, side="right"))
    week_ends = inputs.sessions.days[inputs.sessions.is_week]
    return AsofGrid(*asof_grid_from(first, item.bars.dates[:n], week_ends, inputs.sessions.last))


def _arrays(item: TickerBars, inputs: ReplayInputs) -> TickerArrays:
    bench_close = inputs.benchmark_on(item.bars.dates)[1]
    return own_arrays(item, bench_close, inputs.sessions.last, inputs.rules.gap_days)


def _candidates(
    item: TickerBars, inputs: ReplayInputs, grid: AsofGrid, numbers: npt.NDArray[np.float64], last: int | None = None
) -> Columns:
    """Rows of `candidates`; `last` is the last bar that is known, None: that of T."""
    n = int(np.searchsorted(item.bars.dates, inputs.sessions.last, side="right")) if last is None else last + 1
    bars = item.bars.between(0, n)
    session_no = np.searchsorted(inputs.sessions.days, bars.dates).astype(np.int32)
    return given_candidates(
        AlignedBars(bars, *inputs.benchmark_on(bars.dates), session_no),
        RawArrays.of(item.raw.close[:n], item.raw.volume[:n], item.factor[:n]),
        grid,
        numbers,
        len(inputs.sessions.days) - 1 if last is None else int(session_no[-1]),
        inputs.rules,
        is_ended=last is None and n > 0 and has_ended(int(bars.dates[-1]), inputs.sessions.last),
    )


@contextmanager
def checking(inputs: ReplayInputs) -> Iterator[Callable[[TickerBars, Any, npt.NDArray[Any]], str | None]]:
    """The function that proves a ticker's stored setups at sampled bars."""
    _prepare(inputs.rule)
    with RuleProof(inputs.rule) as proof:
        yield lambda item, stored, index: _first_difference(item, stored, index, inputs, proof)


def _first_difference(
    item: TickerBars, stored: Any, index: npt.NDArray[Any], inputs: ReplayInputs, proof: RuleProof
) -> str | None:
    """First difference between stored setups at bars `index` and replays of the rule; None without one."""
    arrays, rows = _arrays(item, inputs), index.tolist()
    try:
        cut, problem = proof.replay(arrays, rows)
    except OwnSignalError as error:
        return str(error)
    if problem is not None:
        return problem
    here, there, meaning = MEANING["alone"]
    for k, row in enumerate(rows):
        grid = AsofGrid(np.array([row], np.int32), np.zeros(1, np.uint8))
        alone = _candidates(item, inputs, grid, cut[k : k + 1], row)
        ours = np.flatnonzero(stored.candidate_index == row)
        place = f"{proof.rule.name}: {item.ticker} {item.bars.dates[row].astype('datetime64[D]')}"
        if len(ours) != len(alone["direction"]):
            return f"{place}: {len(ours)} setups {here}, {len(alone['direction'])} {there}; {meaning}"
        for name in SETUP_COLUMNS:
            left, right = stored.candidates[name][ours].astype(np.float64), alone[name].astype(np.float64)
            if not same(left, right).all():
                return f"{place}: {name} is {left.tolist()} {here}, {right.tolist()} {there}; {meaning}"
    return None
