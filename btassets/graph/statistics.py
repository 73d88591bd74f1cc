"""Group `statistics`: how sure the numbers are.

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
    "One signal over one horizon: how well its mean rank sorted the next week's returns, with its error.",
    (
        SCENARIO,
        Column("signal", TEXT, "name of the signal"),
        Column("horizon_days", I16, "sessions that a ranking is held: its ranks of so many sessions are averaged"),
        *ESTIMATE,
        Column("horizon_ic", REAL, "mean IC with the returns over the whole horizon, nothing taken away"),
        Column("horizon_ic_lo", REAL, "lower end of its 95% interval"),
        Column("horizon_ic_hi", REAL, "upper end of its 95% interval"),
        Column("q", REAL, "false discovery rate over the signals of this horizon (Benjamini-Hochberg)"),
        Column("q_table", REAL, "false discovery rate over all signals and horizons"),
        Column("has_star", FLAG, "p below 0.0027, the bar of a literature that tried hundreds"),
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
        Column("rank_autocorrelation", REAL, "mean rank correlation of the signal with the week before"),
        Column("is_primary", FLAG, "the signal that the gate ranks by: named before the data were seen"),
        Column("verdict", TEXT, "supported or not distinguishable from noise; contradicted: the primary, at 30 only"),
        Column("looks_in_a_row", I32, "newest weekly looks, at most 8, that all rule out noise; the verdict takes 8"),
        Column("neutral_ic", REAL, "estimate with returns minus their group's; null without a group file"),
        Column("neutral_se", REAL, "its standard error"),
        Column("neutral_ci_lo", REAL, "lower end of its 95% interval"),
        Column("neutral_ci_hi", REAL, "upper end of its 95% interval"),
        Column("neutral_p", REAL, "its two-sided p-value"),
        Column("neutral_q", REAL, "its false discovery rate over the signals of this horizon"),
        Column("neutral_spread", REAL, "top fifth minus bottom fifth of returns minus their group's, fraction"),
        Column("neutral_spread_p", REAL, "its two-sided p-value"),
        Column("neutral_cross_section", REAL, "mean tickers in a week that have a group with others in it"),
        Column("neutral_verdict", TEXT, "verdict by the same rules within groups"),
    ),
)

STAT_GROUPS = TableSpec(
    "stat_groups",
    "One group of graded setups under one exit: mean R with its error.",
    (
        SCENARIO,
        Column("grouping", TEXT, "population, direction, cutoff, floor, year, trend or volatility"),
        Column("member", TEXT, "which one of the grouping"),
        Column("exit", TEXT, "target, or hold_N"),
        Column("measure", TEXT, "net_r, or adjusted_r: net R without beta x the benchmark's move"),
        *ESTIMATE,
        Column("largest_year_frac", REAL, "largest share of the summed net R that one year made"),
        Column("is_descriptive", FLAG, "one year made more than 60% of the net R: read it as a description"),
        Column("is_too_short", FLAG, "too few weeks for an interval"),
    ),
)

STAT_PAIRS = TableSpec(
    "stat_pairs",
    "One paired comparison of two groups of setups, week by week.",
    (
        SCENARIO,
        Column("member", TEXT, "what is compared"),
        Column("against", TEXT, "with what"),
        Column("measure", TEXT, "net_r or adjusted_r"),
        *ESTIMATE,
        *ADJUSTED,
        *OUT_OF_SAMPLE,
    ),
)

STAT_HEALTH = TableSpec(
    "stat_health",
    "One fact about what the statistics stand on.",
    (
        SCENARIO,
        Column("fact", TEXT, "name of the fact"),
        Column("value", REAL, "its value"),
        Column("unit", TEXT, "n, frac, weeks, bars or flag"),
        Column("text", TEXT, "what it means here"),
    ),
)

STAT_CALIBRATION = TableSpec(
    "stat_calibration",
    "One bin of stated target probability, or the whole of a direction, with its error.",
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
    "One property of one book, with its error where it has one.",
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
    "One answer to: how much of the best result is the search for it?",
    (
        SCENARIO,
        Column("measure", TEXT, "trials (tried when these settings first ran on these data), deflated_sharpe, pbo ..."),
        *ESTIMATE,
    ),
)

WF_WINDOWS = TableSpec(
    "wf_windows",
    "One walk-forward window: what train would have picked, and what it did in the test.",
    (
        SCENARIO,
        Column("window", I32, "from 1"),
        Column("train_first", DAY, "first as-of session of train"),
        Column("train_last", DAY, "last as-of session whose labels end before the test"),
        Column("test_first", DAY, "first as-of session of the test"),
        Column("test_last", DAY, "last as-of session of the test"),
        Column("n_train", I64, "setups of the picked configuration in train"),
        Column("ranking", TEXT, "residual or raw"),
        Column("min_momentum_percentile", REAL, "picked cutoff"),
        Column("exit", TEXT, "picked exit: target or hold_N"),
        Column("train_net_r", REAL, "mean net R of the pick in train"),
        Column("n_test", I64, "its setups in the test"),
        Column("test_net_r", REAL, "its mean net R in the test"),
        Column("fixed_net_r", REAL, "mean net R of the production configuration in the same test"),
    ),
)

WF_EQUITY = TableSpec(
    "wf_equity",
    "One session of the book that follows the windows' picks, beside the production book.",
    (
        SCENARIO,
        key("date", DAY, "session"),
        Column("equity", REAL, "US dollars of the book that follows each window's pick"),
        Column("fixed_equity", REAL, "US dollars of the production book from the same start"),
        Column("benchmark_equity", REAL, "US dollars in the benchmark; null without one"),
    ),
)

STAGES = (
    Stage(
        "stat_signals",
        "statistics",
        "Does a signal sort returns? Every signal over six horizons, with intervals, decay and turnover.",
        "btassets.stages.statistics.stat_signals:compute",
        (STAT_SIGNALS,),
        reads=("factor_signals", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=("profile", "method.asof_grid", "method.ended", "statistics.groups", "basis", *UNIVERSE),
        outside=("groups",),
        kinds=("python", "numba"),
        work=6.5,
    ),
    Stage(
        "stat_groups",
        "statistics",
        "How sure is a mean R? Every group of setups with its interval, and paired comparisons.",
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
        "Are the stated probabilities true, beyond noise? Bins as one family, Brier score and skill.",
        "btassets.stages.statistics.stat_calibration:compute",
        (STAT_CALIBRATION,),
        reads=("graded_setups",),
        work=3.5,
    ),
    Stage(
        "stat_portfolio",
        "statistics",
        "What is the book worth against the market, chance, the search for it, and its own path?",
        "btassets.stages.statistics.stat_portfolio:compute",
        (STAT_PORTFOLIO, STAT_OVERFIT, WF_WINDOWS, WF_EQUITY),
        reads=("graded_setups", "percentile_ranks", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=(*METHOD, "portfolio", "basis", *UNIVERSE),
        outside=("membership", "trials"),
        kinds=("python", "numba"),
        work=13.0,
    ),
)
