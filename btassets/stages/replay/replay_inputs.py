"""Inputs shared by every ticker's replay, and a ticker's fingerprint: the hash of all its inputs.

Belongs here: reading calendar, benchmark, rules and membership once. Does not belong here: which tickers are stale
and writing their rows (`candidates.py`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.conventions import replay_holds
from btassets.engine.days import values_on
from btassets.engine.market.calendar import has_ended
from btassets.engine.market.eligibility import is_member
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.universe.membership import Spell
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.storage.hashing import digest

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReplayInputs:
    """Shared inputs of every ticker's replay."""

    sessions: Sessions
    bench_days: npt.NDArray[np.int32]
    bench_open: Floats
    bench_close: Floats
    rules: ReplayRules
    engine: str
    spells: Mapping[str, tuple[Spell, ...]] | None = None
    rule: Any = None
    """The book's own setup rule (`btassets.own.setups.rule_names.OwnRule`); None: the built-in one."""

    def is_member(self, ticker: str, dates: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Whether the ticker was in the universe on each date; always true without a file of dated membership."""
        if self.spells is None:
            return np.ones(len(dates), dtype=np.bool_)
        own = np.array(self.spells.get(ticker, ()), np.int32).reshape(-1, 2)
        return is_member(dates, own[:, 0], own[:, 1])

    def benchmark_on(self, dates: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
        """Benchmark open and close on a ticker's own dates, (n_bars,) each, NaN if missing."""
        opens, closes = values_on(dates, self.bench_days, self.bench_open, self.bench_close)
        return opens, closes


def target_rules(settings: Settings) -> ReplayRules:
    """The rules that decide targets and their probabilities; those of grading and quality are the default."""
    engine = settings.engine
    return ReplayRules(
        atr_stop_multiple=engine.atr_stop_multiple,
        horizon_days=engine.horizon_days,
        projection=engine.projection,
        gap_days=engine.gap_days,
        tilt_const=engine.tilt_const,
        tilt_score=engine.tilt_score,
        tilt_level=engine.tilt_level,
    )


def replay_rules(settings: Settings) -> ReplayRules:
    """Engine parameters from the settings."""
    engine, quality = settings.engine, settings.quality
    return replace(
        target_rules(settings),
        action_lead=engine.action_lead,
        action_high=engine.action_high,
        action_moderate=engine.action_moderate,
        max_missing_frac=quality.max_missing_frac,
        max_zero_volume_frac=quality.max_zero_volume_frac,
        max_flat_frac=quality.max_flat_frac,
        max_constant_bars=quality.max_constant_bars,
        min_median_close_usd=quality.min_median_close_usd,
        min_median_dollar_volume_usd=quality.min_median_dollar_volume_usd,
        trail_atr=settings.exits.trail_atr,
        breakeven_r=settings.exits.breakeven_r,
        part_frac=settings.exits.part_frac,
        hold_days=replay_holds(settings.exits.hold_days),
    )


def read_inputs(tables: Tables, settings: Settings) -> ReplayInputs:
    """Calendar, benchmark and rules of the replay of this book and scenario."""
    bench = tables["benchmark_closes"].read()
    rules = replay_rules(settings)
    rule = tables.outside("setup_rule")
    engine = digest(tables.code_version, asdict(rules), settings.basis, *([] if rule is None else [rule.version]))
    membership = tables.outside("membership")
    return ReplayInputs(
        read_sessions(tables),
        np.ascontiguousarray(bench["date"].cast(pa.int32()).to_numpy(), dtype=np.int32),
        np.ascontiguousarray(bench["open"].to_numpy(), dtype=np.float64),
        np.ascontiguousarray(bench["close"].to_numpy(), dtype=np.float64),
        rules,
        engine,
        None if membership is None else membership.spells,
        rule,
    )


def fingerprint(inputs: ReplayInputs, dates: npt.NDArray[np.int32], bars_version: str) -> str:
    """Hash of all inputs of a ticker's rows, 16 hex digits.

    Namely: engine sources and rules, the ticker's bars and actions, and, over its own dates only, the benchmark, the
    calendar's sessions and week ends, whether it has ended and whether T is its last bar. A new bar of only the
    benchmark or another ticker changes nothing.
    """
    own = dates[: int(np.searchsorted(dates, inputs.sessions.last, side="right"))]
    at = np.searchsorted(inputs.sessions.days, own)
    bench_open, bench_close = inputs.benchmark_on(own)
    state = hashlib.blake2b(digest_size=8)
    is_ended = bool(len(own)) and has_ended(int(own[-1]), inputs.sessions.last)
    is_latest = bool(len(own)) and int(own[-1]) == inputs.sessions.last
    state.update(f"{inputs.engine}|{bars_version}|{len(own)}|{is_ended}|{is_latest}".encode())
    steps = np.diff(at).astype(np.int32)
    arrays: tuple[Any, ...] = (
        steps,
        inputs.sessions.is_week[np.minimum(at, len(inputs.sessions.days) - 1)],
        bench_open,
        bench_close,
    )
    for array in arrays:
        state.update(np.ascontiguousarray(array).data)
    if not is_ended and len(own):
        # Sessions since a current ticker's last bar: a next open that never came.
        state.update(str(len(inputs.sessions.days) - int(at[-1]) == 1).encode())
    return state.hexdigest()
