"""Stage `candidates`: replay every ticker whose inputs changed, and only those.

Belongs here: a ticker's fingerprint (all inputs of its replay), which tickers are stale, and writing buckets of
candidates and signals. Does not belong here: the engine's computation (`btassets.engine.replay`), its processes
(`btassets.defs.assets.replay_assets`).

The footer of a bucket stores per ticker: `version` (the fingerprint), `n_rows` in this bucket, and `failed` (why the
replay of this ticker failed, else null).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.conventions import replay_holds
from btassets.engine.days import values_on
from btassets.engine.market.calendar import asof_grid, has_ended
from btassets.engine.market.eligibility import NOT_MEMBER, is_member
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS
from btassets.run.tables import BucketWriter, Tables
from btassets.settings.models import Settings
from btassets.sources.universe.membership import Spell
from btassets.stages.bars.bars_view import TickerBars, is_used, read_bucket_bars
from btassets.stages.bars.sessions_view import Sessions, blocked_days, read_sessions
from btassets.stages.bars.universe import active_tickers
from btassets.stages.replay.arrow_columns import as_table
from btassets.storage.hashing import digest

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

_WRITTEN = ("candidates", "signals")
"""The stage's own table and its store."""


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


@dataclass(frozen=True)
class ReplayPlan:
    """Tickers that a replay must update.

    Attributes
    ----------
    expected
        Fingerprint of every active ticker, ticker -> version.
    stale
        Active tickers whose stored fingerprint differs, and stored tickers that are no longer active.
    is_proven
        Whether the stored rows passed the lookahead check, or there are none.
    suspect
        Ticker whose rows failed it last; None: none.
    """

    expected: dict[str, str]
    stale: list[str]
    is_proven: bool = True
    suspect: str | None = None


@dataclass(frozen=True)
class ReplayOutcome:
    """Result of replaying some buckets."""

    recomputed: list[str]
    failed: dict[str, str]
    n_rows: int


