"""Group `portfolio`: the simulated account, its curves and trades, and the ledger of trials.

Belongs here: the declaration of this stage and its tables. Does not belong here: how they are computed
(`btassets.stages.portfolio`).
"""

import pyarrow as pa

from btassets.graph.columns import (
    DAY,
    I32,
    I64,
    REAL,
    SCENARIO,
    TEXT,
    TICKER,
    Column,
    Page,
    TableSpec,
    key,
)
from btassets.graph.stage import METHOD, UNIVERSE, Stage

_BOOK = (
    Column("starting_capital", REAL, "US dollars"),
    Column("final_equity", REAL, "final equity in US dollars, all positions sold"),
    Column("total_return_pct", REAL, "percent over the whole period"),
    Column("cagr_pct", REAL, "percent per year by calendar days; null below a quarter of a year"),
    Column("max_drawdown_pct", REAL, "largest fall from a peak on closes, percent"),
    Column("sharpe", REAL, "from daily returns, times sqrt(252), no risk-free rate"),
    Column("trades", I64, "closed trades"),
    Column("win_rate", REAL, "share of trades with a gain after costs, 0-100"),
    Column("avg_trade_pnl", REAL, "US dollars per trade after costs"),
    Column("best_trade_r", REAL, "largest gross R"),
    Column("worst_trade_r", REAL, "smallest gross R"),
    Column("best_trade_pnl", REAL, "US dollars"),
    Column("worst_trade_pnl", REAL, "US dollars"),
    Column("avg_hold_days", REAL, "mean sessions held"),
    Column("skipped_book_full", I64, "qualified rows refused because all slots were taken"),
    Column("spy_return_pct", REAL, "benchmark over the same dates, percent"),
    Column("start_date", DAY, "first session of the curve"),
    Column("end_date", DAY, "last session of the curve"),
    Column("yearly_returns", pa.list_(pa.struct([("year", I32), ("return_pct", REAL)])), "return per year"),
    Column("avg_net_r", REAL, "mean net R per trade"),
    Column("avg_exposure_pct", REAL, "mean share of equity invested, percent"),
    Column("refused_slots", I64, "qualified rows refused: all slots taken"),
    Column("refused_cash", I64, "qualified rows refused: cash for less than 1% of equity"),
    Column("refused_size", I64, "qualified rows refused: the sizing rule gave less than 1% of equity"),
    Column("refused_short", I64, "qualified shorts: the portfolio is long only"),
    Column("skipped_held", I64, "qualified rows of a ticker already held"),
    Column("no_next_bar", I64, "no fill: no bar on the next session"),
    Column("gapped_stop", I64, "no fill: the open was at or beyond the stop"),
    Column("gapped_target", I64, "no fill: the open was at or beyond the target"),
    Column("no_levels", I64, "no fill: entry or stop missing"),
)

_SHOWN = ("cagr_pct", "max_drawdown_pct", "sharpe", "trades", "win_rate", "avg_net_r")
"""Headline figures."""

PORTFOLIO_SIMS = TableSpec(
    "portfolio_sims",
    "One exit policy simulated as a capital-constrained portfolio.",
    (
        SCENARIO,
        Column("policy", TEXT, "target (race of target and stop) or hold (stop and time)"),
        *_BOOK,
        Column(
            "equal_weight_hold_return_pct",
            REAL,
            "equal dollars in each eligible ticker, never rebalanced, percent",
        ),
        Column("equal_weight_renewed_return_pct", REAL, "the same, rebalanced at each week end, percent"),
    ),
    page=Page(("policy", *_SHOWN), curves="equity_curves"),
)

STRATEGY_VARIANTS = TableSpec(
    "strategy_variants",
    "One research variant: another ranking, cutoff or capacity, with a fixed hold.",
    (
        SCENARIO,
        Column("variant", TEXT, "name"),
        Column("ranking", TEXT, "residual or raw"),
        Column("cutoff", REAL, "least percentile"),
        Column("variant_max_positions", I64, "slots"),
        Column("risk_per_trade_pct", REAL, "equity risked per position, percent"),
        *_BOOK,
    ),
    page=Page(("variant", *_SHOWN)),
)

EQUITY_CURVES = TableSpec(
    "equity_curves",
    "One session of one curve: a policy's portfolio, the benchmark, or an equal-weight hold.",
    (
        SCENARIO,
        Column("curve", TEXT, "target, hold, benchmark, equal_weight_hold or equal_weight_renewed"),
        key("date", DAY, "session"),
        Column("equity", REAL, "US dollars at the close, from the same starting capital"),
        Column("drawdown_pct", REAL, "fall from the highest close so far, percent"),
        Column("exposure_pct", REAL, "share of equity invested, percent; null for curves other than portfolios"),
        Column("n_positions", I32, "number of positions; null for curves other than portfolios"),
    ),
)

TRADES = TableSpec(
    "trades",
    "One closed trade of one policy's portfolio.",
    (
        SCENARIO,
        Column("policy", TEXT, "target or hold"),
        TICKER,
        Column("asof_date", DAY, "as-of date of the setup"),
        Column("entry_date", DAY, "session bought"),
        Column("exit_date", DAY, "session sold"),
        Column("entry_price", REAL, "before costs, in prices of the as-of day"),
        Column("exit_price", REAL, "before costs, in prices of the as-of day"),
        Column("shares", REAL, "fractional"),
        Column("pnl_usd", REAL, "profit in US dollars after costs"),
        Column("gross_r", REAL, "R before costs"),
        Column("net_r", REAL, "R after costs"),
        Column("hold_days", I64, "sessions held"),
        Column("reason", TEXT, "reason of the sale"),
    ),
)

TRIALS = TableSpec(
    "trials",
    "One configuration tried on these data: distinct settings and data version.",
    (
        key("scenario", TEXT, "scenario or sweep under which it was first tried"),
        key("trial_no", I64, "order in which they were first tried, from 1"),
        key("settings_hash", TEXT, "hash of every setting that affects the portfolio's trades"),
        key("data_version", TEXT, "version of the bars"),
        Column("made_by", TEXT, "run, compare or sweep"),
        Column("policy", TEXT, "target or hold"),
        Column("ranking", TEXT, "residual or raw"),
        Column("changed_settings", TEXT, "settings that differ from the defaults, JSON"),
        Column("total_return_pct", REAL, "percent; null: nothing to trade"),
        Column("cagr_pct", REAL, "percent a year"),
        Column("max_drawdown_pct", REAL, "on closes, percent, positive"),
        Column("sharpe", REAL, "daily returns, annual"),
        Column("n_trades", I64, "closed trades"),
        Column("avg_net_r", REAL, "mean R of its trades after costs"),
    ),
    order=("trial_no",),
)

STAGES = (
    Stage(
        "portfolio_sims",
        "portfolio",
        "What would one capital-constrained portfolio have earned, against the benchmark and an equal-weight hold?",
        "btassets.stages.portfolio.portfolio_sims:compute",
        (PORTFOLIO_SIMS, STRATEGY_VARIANTS, EQUITY_CURVES, TRADES),
        reads=("graded_setups", "percentile_ranks", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=(*METHOD, "portfolio", "variant", "basis", *UNIVERSE),
        outside=("membership",),
        writes=("trials",),
        kinds=("python", "numba"),
        work=4.0,
    ),
)
