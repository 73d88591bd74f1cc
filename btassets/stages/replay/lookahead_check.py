"""The lookahead check on a run's own rows: remove the later bars, replay, compare.

Belongs here: choosing the sample and reading the stored rows. Does not belong here: the comparison
(`engine.replay.lookahead`).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from btassets.engine.replay.grading import AlignedBars
from btassets.engine.replay.lookahead import truncation_mismatches
from btassets.engine.replay.replay_layout import RawArrays
from btassets.engine.replay.ticker import TickerReplay
from btassets.graph.columns import TableSpec
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS
from btassets.run.resolve import resolve
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars
from btassets.stages.replay.arrow_columns import as_columns
from btassets.stages.replay.candidates import OWN_SETUPS, ReplayPlan
from btassets.stages.replay.replay_inputs import ReplayInputs, read_inputs

SAMPLE_TICKERS = 8
SAMPLE_DATES = 8


@dataclass(frozen=True)
class LookaheadFinding:
    """Number of compared tickers and as-of dates, and the first difference with its ticker, None without one."""

    n_tickers: int
    n_dates: int
    first_mismatch: str | None = None
    ticker: str | None = None


def find_lookahead(tables: Tables, settings: Settings, plan: ReplayPlan) -> LookaheadFinding:
    """Compare stored rows of a sample with a replay that ends at their as-of date.

    The sample is drawn from the replayed tickers, and as many again from all tickers if none was replayed or the
    earlier rows are unverified; a ticker that failed last is always included. Its seed is derived from the
    fingerprints: it differs for other data and is the same for the same data.
    """
    replayed = [t for t in plan.stale if t in plan.expected]
    everyone = sorted(plan.expected, key=str.encode)
    if not everyone:
        return LookaheadFinding(0, 0)
    seed = int("".join(plan.expected[t][:4] for t in (replayed or everyone)[:8]), 16)
    generator = np.random.default_rng(seed)
    sample = {ticker for ticker in everyone if ticker == plan.suspect}
    for tickers in (replayed, everyone if not (replayed and plan.is_proven) else []):
        sample |= {*generator.choice(tickers, size=min(SAMPLE_TICKERS, len(tickers)), replace=False).tolist()}
    inputs = read_inputs(tables, settings)
    n_tickers = n_dates = 0
    with _rule_check(inputs) as differs:
        for bucket, group in tables.bucketed("ohlcv_history").by_bucket(sample).items():
            for item in read_bucket_bars(tables, settings, bucket, group):
                stored = _stored(tables, bucket, item, inputs.rules.hold_days)
                asked = np.unique(np.concatenate([stored.candidate_index, stored.signal_index]))
                # Membership is an input: skip as-of dates outside a ticker's spells.
                asked = asked[inputs.is_member(item.ticker, item.bars.dates[asked])]
                if not len(asked):
                    continue
                index = np.sort(generator.choice(asked, size=min(SAMPLE_DATES, len(asked)), replace=False))
                mismatch = _first_mismatch(item, stored, index.astype(np.int32), inputs)
                mismatch = mismatch or differs(item, stored, index)
                n_tickers, n_dates = n_tickers + 1, n_dates + len(index)
                if mismatch is not None:
                    return LookaheadFinding(n_tickers, n_dates, mismatch, item.ticker)
    return LookaheadFinding(n_tickers, n_dates)


def _rule_check(inputs: ReplayInputs) -> AbstractContextManager[Callable[..., str | None]]:
    """The function that proves an own rule's stored setups; the built-in rule's are proven with its signals."""
    if inputs.rule is None:
        return nullcontext(lambda *_: None)
    return resolve(f"{OWN_SETUPS}:checking")(inputs)


def _stored(tables: Tables, bucket: int, item: TickerBars, holds: Sequence[int]) -> Any:
    """Stored rows of one ticker in the replay's format (`TickerReplay`)."""

    def rows(table: str, spec: TableSpec) -> dict[str, np.ndarray]:
        reader = tables.bucketed(table)
        stored = reader.bucket(bucket)
        where = reader.slices(bucket).get(item.ticker, (0, 0))
        return as_columns(spec, spec.schema.empty_table() if stored is None else stored.slice(*where))

    candidates, signals = rows("candidates", CANDIDATES.under(holds)), rows("signals", FACTOR_SIGNALS)
    places = [np.searchsorted(item.bars.dates, c["asof_date"]).astype(np.int32) for c in (candidates, signals)]
    return TickerReplay(candidates, signals, *places)


def _first_mismatch(item: TickerBars, stored: Any, index: np.ndarray, inputs: ReplayInputs) -> str | None:
    found = truncation_mismatches(
        stored,
        AlignedBars(
            item.bars,
            *inputs.benchmark_on(item.bars.dates),
            np.searchsorted(inputs.sessions.days, item.bars.dates).astype(np.int32),
        ),
        RawArrays.of(item.raw.close, item.raw.volume, item.factor),
        index,
        inputs.rules,
        has_own_rule=inputs.rule is not None,
    )
    if not found:
        return None
    first = found[0]
    day = np.datetime64(first.asof_date, "D")
    return (
        f"{item.ticker} {day}: {first.column} is {first.full!r} with all bars and {first.truncated!r} without the "
        f"later ones ({len(found)} cells differ)"
    )
