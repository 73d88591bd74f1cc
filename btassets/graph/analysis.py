"""Group `analysis`: how signals sorted the universe, and what groups of setups earned.

Belongs here: the declaration of these stages and their tables. Does not belong here: the models
(`dbt_like_sql`) and the computing (`btassets.stages.analysis`).
"""

from btassets.engine.conventions import MIN_THINNED_WEEKS
from btassets.graph.columns import (
    ASOF,
    FLAG,
    I16,
    I32,
    I64,
    REAL,
    SCENARIO,
    TEXT,
    WEEK,
    Column,
    KeyNumber,
    Page,
    TableSpec,
    key,
)
from btassets.graph.stage import METHOD, Check, Stage, model

FACTOR_IC_WEEKLY = TableSpec(
    "factor_ic_weekly",
    "One signal in one week: rank correlation with the next 30 sessions' return across the universe.",
    (
        SCENARIO,
        Column("signal", TEXT, "name of the signal"),
        WEEK,
        ASOF,
        Column("iso_year", I32, "ISO year"),
        Column("iso_week", I32, "ISO week"),
        Column("n", I32, "tickers with the signal and the forward return"),
        Column("ic", REAL, "Spearman correlation; null when degenerate"),
        Column("spread", REAL, "mean forward return of the top fifth minus the bottom fifth, fraction"),
        Column("is_thinned", FLAG, "kept when weeks are thinned so that windows hardly overlap"),
    ),
)

_STATS = (
    Column("total", I64, "graded setups"),
    Column("wins", I64, "targets hit"),
    Column("losses", I64, "stops hit, ambiguous bars included"),
    Column("expired", I64, "neither within the horizon"),
    Column("hit_rate", REAL, "wins of wins and losses, 0-100"),
    Column("avg_r", REAL, "mean gross R per setup"),
    Column("total_r", REAL, "sum of gross R"),
    Column("net_avg_r", REAL, "mean R after a round trip of costs"),
    Column("net_total_r", REAL, "sum of net R"),
    Column("best_r", REAL, "largest gross R"),
    Column("worst_r", REAL, "smallest gross R"),
    Column("avg_hold_days", REAL, "mean sessions held"),
    Column("net_r_per_day", REAL, "mean net R over mean sessions held"),
    Column("median_net_r", REAL, "median net R"),
    Column("profit_factor", REAL, "sum of net gains over sum of net losses; null without a loss"),
    Column("net_avg_r_ex_top5", REAL, "mean net R without the best 5% of setups"),
)

_SHOWN = ("total", "hit_rate", "net_avg_r", "median_net_r", "net_avg_r_ex_top5")
"""Statistics that a person reads first."""

FACTOR_IC = TableSpec(
    "factor_ic",
    "One signal: how well its rank foretold the next 30 sessions across the universe.",
    (
        SCENARIO,
        Column("signal", TEXT, "name of the signal"),
        Column("weeks", I64, "weeks measured"),
        Column("avg_cross_section", REAL, "mean tickers in a week"),
        Column("mean_ic", REAL, "mean weekly rank correlation"),
        Column(
            "ic_t_stat",
            REAL,
            "t of that mean: the cosine estimator's over all weeks, the plain one over thinned weeks",
        ),
        Column("ic_positive_pct", REAL, "share of weeks above 0, 0-100"),
        Column("mean_quintile_spread", REAL, "mean return of the top fifth minus the bottom fifth, fraction"),
        Column("reliable", FLAG, f"at least 60 weeks from first to last; thinned: at least {MIN_THINNED_WEEKS}"),
        Column("thinned_weeks", I64, "weeks measured, where method.ic is thinned; else empty"),
        Column("thinned_mean_ic", REAL, "mean_ic, where method.ic is thinned; else empty"),
    ),
    page=Page(
        ("signal", "weeks", "mean_ic", "ic_t_stat", "reliable"),
        numbers=(KeyNumber("ic_resid", "mean_ic", ("signal", "mom_12_1_resid")),),
    ),
)

SETUP_GROUP_STATS = TableSpec(
    "setup_group_stats",
    "One group of graded setups under one exit: a population, a cutoff, or a missing floor.",
    (
        SCENARIO,
        Column("family", TEXT, "population, cutoff, floor or hold"),
        Column("position", REAL, "order within the family"),
        Column("member", TEXT, "which one of the family"),
        Column("hold_days", I16, "sessions of the fixed hold; null: the target race"),
        *_STATS[:5],
        Column("win_rate", REAL, "setups with gross R above 0 of all, 0-100"),
        *_STATS[5:],
    ),
)

SETUP_STATS = TableSpec(
    "setup_stats",
    "One population of setups: all, qualified, long, short.",
    (
        SCENARIO,
        Column("population", TEXT, "all, qualified, long or short (the last two of the qualified)"),
        *_STATS,
        Column("n_rows", I64, "setups, those without a result included"),
    ),
    page=Page(
        ("population", *_SHOWN),
        numbers=(
            KeyNumber("net_avg_r", "net_avg_r", ("population", "qualified")),
            KeyNumber("qualified", "total", ("population", "qualified")),
        ),
    ),
)

GATE_SWEEP = TableSpec(
    "gate_sweep",
    "One momentum cutoff over the same floors.",
    (SCENARIO, Column("min_momentum_percentile", REAL, "cutoff; 0: floors only"), *_STATS),
    page=Page(("min_momentum_percentile", *_SHOWN)),
)

