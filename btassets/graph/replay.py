"""Group `replay`: the setups the engine would have produced, and the price signals.

Belongs here: the declaration of these stages and their tables. Does not belong here: how they are computed
(`btassets.stages.replay`).
"""

from collections.abc import Sequence

from btassets.engine.conventions import FORWARD_RETURN_DAYS, HOLD_DAYS
from btassets.engine.signals import SIGNALS
from btassets.graph.columns import (
    ASOF,
    CODE,
    DAY,
    FLAG,
    I8,
    I16,
    REAL,
    TICKER,
    Column,
    TableSpec,
    key,
)
from btassets.graph.stage import UNIVERSE, Check, Stage


def _graded(suffix: str, fill: str, holds: Sequence[int]) -> tuple[Column, ...]:
    """Columns of one grading; all null while a row cannot be graded."""
    return (
        Column(
            f"outcome{suffix}",
            CODE,
            f"target_hit, stop_hit, ambiguous (both in one bar: a stop) or expired; {fill}",
        ),
        Column(f"exit_reason{suffix}", CODE, "target, stop, time or delisted"),
        Column(f"realized_r{suffix}", REAL, "R multiple of the target race; a full-horizon expiry is 0"),
        Column(f"hold_days{suffix}", I16, "sessions from the first forward bar to the exit"),
        Column(
            f"stop_day{suffix}",
            I16,
            "forward bar that first touched the stop, after the target too; null: never",
        ),
        Column(f"risk_pct{suffix}", REAL, "1R as a fraction of the entry price (0.05 = 5%)"),
        *(
            Column(f"time_r_{n}{suffix}", REAL, f"R multiple when held {n} sessions with the initial stop")
            for n in holds
        ),
        Column(
            f"r_mtm{suffix}",
            REAL,
            "realized R with expiries marked to the last close and targets gapped over paid at the open",
        ),
        Column(f"label_end_date{suffix}", DAY, "session of the last bar used by the grading"),
        Column(f"bench_ret_target{suffix}", REAL, "benchmark return over the target race, fraction"),
        *(
            Column(f"bench_ret_{n}{suffix}", REAL, f"benchmark return over the {n}-session hold, fraction")
            for n in holds
        ),
        Column(f"mae_r{suffix}", REAL, "R at the worst price while held, 0 or below (maximum adverse excursion)"),
        Column(f"mae_day{suffix}", I16, "its first forward bar; 0: never below the fill"),
        Column(f"mfe_r{suffix}", REAL, "R at the best price while held, 0 or above (maximum favourable excursion)"),
        Column(f"mfe_day{suffix}", I16, "its first forward bar; 0: never above the fill"),
    )


_GRIDS = (
    key("is_week", FLAG, "as-of is the last session of a completed calendar week"),
    key("is_bar", FLAG, "as-of is every fifth own bar from bar 59 (the legacy profile's grid)"),
    key("is_own_week", FLAG, "as-of is the ticker's last bar of an ISO week"),
    key("is_latest", FLAG, "as-of is T, the book's last common session; excluded from statistics"),
)


def candidates_spec(holds: Sequence[int]) -> TableSpec:
    """Table of the setups, graded under these holds."""
    return TableSpec(
        "candidates",
        "One setup (ticker, as-of date, direction) with its levels, scores, and outcomes under both fills.",
        (
            TICKER,
            ASOF,
            key("direction", CODE, "long or short"),
            *_GRIDS,
            key("n_bars", I16, "bars in the engine's window; below 253 a backfill changes the row"),
            key("n_forward", I8, "available own forward bars up to T, up to the horizon or the longest hold"),
            Column("entry", REAL, "close of the as-of bar as printed, like every price of the row"),
            Column("stop", REAL, "initial stop, price"),
            Column("target", REAL, "primary target, price"),
            Column("rr", REAL, "distance to the target over distance to the stop"),
            Column("confidence", REAL, "confidence of this direction, 0-100"),
            Column(
                "primary_prob",
                REAL,
                "stated probability of the primary target before the stop within the horizon, 0-100",
            ),
            Column("best_prob", REAL, "largest stated probability among the targets, 0-100"),
            Column("ev", REAL, "stated expected value of the primary target, R"),
            Column("technical", REAL, "technical score, 0-100"),
            Column("momentum_score", REAL, "momentum score, 0-100"),
            Column("level_strength", REAL, "strength of the primary target's level, 0-100"),
            Column("n_sr_targets", I8, "targets on support or resistance levels"),
            Column("is_projected", FLAG, "targets were projected because no level was in range"),
            Column("momentum", REAL, "12-1 momentum, fraction"),
            Column("residual_momentum", REAL, "12-1 momentum after removing the benchmark, fraction"),
            Column("action", CODE, "LONG_HIGH, LONG_MODERATE, NEUTRAL, SHORT_MODERATE or SHORT_HIGH"),
            Column("risk_level", CODE, "Low, Medium or High, from the number of conflicts"),
            Column("adv20_usd", REAL, "mean dollar volume of the last 20 bars"),
            Column("price_factor", REAL, "adjusted over printed price of the as-of bar, anchored at the first bar"),
            *_graded("", "filled at the signal's close", holds),
            Column("drop_open", CODE, "why the next open gave no fill: no_next_bar, gapped_stop, gapped_target"),
            Column("fill_open", REAL, "open of the next session in prices of the as-of day; null if not available yet"),
            *_graded("_open", "filled at the next session's open; 1R remains the planned risk", holds),
        ),
        order=("ticker", "asof_date", "direction"),
        graded=candidates_spec,
    )


CANDIDATES = candidates_spec(HOLD_DAYS)

FACTOR_SIGNALS = TableSpec(
    "factor_signals",
    "One ticker at one as-of date: price signals, forward returns, and eligibility for ranking.",
    (
        TICKER,
        ASOF,
        _GRIDS[0],
        _GRIDS[2],
        _GRIDS[3],
        *(Column(signal.name, REAL, signal.description) for signal in SIGNALS),
        *(
            Column(f"fwd_return_{h}", REAL, f"close-to-close return of the next {h} own bars, fraction")
            for h in FORWARD_RETURN_DAYS
        ),
        Column("n_forward", I16, "available own forward bars, capped at 63"),
        Column("close", REAL, "close of the as-of bar, as printed"),
        Column("adv20_usd", REAL, "mean dollar volume of the last 20 bars"),
        key("eligible", FLAG, "may be ranked at this date, judged from data known at that date"),
        Column("ineligible_reason", CODE, "first rule that excludes the ticker; null if eligible"),
    ),
)

STAGES = (
    Stage(
        "candidates",
        "replay",
        "Every setup the engine would have produced at each as-of date, and its outcome.",
        "btassets.stages.replay.candidates:replay_shard",
        (CANDIDATES,),
        reads=("ohlcv_history", "sessions", "benchmark_closes"),
        settings=("setup", "engine", "exits", "basis", "quality", *UNIVERSE),
        outside=("membership", "verification", "setup_rule"),
        keyed="replay",
        is_partitioned=True,
        stores=("signals",),
        checks=(
            Check(
                "no_lookahead",
                "Setups of a sample are unchanged when all later bars are removed.",
                is_blocking=True,
            ),
        ),
        kinds=("python", "numba"),
    ),
    Stage(
        "factor_signals",
        "replay",
        "Price signals of every ticker at every week end, with forward returns.",
        "btassets.stages.replay.factor_signals:compute",
        (FACTOR_SIGNALS,),
        reads=("signals",),
        keyed="replay",
        work=3.0,
    ),
)
