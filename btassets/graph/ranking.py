"""Group `ranking`: percentiles of momentum and of signals, and every setup under the scenario's gate.

Belongs here: the declaration of these stages and their tables. Does not belong here: the models
(`dbt_like_sql`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.engine.conventions import HOLD_DAYS
from btassets.engine.floors import (
    BUILT_IN_RANKING,
    CORE_FLAGS,
    FLAGS,
    RANKING,
    compared_signals,
    core_flags,
    floors_of,
    percentile_of,
    value_of,
)
from btassets.engine.signals import SIGNAL_NAMES
from btassets.graph.columns import (
    ASOF,
    DAY,
    FLAG,
    I8,
    I16,
    I64,
    PERCENTILES,
    REAL,
    SCENARIO,
    TEXT,
    TICKER,
    WEEK,
    Column,
    TableSpec,
)
from btassets.graph.stage import METHOD, HasGate, Stage, model


def _percentile(signal: str) -> Column:
    about = "percentile of this signal in the week, 0-100; 100: the strongest by its sign"
    return Column(percentile_of(signal), REAL, about)


def signal_columns(gates: Mapping[str, Any]) -> tuple[Column, ...]:
    """Value and percentile of each signal on which the gate has a floor."""
    pairs = [(Column(value_of(s), REAL, "value of this signal"), _percentile(s)) for s in compared_signals(gates)]
    return tuple(column for pair in pairs for column in pair)


def todays_signals(gates: Mapping[str, Any]) -> tuple[Column, ...]:
    """Value of the signal that is ranked, and value and percentile of each signal with a floor."""
    ranking = gates.get(RANKING, BUILT_IN_RANKING)
    is_added = ranking != BUILT_IN_RANKING and ranking not in compared_signals(gates)
    ranked = (Column(value_of(ranking), REAL, "value of the ranked signal"),) if is_added else ()
    return (*ranked, *signal_columns(gates))


def _floor_columns(gates: Mapping[str, Any]) -> tuple[Column, ...]:
    """Verdict of each floor on a signal, and the percentile behind it."""
    flags = core_flags(floors_of(gates))[len(CORE_FLAGS) :]
    verdicts = (Column(flag.name, FLAG, flag.description) for flag in flags)
    return (*verdicts, *map(_percentile, compared_signals(gates)))


SIGNAL_RANKS = TableSpec(
    "signal_ranks",
    "One eligible ticker at one week end with a value of a signal that the gate names; without one, no row.",
    (
        SCENARIO,
        Column("grid", TEXT, "week; latest: T alone, for today's list"),
        ASOF,
        TICKER,
        Column("ranking_value", REAL, "value of the signal that the percentile of the gate ranks; null: none"),
        Column("ranking_percentile", REAL, "its percentile in the week, 0-100; 100: the strongest by its sign"),
    ),
    order=("scenario", "grid", "asof_date", "ticker"),
    of_gate=signal_columns,
)

PERCENTILE_RANKS = TableSpec(
    "percentile_ranks",
    "One ranked member of a week: a ticker, or in the legacy profile a candidate row.",
    (
        SCENARIO,
        Column("grid", TEXT, "week or bar: as-of dates of the statistics; latest: T alone, for today's list"),
        WEEK,
        ASOF,
        TICKER,
        Column("direction", TEXT, "direction of the ranked row; null if tickers are ranked"),
        Column("row_no", I64, "number of the ranked row within its ticker; null if tickers are ranked"),
        *PERCENTILES,
        Column("n_ranked", I64, "members with an activation percentile"),
    ),
)


def graded_setups_spec(holds: Sequence[int]) -> TableSpec:
    """Table of the graded setups under these holds."""
    return TableSpec(
        "graded_setups",
        "One setup of the scenario's grid: its gate verdict and its result under the scenario's fill.",
        (
            SCENARIO,
            Column("row_no", I64, "number within the ticker, by as-of date and direction"),
            TICKER,
            ASOF,
            WEEK,
            Column("direction", TEXT, "long or short"),
            Column("entry", REAL, "close of the as-of bar as printed, like every price of the row"),
            Column("stop", REAL, "initial stop, price"),
            Column("target", REAL, "primary target, price"),
            Column("rr", REAL, "distance to the target over distance to the stop"),
            Column("confidence", REAL, "confidence of this direction, 0-100"),
            Column("primary_prob", REAL, "stated probability of the primary target, 0-100"),
            Column("action", TEXT, "the engine's action"),
            Column("risk_level", TEXT, "Low, Medium or High"),
            Column("adv20_usd", REAL, "mean dollar volume of the last 20 bars"),
            Column("price_factor", REAL, "adjusted over printed price of the as-of bar, anchored at the first bar"),
            *PERCENTILES,
            *(Column(flag.name, FLAG, flag.description) for flag in FLAGS),
            Column("is_graded", FLAG, "has a result; statistics use only these rows"),
            Column("drop_reason", TEXT, "reason for a missing result"),
            Column("n_forward", I8, "available own forward bars, up to the horizon or the longest hold"),
            Column("entry_price", REAL, "fill, in prices of the as-of day"),
            Column("risk_pct", REAL, "planned 1R as a fraction of the fill"),
            Column("outcome", TEXT, "target_hit, stop_hit, ambiguous or expired"),
            Column("exit_reason", TEXT, "target, stop, time or delisted"),
            Column("gross_r", REAL, "R of the target race under the scenario's rule for expiries"),
            Column("cost_r", REAL, "cost of a round trip in R"),
            Column("net_r", REAL, "gross_r minus cost_r"),
            Column("target_gap_r", REAL, "R between the target and the open of a bar that gapped over it, else 0"),
            Column("hold_days", I16, "sessions held"),
            Column("stop_day", I16, "forward bar that first touched the stop"),
            *(Column(f"time_r_{n}", REAL, f"gross R when held {n} sessions with the stop") for n in holds),
            Column("bench_ret_target", REAL, "benchmark return over the target race, fraction"),
            *(Column(f"bench_ret_{n}", REAL, f"benchmark return over the {n}-session hold") for n in holds),
            Column("mae_r", REAL, "R at the worst price while held, 0 or below (maximum adverse excursion)"),
            Column("mae_day", I16, "its first forward bar; 0: never below the fill"),
            Column("mfe_r", REAL, "R at the best price while held, 0 or above (maximum favourable excursion)"),
            Column("mfe_day", I16, "its first forward bar; 0: never above the fill"),
            Column("label_end_date", DAY, "session of the last bar used by the grading"),
            Column("outcome_at_close", TEXT, "outcome if filled at the signal's close; used by the calibration"),
        ),
        order=("scenario", "ticker", "row_no"),
        graded=graded_setups_spec,
        of_gate=_floor_columns,
    )


GRADED_SETUPS = graded_setups_spec(HOLD_DAYS)


def ranks_own_signals(settings: HasGate) -> bool:
    """Whether the gate names a signal that is not built in."""
    return not set(settings.gates.signals) <= set(SIGNAL_NAMES)


STAGES = (
    Stage(
        "signal_ranks",
        "ranking",
        "Values and percentiles of the signals that the gate names: its ranking, and floors on signals.",
        "btassets.stages.ranking.signal_ranks:compute",
        (SIGNAL_RANKS,),
        reads=("factor_signals", "own_signals", "own_signal_proofs"),
        settings=("gates.ranking", "gates.floors", "method.ranking"),
        reads_if=(("own_signals", ranks_own_signals), ("own_signal_proofs", ranks_own_signals)),
        work=0.5,
    ),
    model(
        "ranking",
        "Which tickers lead the universe in a week? Percentiles of raw, residual and activation momentum.",
        PERCENTILE_RANKS,
        reads=("candidates", "factor_signals", "signal_ranks"),
        settings=("profile", "method", "gates.ranking"),
        work=6.0,
    ),
    model(
        "ranking",
        "Every setup under the scenario's rules: percentile, each floor, whether it qualifies, and its result.",
        GRADED_SETUPS,
        reads=("candidates", "percentile_ranks", "signal_ranks"),
        settings=METHOD,
        work=14.0,
    ),
)