GATE_ABLATION = TableSpec(
    "gate_ablation",
    "One floor removed from the gate.",
    (
        SCENARIO,
        Column("variant", TEXT, "which floor is missing"),
        *_STATS,
        Column("hold_days", I16, "sessions of the hold beside it"),
        Column("hold_avg_r", REAL, "mean gross R under the hold"),
        Column("hold_net_avg_r", REAL, "mean net R under the hold"),
        Column("hold_total_r", REAL, "sum of gross R under the hold"),
    ),
    page=Page(("variant", "total", "net_avg_r", "hold_net_avg_r")),
)

TIME_EXIT_SWEEP = TableSpec(
    "time_exit_sweep",
    "One fixed hold of the qualified setups with the initial stop.",
    (
        SCENARIO,
        Column("hold_days", I16, "sessions held unless stopped"),
        _STATS[0],
        Column("wins", I64, "exits with gross R above 0"),
        Column("win_rate", REAL, "wins of all, 0-100"),
        *_STATS[5:],
    ),
    page=Page(("hold_days", "total", "win_rate", "net_avg_r", "net_avg_r_ex_top5")),
)

CALIBRATION = TableSpec(
    "calibration",
    "One of ten equal-count bins of stated target probability, all directions and each.",
    (
        SCENARIO,
        Column("direction", TEXT, "all, long or short"),
        Column("bin", I64, "1 is the lowest stated probability"),
        Column("n", I64, "graded setups"),
        Column("min_stated_pct", REAL, "lowest stated probability, 0-100"),
        Column("max_stated_pct", REAL, "highest stated probability, 0-100"),
        Column("mean_stated_pct", REAL, "mean stated probability, 0-100"),
        Column("hits", I64, "targets hit before the stop in 30 sessions"),
        Column("hit_pct", REAL, "share hit, 0-100"),
        Column("gap_pct", REAL, "share hit minus mean stated, points"),
    ),
    page=Page(("bin", "n", "mean_stated_pct", "hit_pct", "gap_pct"), rows=("direction", "all")),
)

MODEL_TESTS = TableSpec(
    "model_tests",
    "One query of dbt_like_sql/tests: what must hold of the models' tables, and whether it does.",
    (
        SCENARIO,
        key("test", TEXT, "file stem of the query"),
        key("about", TEXT, "what must hold"),
        key("n_failing", I64, "rows that break it"),
        Column("first_failing", TEXT, "the first of them as JSON; null: there is none"),
    ),
)

STAGES = (
    Stage(
        "factor_ic_weekly",
        "analysis",
        "How each signal sorted the universe in each week: rank correlation and spread of the fifths.",
        "btassets.stages.analysis.factor_ic_weekly:compute",
        (FACTOR_IC_WEEKLY,),
        reads=("factor_signals",),
        settings=("method.asof_grid", "method.ended"),
        kinds=("python", "numba"),
        work=2.5,
    ),
    model(
        "analysis",
        "Does the ranking predict? Mean information coefficient of each signal, with its weeks.",
        FACTOR_IC,
        reads=("factor_ic_weekly",),
        settings=("profile", "method.ic"),
        checks=(Check("thin_signals", "Every signal was measured in enough independent windows."),),
        judge="btassets.stages.analysis.model_checks:of_factor_ic",
    ),
    model(
        "analysis",
        "One pass over the graded setups: the statistics of every population, cutoff, floor and hold.",
        SETUP_GROUP_STATS,
        reads=("graded_setups",),
        settings=METHOD,
        work=6.5,
    ),
    model(
        "analysis",
        "Hit rate and expectancy of qualified setups against all setups, and by direction.",
        SETUP_STATS,
        reads=("graded_setups", "setup_group_stats"),
        checks=(
            Check("small_sample", "At least 100 qualified setups stand behind the statistics."),
            Check("outlier_dependent", "Expectancy survives without its best 5% of trades."),
        ),
        judge="btassets.stages.analysis.model_checks:of_setup_stats",
    ),
    model(
        "analysis",
        "How strict should the momentum gate be? The same floors under six cutoffs.",
        GATE_SWEEP,
        reads=("setup_group_stats",),
    ),
    model(
        "analysis",
        "Which floor earns its keep? Each one removed in turn, under both exits.",
        GATE_ABLATION,
        reads=("setup_group_stats",),
    ),
    model(
        "analysis",
        "How long to hold? Fixed holds with the initial stop.",
        TIME_EXIT_SWEEP,
        reads=("setup_group_stats",),
    ),
    model(
        "analysis",
        "Are the stated probabilities true? Ten bins of stated against realised.",
        CALIBRATION,
        reads=("graded_setups",),
        work=2.5,
    ),
    Stage(
        "model_tests",
        "analysis",
        "Do the models keep their word? Queries that must find nothing, over this run's own rows.",
        "btassets.stages.analysis.model_tests:compute",
        (MODEL_TESTS,),
        reads=(
            "percentile_ranks",
            "graded_setups",
            "factor_ic",
            "setup_group_stats",
            "setup_stats",
            "gate_sweep",
            "gate_ablation",
            "calibration",
        ),
        judge="btassets.stages.analysis.model_checks:of_model_tests",
        has_query_checks=True,
        resources=("dbt_like_sql/tests",),
        kinds=("duckdb",),
        work=2.0,
    ),
)
