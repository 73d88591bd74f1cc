"""Rows of an earlier replay that a later one keeps: those decided by bars that have not changed since.

Belongs here: which as-of bars of a ticker must be replayed again. Does not belong here: writing rows (`candidates.py`),
and which tickers are stale (their fingerprint decides).

A row depends on the bars of its window and on the forward bars that grade it, `reach` of them. With the same bars,
benchmark and calendar up to the last bar of the earlier replay, every row with `reach` forward bars at that time is
final: replaying it again would give the same bytes.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.stages.bars.bars_view import TickerBars
from btassets.stages.replay.closed_rows import OPEN_SINCE, open_since
from btassets.stages.replay.replay_inputs import ReplayInputs

Facts = Mapping[str, Any]


def reach(inputs: ReplayInputs) -> int:
    """Forward bars after which a row is final."""
    return max(inputs.rules.horizon_days, *inputs.rules.hold_days, FORWARD_RETURN_DAYS[-1]) + 1


def history_facts(item: TickerBars, inputs: ReplayInputs) -> dict[str, Any]:
    """Number of bars up to T, the hash of everything that decides the rows that are final with them, the open year."""
    n_bars = int(np.searchsorted(item.bars.dates, inputs.sessions.last, side="right"))
    first_open = open_since(item.bars.dates, n_bars, reach(inputs))
    return {"n_bars": n_bars, "history": _history(item, inputs, n_bars), OPEN_SINCE: first_open}


def first_changed(item: TickerBars, inputs: ReplayInputs, *stored: Facts | None) -> int:
    """First as-of bar whose rows may differ from the stored ones; 0 without stored rows that can be kept.

    Parameters
    ----------
    stored
        Facts of the ticker in the footers of the tables that are written together; they must agree.
    """
    # A failed replay stores neither.
    known = {((facts or {}).get("n_bars", 0), (facts or {}).get("history")) for facts in stored}
    n_bars, history = known.pop()
    n_now = int(np.searchsorted(item.bars.dates, inputs.sessions.last, side="right"))
    if known or history is None or n_bars > n_now or _history(item, inputs, n_bars) != history:
        return 0
    return max(n_bars - reach(inputs), 0)


def _history(item: TickerBars, inputs: ReplayInputs, n_bars: int) -> str:
    dates = item.bars.dates[:n_bars]
    at = np.searchsorted(inputs.sessions.days, dates)
    n_final = max(n_bars - reach(inputs), 0)
    raw = item.raw
    arrays = (
        *(raw.open, raw.high, raw.low, raw.close, raw.volume, raw.dividend, raw.split),
        *(item.factor, item.volume_factor, *inputs.benchmark_on(dates)),
    )
    state = hashlib.blake2b(f"{inputs.engine}|{n_bars}".encode(), digest_size=8)
    if inputs.spells is not None:
        state.update(repr(inputs.spells.get(item.ticker, ())).encode())
    for array in (dates, np.diff(at).astype(np.int32), *(part[:n_bars] for part in arrays)):
        state.update(np.ascontiguousarray(array).data)
    # Whether a newer session ends its week may still change.
    state.update(np.ascontiguousarray(inputs.sessions.is_week[at[:n_final]]).data)
    return state.hexdigest()
