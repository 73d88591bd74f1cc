"""Group `advice`: recommended changes, their certainty, and today's setups.

Belongs here: the declaration of these stages and their tables. Does not belong here: how they are computed
(`btassets.stages.advice`).
"""

from btassets.engine.setups.target_classes import RULE
from btassets.graph.columns import (
    ADJUSTED,
    ASOF,
    DAY,
    ESTIMATE,
    FLAG,
    I8,
    I64,
    OUT_OF_SAMPLE,
    REAL,
    SCENARIO,
    TEXT,
    TICKER,
    Column,
    Page,
    TableSpec,
    key,
)
from btassets.graph.ranking import todays_signals
from btassets.graph.stage import METHOD, UNIVERSE, Stage

_ITEM = (
    Column("topic", TEXT, "subject of the advice"),
    Column("item_key", TEXT, "item within the topic, e.g. the floor"),
    Column("decision", TEXT, "decision of the rule; null: no change"),
    Column("sentence", TEXT, "the decision as a sentence"),
    Column("evidence", TEXT, "numbers behind the decision, JSON"),
)

RECOMMENDATION = TableSpec(
    "recommendation",
    "One item of advice derived by the rules.",
    (SCENARIO, *_ITEM),
    page=Page(("topic", "decision", "sentence")),
)

RESEARCH_RECOMMENDATION = TableSpec(
    "research_recommendation",
    "One research variant and whether it is a candidate for promotion.",
    (SCENARIO, *_ITEM),
    page=Page(("topic", "sentence")),
)

STAT_CLAIMS = TableSpec(
    "stat_claims",
    "One item of advice, or the headline, with its verdict.",
    (
        SCENARIO,
        Column("topic", TEXT, "topic of the item, or headline, expectancy, random_pick"),
        Column("item_key", TEXT, "item within the topic, as in recommendation"),
        Column("seed_rule_says", TEXT, "decision by the advice rules; null: no change"),
        Column("claim_kind", TEXT, "superior, negligible, uniquely_best or positive"),
        *ESTIMATE,
        *ADJUSTED,
        *OUT_OF_SAMPLE,
        Column("verdict", TEXT, "supported, contradicted or not distinguishable from noise"),
        Column(
            "supported_since",
            DAY,
            "first session of the current streak of supported verdicts; null: not supported now",
        ),
        Column("first_supported", DAY, "first session with a supported verdict in any run"),
        Column("last_supported", DAY, "last session with a supported verdict"),
        Column("looks_in_a_row", I64, "length of the current streak of supported verdicts, in sessions"),
        Column("looks", I64, "sessions with a verdict"),
        Column("evidence_text", TEXT, "the evidence in one sentence"),
    ),
)

VERDICTS = TableSpec(
    "verdicts",
    "One verdict on one claim at one session.",
    (
        key("scenario", TEXT, "scenario of the claim"),
        key("look_no", I64, "write order of the rows, from 1"),
        key("as_of", DAY, "last session of the data behind the verdict"),
        key("topic", TEXT, "topic of the claim, as in stat_claims; signal: one of stat_signals"),
        key("item_key", TEXT, "item within the topic; for a signal its name and horizon"),
        Column("verdict", TEXT, "supported, contradicted or not distinguishable from noise"),
        Column("estimate", REAL, "estimate at that session"),
        Column("p_adj", REAL, "its family-adjusted p-value"),
    ),
)

TODAYS_SETUPS = TableSpec(
    "todays_setups",
    "One setup at T that qualifies, or one of the nearest misses.",
    (
        SCENARIO,
        ASOF,
        Column("is_qualified", FLAG, "passes every floor and the momentum gate"),
        TICKER,
        Column("direction", TEXT, "long or short"),
        Column("entry", REAL, "close of T; filled at the next open"),
        Column("stop", REAL, "initial stop, price"),
        Column("target", REAL, "primary target, price"),
        Column("rr", REAL, "distance to the target over distance to the stop"),
        Column("confidence", REAL, "0-100"),
        Column("percentile", REAL, "activation percentile at T, 0-100"),
        Column("primary_prob", REAL, "stated probability of the target, 0-100"),
        Column("action", TEXT, "the engine's action"),
        Column("risk_level", TEXT, "Low, Medium or High: no conflict, one, or more"),
        Column("conflicts", TEXT, "conflicts behind the risk level, separated by semicolons; empty: none"),
        Column("level_strength", REAL, "strength of the target's level, 0-100; 0 when projected"),
        Column("is_projected", FLAG, "the target was projected"),
        Column("adv20_usd", REAL, "mean dollar volume of the last 20 bars"),
        Column("vote_trend", REAL, "vote of EMA20 against EMA50, -1 to 1"),
        Column("vote_position", REAL, "vote of the close against EMA50, -1 to 1"),
        Column("vote_directional", REAL, "vote of directional movement, -1 to 1"),
        Column("vote_rsi", REAL, "vote of RSI, -1 to 1"),
        Column("vote_volume", REAL, "vote of money flow, -1 to 1"),
        Column("failed_floors", TEXT, "floors that a near miss fails, comma-separated; empty when qualified"),
    ),
    page=Page(
        ("ticker", "direction", "entry", "stop", "target", "rr", "confidence", "percentile"),
        rows=("is_qualified", True),
    ),
    of_gate=todays_signals,
)

TODAYS_TARGETS = TableSpec(
    "todays_targets",
    "One target of a setup of today's list: the primary and every other one.",
    (
        SCENARIO,
        ASOF,
        TICKER,
        Column("direction", TEXT, "long or short"),
        key("place", I8, "1: the nearest to the entry"),
        Column("price", REAL, "target, price"),
        Column("rr", REAL, "distance to the target over distance to the stop"),
        Column("probability_pct", REAL, "stated probability of this target before the stop, 0-100"),
        Column("classification", TEXT, RULE),
        Column("is_primary", FLAG, "the target of the setup"),
    ),
)

STAGES = (
    Stage(
        "recommendation",
        "advice",
        "Which settings should change, by transparent rules on this run's numbers?",
        "btassets.stages.advice.recommendation:compute",
        (RECOMMENDATION, RESEARCH_RECOMMENDATION),
        reads=(
            "setup_stats",
            "gate_sweep",
            "gate_ablation",
            "time_exit_sweep",
            "setup_group_stats",
            "factor_ic",
            "portfolio_sims",
            "strategy_variants",
            "ohlcv_history",
        ),
        settings=(*METHOD, "portfolio", "variant", *UNIVERSE),
        outside=("membership",),
    ),
    Stage(
        "stat_claims",
        "advice",
        "How certain is the advice? A verdict on every item, with its evidence.",
        "btassets.stages.advice.stat_claims:compute",
        (STAT_CLAIMS,),
        reads=(
            "recommendation",
            "research_recommendation",
            "stat_signals",
            "stat_pairs",
            "stat_health",
            "stat_portfolio",
            "stat_overfit",
            "sessions",
        ),
        settings=("method.gapped_target", "variant"),
        outside=("configurations", "verdict_history"),
        writes=("verdicts",),
    ),
    Stage(
        "todays_setups",
        "advice",
        "Setups that qualify at the last session, with reasons, and the nearest misses.",
        "btassets.stages.advice.todays_setups:compute",
        (TODAYS_SETUPS, TODAYS_TARGETS),
        reads=("candidates", "percentile_ranks", "signal_ranks", "sessions", "ohlcv_history"),
        settings=(*METHOD, "engine", "portfolio", "basis", "setup"),
        work=2.5,
    ),
)
