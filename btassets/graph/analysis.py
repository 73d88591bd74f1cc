"""Group `analysis`: cross-sectional quality of the signals, and statistics of groups of setups.

Belongs here: the declaration of these stages and their tables. Does not belong here: the models (`dbt_like_sql`) and
the computation (`btassets.stages.analysis`).
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
        Column("ic", REAL, "Spearman correlation; null if degenerate"),
        Column("spread", REAL, "mean forward return of the top fifth minus the bottom fifth, fraction"),
        Column("is_thinned", FLAG, "kept by the thinning that avoids overlapping windows"),
    ),
)

_STATS = (
    Column("total", I64, "graded setups"),
    Column("wins", I64, "targets hit"),
    Column("losses", I64, "stops hit, including ambiguous bars"),
    Column("expired", I64, "neither within the horizon"),
    Column("hit_rate", REAL, "wins / (wins + losses), 0-100"),
    Column("avg_r", REAL, "mean gross R per setup"),
    Column("total_r", REAL, "sum of gross R"),
    Column("net_avg_r", REAL, "mean R after a round trip of costs"),
    Column("net_total_r", REAL, "sum of net R"),
    Column("best_r", REAL, "largest gross R"),
    Column("worst_r", REAL, "smallest gross R"),
    Column("avg_hold_days", REAL, "mean sessions held"),
    Column("net_r_per_day", REAL, "mean net R / mean sessions held"),
    Column("median_net_r", REAL, "median net R"),
    Column("profit_factor", REAL, "sum of net gains / sum of net losses; null without a loss"),
    Column("net_avg_r_ex_top5", REAL, "mean net R without the best 5% of setups"),
)

_SHOWN = ("total", "hit_rate", "net_avg_r", "median_net_r", "net_avg_r_ex_top5")
"""Headline statistics."""

FACTOR_IC = TableSpec(
    "factor_ic",
    "One signal: how well its rank predicted the next 30 sessions across the universe.",
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
        Column("thinned_weeks", I64, "weeks used if method.ic is thinned; else null"),
        Column("thinned_mean_ic", REAL, "mean_ic if method.ic is thinned; else null"),
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
        Column("family", TEXT, "population, cutoff, floor, hold or race_of_hold (the race over the setups of a hold)"),
        Column("position", REAL, "order within the family"),
        Column("member", TEXT, "group within the family"),
        Column("hold_days", I16, "sessions of the fixed hold; null: the target race"),
        *_STATS[:5],
        Column("win_rate", REAL, "share of all setups with gross R above 0, 0-100"),
        *_STATS[5:],
    ),
)

SETUP_STATS = TableSpec(
    "setup_stats",
    "One population of setups: all, qualified, long, short.",
    (
        SCENARIO,
        Column("population", TEXT, "all, qualified, long or short (the last two are subsets of qualified)"),
        *_STATS,
        Column("n_rows", I64, "setups, including those without a result"),
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
        Column("variant", TEXT, "the removed floor"),
        *_STATS,
        Column("hold_days", I16, "sessions of the hold in the hold_ columns"),
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
        Column("win_rate", REAL, "share of wins, 0-100"),
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
        Column("hits", I64, "targets hit before the stop within the horizon"),
        Column("hit_pct", REAL, "share hit, 0-100"),
        Column("gap_pct", REAL, "share hit minus mean stated, points"),
    ),
    page=Page(("bin", "n", "mean_stated_pct", "hit_pct", "gap_pct"), rows=("direction", "all")),
)

MODEL_TESTS = TableSpec(
    "model_tests",
    "One query of dbt_like_sql/tests: the rule on the models' tables, and its violations.",
    (
        SCENARIO,
        key("test", TEXT, "file stem of the query"),
        key("about", TEXT, "the rule"),
        key("n_failing", I64, "rows that violate it"),
        Column("first_failing", TEXT, "first violation as JSON; null: none"),
    ),
)

STAGES = (
    Stage(
        "factor_ic_weekly",
        "analysis",
        "Weekly cross-sectional quality of each signal: rank correlation and spread of the fifths.",
        "btassets.stages.analysis.factor_ic_weekly:compute",
        (FACTOR_IC_WEEKLY,),
        reads=("factor_signals", "own_signals"),
        settings=("method.asof_grid", "method.ended"),
        kinds=("python", "numba"),
        work=2.5,
    ),
    model(
        "analysis",
        "Does the ranking predict returns? Mean information coefficient of each signal.",
        FACTOR_IC,
        reads=("factor_ic_weekly",),
        settings=("profile", "method.ic"),
        checks=(Check("thin_signals", "Every signal has enough independent windows."),),
        judge="btassets.stages.analysis.model_checks:of_factor_ic",
    ),
    model(
        "analysis",
        "Statistics of every population, cutoff, floor and hold, in one pass over the graded setups.",
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
            Check("small_sample", "The statistics include at least 100 qualified setups."),
            Check("outlier_dependent", "Expectancy stays above 0 without the best 5% of trades."),
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
        "Which floor adds value? Each one removed in turn, under both exits.",
        GATE_ABLATION,
        reads=("setup_group_stats",),
    ),
    model(
        "analysis",
        "How many sessions to hold? Fixed holds with the initial stop.",
        TIME_EXIT_SWEEP,
        reads=("setup_group_stats",),
    ),
    model(
        "analysis",
        "Are the stated probabilities calibrated? Ten bins of stated against realised.",
        CALIBRATION,
        reads=("graded_setups",),
        work=2.5,
    ),
    Stage(
        "model_tests",
        "analysis",
        "Are the SQL models consistent? Queries over this run's rows that must return none.",
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
        settings=("exits", "engine.horizon_days", "gates.floors"),
        judge="btassets.stages.analysis.model_checks:of_model_tests",
        has_query_checks=True,
        resources=("dbt_like_sql/tests",),
        kinds=("duckdb",),
        work=2.0,
    ),
)