def replay_rules(settings: Settings) -> ReplayRules:
    """Engine parameters from the settings."""
    engine, quality = settings.engine, settings.quality
    return ReplayRules(
        atr_stop_multiple=engine.atr_stop_multiple,
        horizon_days=engine.horizon_days,
        projection=engine.projection,
        gap_days=engine.gap_days,
        tilt_const=engine.tilt_const,
        tilt_score=engine.tilt_score,
        tilt_level=engine.tilt_level,
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
    engine = digest(tables.code_version, asdict(rules), settings.basis)
    membership = tables.outside("membership")
    return ReplayInputs(
        read_sessions(tables),
        np.ascontiguousarray(bench["date"].cast(pa.int32()).to_numpy(), dtype=np.int32),
        np.ascontiguousarray(bench["open"].to_numpy(), dtype=np.float64),
        np.ascontiguousarray(bench["close"].to_numpy(), dtype=np.float64),
        rules,
        engine,
        None if membership is None else membership.spells,
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


def plan_replay(tables: Tables, settings: Settings, only: Iterable[str] | None = None) -> ReplayPlan:
    """Compare each active ticker's fingerprint with the stored one.

    Parameters
    ----------
    only
        Restrict the stale tickers to these; None: all.
    """
    inputs = read_inputs(tables, settings)
    active, blocked = set(active_tickers(tables, settings)), blocked_days(tables)
    bars = tables.bucketed("ohlcv_history")
    expected: dict[str, str] = {}
    for bucket, group in bars.by_bucket(active).items():
        footers = bars.bucket_footer(bucket)
        table = bars.bucket(bucket, ["date"])
        dates = np.empty(0, np.int32) if table is None else table["date"].combine_chunks().cast(pa.int32()).to_numpy()
        slices = bars.slices(bucket)
        for ticker in group:
            offset, n_rows = slices[ticker]
            own = dates[offset : offset + n_rows]
            kept = is_used(own, blocked)
            version = footers[ticker]["version"]
            if not kept.all():
                version = digest(version, own[~kept].tolist())
            if inputs.spells is not None:
                version = digest(version, inputs.spells.get(ticker, ()))
            expected[ticker] = fingerprint(inputs, own[kept], version)
    stored, beside = (tables.bucketed(name).footers() for name in _WRITTEN)
    stale = [t for t, version in expected.items() if not _has_arrived(version, stored.get(t), beside.get(t))]
    stale += [t for t in {**stored, **beside} if t not in active]
    wanted = None if only is None else set(only)
    chosen = sorted((t for t in stale if wanted is None or t in wanted), key=str.encode)
    verified = tables.outside("verification")
    return ReplayPlan(expected, chosen, not stored or verified.is_checked, verified.suspect)


def shard_buckets(tables: Tables, plan: ReplayPlan, shard: int, n_shards: int) -> dict[int, list[str]]:
    """Stale tickers of one shard by bucket; whole buckets, so that no two shards write one file."""
    groups = tables.bucketed("candidates").by_bucket(plan.stale)
    return {bucket: group for place, (bucket, group) in enumerate(groups.items()) if place % n_shards == shard}


def replay_shard(
    tables: Tables,
    settings: Settings,
    plan: ReplayPlan,
    shard: int,
    n_shards: int,
    *,
    n_threads: int = 1,
    progress: Progress | None = None,
) -> ReplayOutcome:
    """Replay the stale tickers of one shard and write their buckets.

    Rows do not depend on the number of shards or threads: a ticker's rows depend on its own bars, and a bucket stores
    its tickers in byte order.
    """
    groups = shard_buckets(tables, plan, shard, n_shards)
    if not groups:
        return ReplayOutcome([], {}, 0)
    inputs = read_inputs(tables, settings)
    total, done = sum(len(g) for g in groups.values()), 0
    recomputed: list[str] = []
    failed: dict[str, str] = {}
    n_rows = 0

    def work(item: tuple[int, list[str]]) -> tuple[list[str], dict[str, str], int]:
        bucket, group = item
        stale = read_bucket_bars(tables, settings, bucket, [t for t in group if t in plan.expected])
        return _replay_bucket(tables, bucket, group, stale, plan.expected, inputs)

    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        for (_, group), (bucket_failed, bucket_rows) in zip(
            groups.items(), (r[1:] for r in pool.map(work, groups.items())), strict=True
        ):
            recomputed += group
            failed |= bucket_failed
            n_rows += bucket_rows
            done += len(group)
            if progress is not None:
                progress(done, total)
    return ReplayOutcome(sorted(recomputed, key=str.encode), failed, n_rows)


def _replay_bucket(
    tables: Tables,
    bucket: int,
    stale: list[str],
    bars: Iterable[TickerBars],
    expected: Mapping[str, str],
    inputs: ReplayInputs,
) -> tuple[list[str], dict[str, str], int]:
    fresh: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for item in bars:
        try:
            fresh[item.ticker] = replay_one(item, inputs)
        except (ArithmeticError, ValueError, IndexError) as error:
            failed[item.ticker] = f"{type(error).__name__}: {error}"
    facts = {
        t: {"version": f"failed-{expected[t]}" if t in failed else expected[t], "failed": failed.get(t)}
        for t in stale
        if t in expected
    }
    n_rows = 0
    for name, spec, part in (
        ("signals", FACTOR_SIGNALS, 1),
        ("candidates", CANDIDATES.under(inputs.rules.hold_days), 0),
    ):
        columns = {ticker: replay[part] for ticker, replay in fresh.items()}
        stored = tables.writer(name)
        with stored.lock(bucket):
            n_rows = _merge_bucket(stored, bucket, spec, columns, facts, stale)
    return stale, failed, n_rows


def _merge_bucket(
    stored: BucketWriter,
    bucket: int,
    spec: Any,
    columns: dict[str, Any],
    facts: dict[str, Any],
    stale: list[str],
) -> int:
    """Write one bucket: fresh rows of the stale tickers, old rows of the others."""
    old = stored.bucket(bucket)
    footers = stored.bucket_footer(bucket)
    slices = stored.slices(bucket)
    kept = {t: f for t, f in footers.items() if t not in stale}
    order = sorted({*kept, *facts}, key=str.encode)
    new, counts = as_table(spec, columns)
    starts = (
        dict(zip(counts, np.concatenate([[0], np.cumsum(list(counts.values()))[:-1]]), strict=True)) if counts else {}
    )
    parts: list[pa.Table] = []
    written: dict[str, dict[str, Any]] = {}
    for ticker in order:
        if ticker in facts:
            n = counts.get(ticker, 0)
            written[ticker] = {**facts[ticker], "n_rows": n}
            if n:
                parts.append(new.slice(int(starts[ticker]), n))
        else:
            written[ticker] = kept[ticker]
            if old is not None and slices[ticker][1]:
                parts.append(old.slice(*slices[ticker]))
    merged = pa.concat_tables(parts).unify_dictionaries().combine_chunks() if parts else spec.schema.empty_table()
    stored.write(bucket, merged, written)
    return sum(counts.values())


def replay_one(item: TickerBars, inputs: ReplayInputs) -> tuple[dict[str, Any], dict[str, Any]]:
    """Candidate and signal columns of one ticker, as engine arrays."""
    from btassets.engine.replay.ticker import (  # late: a plan loads no numba
        AlignedBars,
        AsofGrid,
        RawArrays,
        replay_ticker,
    )

    n = int(np.searchsorted(item.bars.dates, inputs.sessions.last, side="right"))
    bars = item.bars.between(0, n)
    week_ends = inputs.sessions.days[inputs.sessions.is_week]
    replay = replay_ticker(
        AlignedBars(
            bars,
            *inputs.benchmark_on(bars.dates),
            np.searchsorted(inputs.sessions.days, bars.dates).astype(np.int32),
        ),
        RawArrays(item.raw.close[:n], item.raw.close[:n] * item.raw.volume[:n]),
        AsofGrid(*asof_grid(bars.dates, week_ends, inputs.sessions.last)),
        len(inputs.sessions.days) - 1,
        n > 0 and has_ended(int(bars.dates[-1]), inputs.sessions.last),
        inputs.rules,
    )
    if inputs.spells is None:
        return replay.candidates, replay.signals
    return _of_members(item.ticker, replay.candidates, replay.signals, inputs)


def _of_members(
    ticker: str, candidates: dict[str, Any], signals: dict[str, Any], inputs: ReplayInputs
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of a ticker under dated membership: no setup and no rank on days when it was not a member.

    Outside its spells the ticker's signals stay as ineligible rows; its setups are dropped, since only later knowledge
    would have listed the ticker.
    """
    kept = inputs.is_member(ticker, candidates["asof_date"])
    member = inputs.is_member(ticker, signals["asof_date"])
    reason = np.where((signals["ineligible_reason"] == -1) & ~member, NOT_MEMBER, signals["ineligible_reason"])
    reason = reason.astype(np.int8)
    return (
        {name: values[kept] for name, values in candidates.items()},
        {**signals, "eligible": reason == -1, "ineligible_reason": reason},
    )


def _has_arrived(expected: str, *found: dict[str, Any] | None) -> bool:
    """Whether both tables hold a ticker as planned; a replay that failed on these inputs counts."""
    versions = {(facts or {}).get("version") for facts in found}
    return versions in ({expected}, {f"failed-{expected}"})


def arrivals(tables: Tables, plan: ReplayPlan) -> tuple[list[str], bool]:
    """Planned tickers missing from the lake, and whether every active one is up to date."""
    stored, beside = (tables.bucketed(name).footers() for name in _WRITTEN)
    missing = [t for t, version in plan.expected.items() if not _has_arrived(version, stored.get(t), beside.get(t))]
    left_over = [t for t in {**stored, **beside} if t not in plan.expected]
    behind = {*missing, *left_over}
    return [ticker for ticker in plan.stale if ticker in behind], not behind


def failed_tickers(tables: Tables) -> dict[str, str]:
    """Tickers whose last replay failed, with the reason."""
    footers = tables.bucketed("candidates").footers()
    return {ticker: facts["failed"] for ticker, facts in footers.items() if facts.get("failed")}
