"""Group `statistics`: uncertainty of the numbers.

Belongs here: the declaration of these stages and their tables. Does not belong here: how they are computed
(`btassets.stages.statistics`).
"""

from btassets.graph.columns import (
    ADJUSTED,
    DAY,
    ESTIMATE,
    FLAG,
    I16,
    I32,
    I64,
    OUT_OF_SAMPLE,
    REAL,
    SCENARIO,
    TEXT,
    Column,
    TableSpec,
    key,
)
from btassets.graph.stage import METHOD, UNIVERSE, Stage

STAT_SIGNALS = TableSpec(
    "stat_signals",
    "One signal over one horizon: how well its mean rank predicted the next week's returns, with its standard error.",
    (
        SCENARIO,
        Column("signal", TEXT, "name of the signal"),
        Column("horizon_days", I16, "holding period of a ranking in sessions: its weekly ranks are averaged over it"),
        *ESTIMATE,
        Column("horizon_ic", REAL, "mean IC with returns over the whole horizon, without beta adjustment"),
        Column("horizon_ic_lo", REAL, "lower end of its 95% interval"),
        Column("horizon_ic_hi", REAL, "upper end of its 95% interval"),
        Column(
            "q",
            REAL,
            "false discovery rate over the signals of this horizon (Benjamini-Hochberg); own signals: a family apart",
        ),
        Column(
            "q_table",
            REAL,
            "false discovery rate over all signals and horizons; own signals: over all ideas ever judged",
        ),
        Column("has_star", FLAG, "p below 0.0027, the threshold of a literature that tested hundreds of signals"),
        Column("avg_cross_section", REAL, "mean tickers in a week"),
        Column(
            "spread",
            REAL,
            "top fifth minus bottom fifth by mean rank: next week's return without beta x benchmark, fraction",
        ),
        Column("spread_se", REAL, "its standard error"),
        Column("spread_p", REAL, "its two-sided p-value"),
        *(Column(f"quintile_{k}", REAL, f"mean forward return of fifth {k}, fraction") for k in range(1, 6)),
        Column("turnover_top", REAL, "share of the top fifth that was not in it the week before"),
        Column("turnover_bottom", REAL, "share of the bottom fifth that was not in it the week before"),
        Column("rank_autocorrelation", REAL, "mean rank correlation of the signal with its values of the week before"),
        Column("is_primary", FLAG, "the pre-registered signal, used for ranking by the gate"),
        Column("n_tried", I32, "own signals: ideas judged on this book so far, their family; null: built in"),
        Column(
            "verdict",
            TEXT,
            "supported or not distinguishable from noise; contradicted: only the primary signal at 30 sessions",
        ),
        Column(
            "looks_agreeing",
            I32,
            "of the newest 8 weekly checks, those that say what the newest says; a verdict takes 5",
        ),
        Column("neutral_ic", REAL, "estimate with group-neutral returns; null without a group file"),
        Column("neutral_se", REAL, "its standard error"),
        Column("neutral_ci_lo", REAL, "lower end of its 95% interval"),
        Column("neutral_ci_hi", REAL, "upper end of its 95% interval"),
        Column("neutral_p", REAL, "its two-sided p-value"),
        Column("neutral_q", REAL, "its false discovery rate over the signals of this horizon"),
        Column("neutral_spread", REAL, "top fifth minus bottom fifth of group-neutral returns, fraction"),
        Column("neutral_spread_p", REAL, "its two-sided p-value"),
        Column("neutral_cross_section", REAL, "mean number of tickers per week in a group with others"),
        Column("neutral_verdict", TEXT, "verdict on the group-neutral estimate by the same rules"),
    ),
)

STAT_GROUPS = TableSpec(
    "stat_groups",
    "One group of graded setups under one exit: mean R with its standard error.",
    (
        SCENARIO,
        Column("grouping", TEXT, "population, direction, cutoff, floor, year, trend or volatility"),
        Column("member", TEXT, "group within the grouping"),
        Column("exit", TEXT, "target, or hold_N"),
        Column("measure", TEXT, "net_r, or adjusted_r: net R without beta x the benchmark's move"),
        *ESTIMATE,
        Column("largest_year_frac", REAL, "largest share of the summed net R from a single year"),
        Column(
            "is_descriptive",
            FLAG,
            "one year accounts for more than 60% of the net R, so the group is only descriptive",
        ),
        Column("is_too_short", FLAG, "too few weeks for an interval"),
    ),
)

STAT_PAIRS = TableSpec(
    "stat_pairs",
    "One paired comparison of two groups of setups, week by week.",
    (
        SCENARIO,
        Column("member", TEXT, "the compared groups"),
        Column("against", TEXT, "with what"),
        Column("measure", TEXT, "net_r or adjusted_r"),
        *ESTIMATE,
        *ADJUSTED,
        *OUT_OF_SAMPLE,
    ),
)

