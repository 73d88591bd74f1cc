"""Stage `candidates`: replay every ticker whose inputs changed, and only those.

Belongs here: which tickers are stale, and writing buckets of candidates and signals. Does not belong here: the inputs
of a replay (`replay_inputs.py`), the engine's computation (`btassets.engine.replay`), its processes
(`btassets.defs.assets.replay_assets`).

The footer of a bucket stores per ticker: `version` (the fingerprint), `n_rows` in this bucket, `failed` (why the replay
of this ticker failed, else null), and the bars behind its final rows (`kept_rows.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.counted import counted
from btassets.engine.days import NO_DAY
from btassets.engine.market.calendar import asof_grid_from, has_ended
from btassets.engine.market.eligibility import NOT_MEMBER
from btassets.errors import BtassetsError, SetupRuleError
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS
from btassets.run.resolve import resolve
from btassets.run.tables import BucketWriter, Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import TickerBars, is_used, read_bucket_bars
from btassets.stages.bars.sessions_view import blocked_days, first_used
from btassets.stages.bars.universe import active_tickers
from btassets.stages.replay.arrow_columns import as_table
from btassets.stages.replay.closed_rows import split, stays_closed
from btassets.stages.replay.kept_rows import first_changed, history_facts
from btassets.stages.replay.replay_inputs import ReplayInputs, fingerprint, read_inputs
from btassets.storage.bucket_rows import N_CLOSED, newest_rows, ticker_slices
from btassets.storage.hashing import digest

Floats = npt.NDArray[np.float64]
Replay = Callable[[TickerBars, ReplayInputs, int], tuple[Any, ...]]
"""Candidate and signal columns of one ticker from an as-of bar on; under an own rule also its microseconds per bar."""

Progress = Callable[[int, int], None]

_WRITTEN = ("candidates", "signals")
"""The stage's own table and its store."""


OWN_SETUPS = "btassets.stages.replay.own_setups"
"""Module that replays under an own rule; a book without one does not import it."""


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


def plan_replay(tables: Tables, settings: Settings, only: Iterable[str] | None = None) -> ReplayPlan:
    """Compare each active ticker's fingerprint with the stored one.

    Parameters
    ----------
    only
        Restrict the stale tickers to these; None: all.
    """
    inputs = read_inputs(tables, settings)
    active, blocked = set(active_tickers(tables, settings)), blocked_days(tables)
    first = first_used(tables)
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
            kept = is_used(own, blocked, first)
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
        return _replay_bucket(tables, bucket, group, stale, plan.expected, (inputs, replay))

    with _replaying(inputs) as replay, ThreadPoolExecutor(max_workers=n_threads) as pool:
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


def _replaying(inputs: ReplayInputs) -> AbstractContextManager[Replay]:
    """The function that replays a ticker under the book's setup rule."""
    return nullcontext(replay_one) if inputs.rule is None else resolve(f"{OWN_SETUPS}:replaying")(inputs)


def _replay_bucket(
    tables: Tables,
    bucket: int,
    stale: list[str],
    bars: Iterable[TickerBars],
    expected: Mapping[str, str],
    work: tuple[ReplayInputs, Replay],
) -> tuple[list[str], dict[str, str], int]:
    inputs, replay = work
    fresh: dict[str, Any] = {}
    failed: dict[str, str] = {}
    known: dict[str, dict[str, Any]] = {}
    since: dict[str, int] = {}
    stored = [tables.bucketed(name).bucket_footer(bucket) for name in _WRITTEN]
    for item in bars:
        ticker = item.ticker
        try:
            first = first_changed(item, inputs, *(footers.get(ticker) for footers in stored))
            fresh[ticker] = replay(item, inputs, first)
            known[ticker] = history_facts(item, inputs)
            since[ticker] = int(item.bars.dates[first]) if first else NO_DAY
        except SetupRuleError:
            raise
        except BtassetsError as error:  # of an own rule; the text names file, line, ticker and date
            failed[ticker] = str(error)
        except (ArithmeticError, ValueError, IndexError) as error:
            failed[ticker] = f"{type(error).__name__}: {error}"
    facts = {
        t: {"version": f"failed-{expected[t]}" if t in failed else expected[t], "failed": failed.get(t)}
        | known.get(t, {})
        for t in stale
        if t in expected
    }
    if inputs.rule is not None:
        for ticker, replayed in fresh.items():
            facts[ticker]["us_per_bar"] = replayed[2]
    n_rows = 0
    for name, spec, part in (
        ("signals", FACTOR_SIGNALS, 1),
        ("candidates", CANDIDATES.under(inputs.rules.hold_days), 0),
    ):
        columns = {ticker: replayed[part] for ticker, replayed in fresh.items()}
        writer = tables.writer(name)
        with writer.lock(bucket):
            n_rows = _merge_bucket(writer, bucket, spec, columns, facts, stale, since)
    return stale, failed, n_rows