STAT_HEALTH = TableSpec(
    "stat_health",
    "One fact about the data behind the statistics.",
    (
        SCENARIO,
        Column("fact", TEXT, "name of the fact"),
        Column("value", REAL, "its value"),
        Column("unit", TEXT, "n, frac, weeks, bars or flag"),
        Column("text", TEXT, "its interpretation"),
    ),
)

STAT_CALIBRATION = TableSpec(
    "stat_calibration",
    "One bin of stated target probability, or all bins of a direction, with its standard error.",
    (
        SCENARIO,
        Column("direction", TEXT, "all, long or short"),
        Column("bin", I64, "1 is the lowest stated probability; null: all bins together"),
        Column("measure", TEXT, "gap (share hit minus stated), skill_gain, brier, brier_skill or ece"),
        Column("stated", REAL, "mean stated probability, fraction"),
        Column("hit", REAL, "share hit, fraction"),
        *ESTIMATE,
        *ADJUSTED,
    ),
)

STAT_PORTFOLIO = TableSpec(
    "stat_portfolio",
    "One property of one portfolio, with its standard error if it has one.",
    (
        SCENARIO,
        Column("policy", TEXT, "target, hold, or the name of a variant"),
        Column("measure", TEXT, "alpha, beta, information_ratio, sharpe, random_pick ..."),
        *ESTIMATE,
        *ADJUSTED,
        *OUT_OF_SAMPLE,
    ),
)

STAT_OVERFIT = TableSpec(
    "stat_overfit",
    "One measure of how much of the best result is due to the search for it.",
    (
        SCENARIO,
        Column("measure", TEXT, "trials (tried when these settings first ran on these data), deflated_sharpe, pbo ..."),
        *ESTIMATE,
    ),
)

WF_WINDOWS = TableSpec(
    "wf_windows",
    "One walk-forward window: the pick of the train period, and its result in the test.",
    (
        SCENARIO,
        Column("window", I32, "from 1"),
        Column("train_first", DAY, "first as-of session of train"),
        Column("train_last", DAY, "last as-of session whose labels end before the test"),
        Column("test_first", DAY, "first as-of session of the test"),
        Column("test_last", DAY, "last as-of session of the test"),
        Column("n_train", I64, "setups of the pick in train"),
        Column("ranking", TEXT, "residual or raw"),
        Column("min_momentum_percentile", REAL, "picked cutoff"),
        Column("exit", TEXT, "picked exit: target or hold_N"),
        Column("train_net_r", REAL, "mean net R of the pick in train"),
        Column("n_test", I64, "setups of the pick in the test"),
        Column("test_net_r", REAL, "mean net R of the pick in the test"),
        Column("fixed_net_r", REAL, "mean net R of the production configuration in the same test"),
    ),
)

WF_EQUITY = TableSpec(
    "wf_equity",
    "One session of the portfolio that follows the windows' picks, beside the production portfolio.",
    (
        SCENARIO,
        key("date", DAY, "session"),
        Column("equity", REAL, "US dollars of the portfolio that follows each window's pick"),
        Column("fixed_equity", REAL, "US dollars of the production portfolio from the same start"),
        Column("benchmark_equity", REAL, "US dollars in the benchmark; null without one"),
    ),
)

STAGES = (
    Stage(
        "stat_signals",
        "statistics",
        "Does a signal predict returns? Every signal over six horizons, with intervals, decay and turnover.",
        "btassets.stages.statistics.stat_signals:compute",
        (STAT_SIGNALS,),
        reads=("factor_signals", "own_signals", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=("profile", "method.asof_grid", "method.ended", "statistics.groups", "basis", *UNIVERSE),
        outside=("groups", "signals_tried"),
        writes=("signal_trials",),
        kinds=("python", "numba"),
        work=6.5,
    ),
    Stage(
        "stat_groups",
        "statistics",
        "How certain is a mean R? Every group of setups with its interval, and paired comparisons.",
        "btassets.stages.statistics.stat_groups:compute",
        (STAT_GROUPS, STAT_PAIRS, STAT_HEALTH),
        reads=("graded_setups", "factor_signals", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=(*METHOD, "basis", *UNIVERSE),
        outside=("membership",),
        work=5.5,
    ),
    Stage(
        "stat_calibration",
        "statistics",
        "Are the stated probabilities calibrated beyond noise? Bins as one family, Brier score and skill.",
        "btassets.stages.statistics.stat_calibration:compute",
        (STAT_CALIBRATION,),
        reads=("graded_setups",),
        settings=("engine.horizon_days",),
        work=3.5,
    ),
    Stage(
        "stat_portfolio",
        "statistics",
        "How does the portfolio compare with the market and chance, corrected for search and path dependence?",
        "btassets.stages.statistics.stat_portfolio:compute",
        (STAT_PORTFOLIO, STAT_OVERFIT, WF_WINDOWS, WF_EQUITY),
        reads=("graded_setups", "percentile_ranks", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=(*METHOD, "portfolio", "variant", "basis", *UNIVERSE),
        outside=("membership", "trials"),
        kinds=("python", "numba"),
        work=13.0,
    ),
)