def _merge_bucket(
    stored: BucketWriter,
    bucket: int,
    spec: Any,
    columns: dict[str, Any],
    facts: dict[str, Any],
    stale: list[str],
    since: Mapping[str, int],
) -> int:
    """Write one bucket: old rows of tickers that are not stale; of the others those before `since`, and fresh ones."""
    footers = stored.bucket_footer(bucket)
    kept = {t: f for t, f in footers.items() if t not in stale}
    left = [t for t in stale if t in footers and t not in facts]
    closed = stored.closed(bucket)
    is_closed = closed is not None and not left and stays_closed(facts, footers, since)
    old = stored.newest(bucket) if is_closed else stored.bucket(bucket)
    slices = ticker_slices(newest_rows(footers) if is_closed else footers)
    new, counts = as_table(spec, columns)
    starts = (
        dict(zip(counts, np.concatenate([[0], np.cumsum(list(counts.values()))[:-1]]), strict=True)) if counts else {}
    )
    parts: dict[str, list[pa.Table]] = {}
    written: dict[str, dict[str, Any]] = {}
    for ticker in sorted({*kept, *facts}, key=str.encode):
        if ticker in facts:
            final = _before(old, slices.get(ticker), since.get(ticker, NO_DAY))
            n = counts.get(ticker, 0)
            fresh = [new.slice(int(starts[ticker]), n)] if n else []
            parts[ticker] = [*([] if final is None else [final]), *fresh]
            n_closed = footers[ticker].get(N_CLOSED, 0) if is_closed else 0
            n_rows = n_closed + sum(part.num_rows for part in parts[ticker])
            written[ticker] = {**facts[ticker], "n_rows": n_rows, N_CLOSED: n_closed}
        else:
            written[ticker] = dict(kept[ticker])
            parts[ticker] = [old.slice(*slices[ticker])] if old is not None and slices[ticker][1] else []
    if is_closed:
        stored.write(bucket, _joined([part for own in parts.values() for part in own], spec), written, closed)
    else:
        older, newest = split(parts.items(), written)
        has_older = any(part.num_rows for part in older)
        stored.write(bucket, _joined(newest, spec), written, _joined(older, spec) if has_older else None)
    return sum(counts.values())


def _joined(parts: list[pa.Table], spec: Any) -> pa.Table:
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks() if parts else spec.schema.empty_table()


def _before(rows: pa.Table | None, where: tuple[int, int] | None, day: int) -> pa.Table | None:
    """Rows of one ticker with an as-of date before `day`; None without any."""
    if rows is None or where is None or day == NO_DAY or not where[1]:
        return None
    own = rows.slice(*where)
    dates = own["asof_date"].combine_chunks().cast(pa.int32()).to_numpy()
    return own.slice(0, int(np.searchsorted(dates, day)))


def replay_one(item: TickerBars, inputs: ReplayInputs, first: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Candidate and signal columns of one ticker at its as-of bars from `first` on, as engine arrays."""
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
        RawArrays.of(item.raw.close[:n], item.raw.volume[:n], item.factor[:n]),
        AsofGrid(*asof_grid_from(first, bars.dates, week_ends, inputs.sessions.last)),
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


def refuse_failed_rule(tables: Tables) -> None:
    """Refuse a replay in which an own rule failed for every ticker.

    Raises
    ------
    SetupRuleError
        With the reason of the first ticker.
    """
    rule, failed = tables.outside("setup_rule"), failed_tickers(tables)
    if rule is not None and failed and len(failed) == len(tables.bucketed("candidates").footers()):
        reason = failed[min(failed, key=str.encode)]
        raise SetupRuleError(rule.name, f"it failed for each of {counted(len(failed), 'ticker')}, first: {reason}")


def failed_tickers(tables: Tables) -> dict[str, str]:
    """Tickers whose last replay failed, with the reason."""
    footers = tables.bucketed("candidates").footers()
    return {ticker: facts["failed"] for ticker, facts in footers.items() if facts.get("failed")}


def rule_cost(tables: Tables) -> float | None:
    """Microseconds of an own rule per as-of bar when last computed, the median over tickers; None: none was."""
    costs = [facts["us_per_bar"] for facts in tables.bucketed("candidates").footers().values() if "us_per_bar" in facts]
    return float(np.median(costs)) if costs else None
