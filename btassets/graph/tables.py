"""The contract of every table: its columns, their types, units and meaning.

Belongs here: what outsiders may rely on. Storage checks each write against it, the Dagster page
shows it as the column schema, and the SQL models are tested against it. Does not belong here: how
a table is made.
"""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from btassets.engine.conventions import FORWARD_RETURN_DAYS, HOLD_DAYS, MIN_THINNED_WEEKS
from btassets.engine.floors import FLAGS
from btassets.engine.signals import SIGNALS

_TEXT = pa.string()
_CODE = pa.dictionary(pa.int8(), pa.string())
_DAY = pa.date32()
_FLAG = pa.bool_()
_REAL = pa.float64()
_I8, _I16, _I32, _I64 = pa.int8(), pa.int16(), pa.int32(), pa.int64()


@dataclass(frozen=True)
class Column:
    """One column: name, Arrow type, what it says (with its unit), and whether it may be missing."""

    name: str
    type: pa.DataType
    about: str
    nullable: bool = True


@dataclass(frozen=True)
class TableSpec:
    """One table: what one row is, and its columns in order."""

    name: str
    about: str
    columns: tuple[Column, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of the table, without metadata."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)


def _key(name: str, kind: pa.DataType, about: str) -> Column:
    return Column(name, kind, about, nullable=False)


_SCENARIO = _key("scenario", _TEXT, "scenario that the row belongs to; base is the book's own settings")
_TICKER = _key("ticker", _TEXT, "canonical ticker, dot class (BRK.B)")
_ASOF = _key("asof_date", _DAY, "last session whose bar may be known, inclusive")
_WEEK = Column("week", _DAY, "Monday of the ISO week of the as-of date")

_OHLCV = (
    Column("open", _REAL, "opening price"),
    Column("high", _REAL, "highest price"),
    Column("low", _REAL, "lowest price"),
    Column("close", _REAL, "closing price"),
    Column("volume", _REAL, "shares traded"),
)


def _graded(suffix: str, fill: str) -> tuple[Column, ...]:
    """Columns of one grading; null as a whole while a row cannot be graded."""
    return (
        Column(
            f"outcome{suffix}",
            _CODE,
            f"target_hit, stop_hit, ambiguous (both in one bar: a stop) or expired; {fill}",
        ),
        Column(f"exit_reason{suffix}", _CODE, "target, stop, time or delisted"),
        Column(f"realized_r{suffix}", _REAL, "R multiple of the target race; a full-horizon expiry is 0"),
        Column(f"hold_days{suffix}", _I16, "sessions from the first forward bar to the exit"),
        Column(
            f"stop_day{suffix}",
            _I16,
            "forward bar that first touched the stop, after the target too; null: never",
        ),
        Column(f"risk_pct{suffix}", _REAL, "1R as a fraction of the entry price (0.05 = 5%)"),
        *(
            Column(f"time_r_{n}{suffix}", _REAL, f"R multiple when held {n} sessions with the initial stop")
            for n in HOLD_DAYS
        ),
        Column(
            f"r_mtm{suffix}",
            _REAL,
            "the same, an expiry marked to its last close and a target gapped over paid at the open",
        ),
        Column(f"label_end_date{suffix}", _DAY, "session of the last bar that the grading used"),
        Column(f"bench_ret_target{suffix}", _REAL, "benchmark return over the target race, fraction"),
        *(
            Column(f"bench_ret_{n}{suffix}", _REAL, f"benchmark return over the {n}-session hold, fraction")
            for n in HOLD_DAYS
        ),
    )


_GRIDS = (
    _key("is_week", _FLAG, "as-of is the last session of a completed calendar week"),
    _key("is_bar", _FLAG, "as-of is every fifth own bar from bar 59 (the legacy profile's grid)"),
    _key("is_own_week", _FLAG, "as-of is the ticker's last bar of an ISO week"),
    _key("is_latest", _FLAG, "as-of is T, the book's last common session; in no statistic"),
)

CANDIDATES = TableSpec(
    "candidates",
    "One setup (ticker, as-of date, direction) with its levels, scores, and what became of it under both fills.",
    (
        _TICKER,
        _ASOF,
        _key("direction", _CODE, "long or short"),
        *_GRIDS,
        _key("n_bars", _I16, "bars in the engine's window; under 253 a backfill changes the row"),
        _key("n_forward", _I8, "own forward bars that exist up to T, capped at 30"),
        Column("entry", _REAL, "close of the as-of bar, price"),
        Column("stop", _REAL, "initial stop, price"),
        Column("target", _REAL, "primary target, price"),
        Column("rr", _REAL, "distance to the target over distance to the stop"),
        Column("confidence", _REAL, "confidence of this direction, 0-100"),
        Column(
            "primary_prob",
            _REAL,
            "stated probability of the primary target before the stop in 30 sessions, 0-100",
        ),
        Column("best_prob", _REAL, "largest stated probability among the targets, 0-100"),
        Column("ev", _REAL, "stated expected value of the primary target, R"),
        Column("technical", _REAL, "technical score, 0-100"),
        Column("momentum_score", _REAL, "momentum score, 0-100"),
        Column("level_strength", _REAL, "strength of the primary target's level, 0-100"),
        Column("n_sr_targets", _I8, "targets that stand on support or resistance"),
        Column("is_projected", _FLAG, "targets were projected because no level offered one"),
        Column("momentum", _REAL, "12-1 momentum, fraction"),
        Column("residual_momentum", _REAL, "12-1 momentum after removing the benchmark, fraction"),
        Column("action", _CODE, "LONG_HIGH, LONG_MODERATE, NEUTRAL, SHORT_MODERATE or SHORT_HIGH"),
        Column("risk_level", _CODE, "Low, Medium or High, from the number of conflicts"),
        Column("adv20_usd", _REAL, "mean dollar volume of the last 20 bars"),
        *_graded("", "filled at the signal's close"),
        Column("drop_open", _CODE, "why the next open gave no fill: no_next_bar, gapped_stop, gapped_target"),
        Column("fill_open", _REAL, "open of the next session, price; null when there is none yet"),
        *_graded("_open", "filled at the next session's open; 1R stays the planned risk"),
    ),
)

FACTOR_SIGNALS = TableSpec(
    "factor_signals",
    "One ticker at one as-of date: eight price signals, the forward returns, and whether it may be ranked.",
    (
        _TICKER,
        _ASOF,
        _GRIDS[0],
        _GRIDS[2],
        _GRIDS[3],
        *(Column(signal.name, _REAL, signal.description) for signal in SIGNALS),
        *(
            Column(f"fwd_return_{h}", _REAL, f"close-to-close return of the next {h} own bars, fraction")
            for h in FORWARD_RETURN_DAYS
        ),
        Column("n_forward", _I16, "own forward bars that exist, capped at 63"),
        Column("close", _REAL, "close of the as-of bar, adjusted price"),
        Column("adv20_usd", _REAL, "mean dollar volume of the last 20 bars"),
        _key("eligible", _FLAG, "may be ranked at this date, from what was known then"),
        Column("ineligible_reason", _CODE, "first rule that keeps the ticker out; null when eligible"),
    ),
)

OHLCV_HISTORY = TableSpec(
    "ohlcv_history",
    "One raw daily bar of one ticker, with its corporate actions.",
    (
        _TICKER,
        _key("date", _DAY, "exchange session"),
        *_OHLCV,
        Column("dividend", _REAL, "cash dividend per share on its ex-date, 0 where there is none"),
        Column("split", _REAL, "split ratio on its ex-date, 1 where there is none"),
    ),
)

BARS = TableSpec(
    "bars",
    "One daily bar of one ticker in the book's adjusted view.",
    (_TICKER, _key("date", _DAY, "exchange session"), *_OHLCV),
)

BAR_PROBLEMS = TableSpec(
    "bar_problems",
    "One finding of the quality rules about a ticker's bars, or about a day of all tickers.",
    (
        _key("ticker", _TEXT, "canonical ticker, dot class (BRK.B); empty for a day of all tickers"),
        Column("rule", _TEXT, "number of the rule (docs/method/quality.md)"),
        Column("severity", _TEXT, "block, quarantine, warn or info"),
        Column("date", _DAY, "first session concerned, null for the whole file"),
        Column("n", _I64, "how many rows or cases"),
        Column("text", _TEXT, "what was observed; the rule; what to do"),
    ),
)

BAR_QUARANTINE = TableSpec(
    "bar_quarantine",
    "One row that a quality rule took out of a ticker's bars, as the source gave it.",
    (
        _TICKER,
        Column("rule", _TEXT, "number of the rule (docs/method/quality.md)"),
        _key("date", _DAY, "date of the row"),
        Column("open", _REAL, "opening price, null where it was no number"),
        Column("high", _REAL, "highest price"),
        Column("low", _REAL, "lowest price"),
        Column("close", _REAL, "closing price"),
        Column("volume", _REAL, "shares traded"),
        Column("dividend", _REAL, "cash dividend per share; it counts at the next bar that stays"),
        Column("split", _REAL, "split ratio; it counts at the next bar that stays"),
    ),
)

BAR_REVISIONS = TableSpec(
    "bar_revisions",
    "One number of a past bar that the source changed after it had been stored.",
    (
        _TICKER,
        Column("seen_date", _DAY, "last session of the reading that showed the change"),
        Column("kind", _TEXT, "revised, added or removed (a whole bar), restated (the past was put on another basis)"),
        Column("date", _DAY, "session of the bar; for restated the last one that moved"),
        Column("field", _TEXT, "open, high, low, close, volume, dividend or split"),
        Column("old_value", _REAL, "value before, null when there was no bar"),
        Column("new_value", _REAL, "value now, null when there is no bar any more"),
    ),
)

BENCHMARK_CLOSES = TableSpec(
    "benchmark_closes",
    "One session of the benchmark, in the same price basis as the stocks.",
    (
        _key("date", _DAY, "exchange session"),
        Column("open", _REAL, "opening price"),
        Column("close", _REAL, "closing price"),
    ),
)

SESSIONS = TableSpec(
    "sessions",
    "One session of the book's calendar, up to T.",
    (
        _key("date", _DAY, "exchange session"),
        Column("week", _DAY, "Monday of its ISO week"),
        Column("is_week", _FLAG, "last session of a completed calendar week: an as-of date"),
        Column("n_tickers", _I32, "tickers with a bar"),
        Column("is_blocked", _FLAG, "too few living tickers have a bar (Q19): no bar of this session is used"),
    ),
)

FACTOR_IC_WEEKLY = TableSpec(
    "factor_ic_weekly",
    "One signal in one week: rank correlation with the next 30 sessions' return across the universe.",
    (
        _SCENARIO,
        Column("signal", _TEXT, "name of the signal"),
        _WEEK,
        _ASOF,
        Column("iso_year", _I32, "ISO year"),
        Column("iso_week", _I32, "ISO week"),
        Column("n", _I32, "tickers with the signal and the forward return"),
        Column("ic", _REAL, "Spearman correlation; null when degenerate"),
        Column("spread", _REAL, "mean forward return of the top fifth minus the bottom fifth, fraction"),
        Column("is_thinned", _FLAG, "kept when weeks are thinned so that windows hardly overlap"),
    ),
)

_STATS = (
    Column("total", _I64, "graded setups"),
    Column("wins", _I64, "targets hit"),
    Column("losses", _I64, "stops hit, ambiguous bars included"),
    Column("expired", _I64, "neither within the horizon"),
    Column("hit_rate", _REAL, "wins of wins and losses, 0-100"),
    Column("avg_r", _REAL, "mean gross R per setup"),
    Column("total_r", _REAL, "sum of gross R"),
    Column("net_avg_r", _REAL, "mean R after a round trip of costs"),
    Column("net_total_r", _REAL, "sum of net R"),
    Column("best_r", _REAL, "largest gross R"),
    Column("worst_r", _REAL, "smallest gross R"),
    Column("avg_hold_days", _REAL, "mean sessions held"),
    Column("net_r_per_day", _REAL, "mean net R over mean sessions held"),
    Column("median_net_r", _REAL, "median net R"),
    Column("profit_factor", _REAL, "sum of net gains over sum of net losses; null without a loss"),
    Column("net_avg_r_ex_top5", _REAL, "mean net R without the best 5% of setups"),
)

_PERCENTILES = (
    Column("momentum_percentile", _REAL, "percentile of 12-1 momentum in the week, 0-100"),
    Column("residual_momentum_percentile", _REAL, "percentile of residual momentum in the week, 0-100"),
    Column("activation_momentum_percentile", _REAL, "percentile that the gate reads, 0-100"),
)

PERCENTILE_RANKS = TableSpec(
    "percentile_ranks",
    "One ranked member of a week: a ticker, or in the legacy profile a candidate row.",
    (
        _SCENARIO,
        Column("grid", _TEXT, "week or bar: the statistics' as-of dates; latest: T alone, for today's list"),
        _WEEK,
        _ASOF,
        _TICKER,
        Column("direction", _TEXT, "direction of the ranked row; null where tickers are ranked"),
        Column("row_no", _I64, "place of the ranked row in the tie order; null where tickers are ranked"),
        *_PERCENTILES,
        Column("n_ranked", _I64, "members with an activation percentile"),
    ),
)

GRADED_SETUPS = TableSpec(
    "graded_setups",
    "One setup of the scenario's grid: the verdict of the gate, and the result under its fill.",
    (
        _SCENARIO,
        Column("row_no", _I64, "place in the tie order"),
        _TICKER,
        _ASOF,
        _WEEK,
        Column("direction", _TEXT, "long or short"),
        Column("entry", _REAL, "close of the as-of bar, price"),
        Column("stop", _REAL, "initial stop, price"),
        Column("target", _REAL, "primary target, price"),
        Column("rr", _REAL, "distance to the target over distance to the stop"),
        Column("confidence", _REAL, "confidence of this direction, 0-100"),
        Column("primary_prob", _REAL, "stated probability of the primary target, 0-100"),
        Column("action", _TEXT, "the engine's action"),
        Column("risk_level", _TEXT, "Low, Medium or High"),
        Column("adv20_usd", _REAL, "mean dollar volume of the last 20 bars"),
        *_PERCENTILES,
        *(Column(flag.name, _FLAG, flag.description) for flag in FLAGS),
        Column("is_graded", _FLAG, "has a result: statistics read these rows only"),
        Column("drop_reason", _TEXT, "why it has none"),
        Column("n_forward", _I8, "own forward bars that exist, capped at 30"),
        Column("entry_price", _REAL, "fill, price"),
        Column("risk_pct", _REAL, "planned 1R as a fraction of the fill"),
        Column("outcome", _TEXT, "target_hit, stop_hit, ambiguous or expired"),
        Column("exit_reason", _TEXT, "target, stop, time or delisted"),
        Column("gross_r", _REAL, "R of the target race under the scenario's rule for expiries"),
        Column("cost_r", _REAL, "round trip of costs in R"),
        Column("net_r", _REAL, "gross_r minus cost_r"),
        Column("target_gap_r", _REAL, "R between the target and the open of a bar that gapped over it, else 0"),
        Column("hold_days", _I16, "sessions held"),
        Column("stop_day", _I16, "forward bar that first touched the stop"),
        *(Column(f"time_r_{n}", _REAL, f"gross R when held {n} sessions with the stop") for n in HOLD_DAYS),
        Column("bench_ret_target", _REAL, "benchmark return over the target race, fraction"),
        *(Column(f"bench_ret_{n}", _REAL, f"benchmark return over the {n}-session hold") for n in HOLD_DAYS),
        Column("label_end_date", _DAY, "session of the last bar that the grading used"),
        Column("outcome_at_close", _TEXT, "outcome when filled at the signal's close: calibration reads it"),
    ),
)

SETUP_GROUP_STATS = TableSpec(
    "setup_group_stats",
    "One group of graded setups under one exit: a population, a cutoff, or a missing floor.",
    (
        _SCENARIO,
        Column("family", _TEXT, "population, cutoff, floor or hold"),
        Column("position", _REAL, "order within the family"),
        Column("member", _TEXT, "which one of the family"),
        Column("hold_days", _I16, "sessions of the fixed hold; null: the target race"),
        *_STATS[:5],
        Column("win_rate", _REAL, "setups with gross R above 0 of all, 0-100"),
        *_STATS[5:],
    ),
)

SETUP_STATS = TableSpec(
    "setup_stats",
    "One population of setups: all, qualified, long, short.",
    (
        _SCENARIO,
        Column("population", _TEXT, "all, qualified, long or short (the last two of the qualified)"),
        *_STATS,
        Column("n_rows", _I64, "setups, those without a result included"),
    ),
)

GATE_SWEEP = TableSpec(
    "gate_sweep",
    "One momentum cutoff over the same floors.",
    (_SCENARIO, Column("min_momentum_percentile", _REAL, "cutoff; 0: floors only"), *_STATS),
)

GATE_ABLATION = TableSpec(
    "gate_ablation",
    "One floor removed from the gate.",
    (
        _SCENARIO,
        Column("variant", _TEXT, "which floor is missing"),
        *_STATS,
        Column("hold_days", _I16, "sessions of the hold beside it"),
        Column("hold_avg_r", _REAL, "mean gross R under the hold"),
        Column("hold_net_avg_r", _REAL, "mean net R under the hold"),
        Column("hold_total_r", _REAL, "sum of gross R under the hold"),
    ),
)

TIME_EXIT_SWEEP = TableSpec(
    "time_exit_sweep",
    "One fixed hold of the qualified setups with the initial stop.",
    (
        _SCENARIO,
        Column("hold_days", _I16, "sessions held unless stopped"),
        _STATS[0],
        Column("wins", _I64, "exits with gross R above 0"),
        Column("win_rate", _REAL, "wins of all, 0-100"),
        *_STATS[5:],
    ),
)

CALIBRATION = TableSpec(
    "calibration",
    "One of ten equal-count bins of stated target probability, all directions and each.",
    (
        _SCENARIO,
        Column("direction", _TEXT, "all, long or short"),
        Column("bin", _I64, "1 is the lowest stated probability"),
        Column("n", _I64, "graded setups"),
        Column("min_stated_pct", _REAL, "lowest stated probability, 0-100"),
        Column("max_stated_pct", _REAL, "highest stated probability, 0-100"),
        Column("mean_stated_pct", _REAL, "mean stated probability, 0-100"),
        Column("hits", _I64, "targets hit before the stop in 30 sessions"),
        Column("hit_pct", _REAL, "share hit, 0-100"),
        Column("gap_pct", _REAL, "share hit minus mean stated, points"),
    ),
)

FACTOR_IC = TableSpec(
    "factor_ic",
    "One signal: how well its rank foretold the next 30 sessions across the universe.",
    (
        _SCENARIO,
        Column("signal", _TEXT, "name of the signal"),
        Column("weeks", _I64, "weeks measured"),
        Column("avg_cross_section", _REAL, "mean tickers in a week"),
        Column("mean_ic", _REAL, "mean weekly rank correlation"),
        Column(
            "ic_t_stat",
            _REAL,
            "t of that mean: the cosine estimator's over all weeks, the plain one over thinned weeks",
        ),
        Column("ic_positive_pct", _REAL, "share of weeks above 0, 0-100"),
        Column("mean_quintile_spread", _REAL, "mean return of the top fifth minus the bottom fifth, fraction"),
        Column("reliable", _FLAG, f"at least 60 weeks from first to last; thinned: at least {MIN_THINNED_WEEKS}"),
        Column("thinned_weeks", _I64, "weeks measured, where method.ic is thinned; else empty"),
        Column("thinned_mean_ic", _REAL, "mean_ic, where method.ic is thinned; else empty"),
    ),
)

_BOOK = (
    Column("starting_capital", _REAL, "US dollars"),
    Column("final_equity", _REAL, "US dollars at the end, everything sold"),
    Column("total_return_pct", _REAL, "percent over the whole walk"),
    Column("cagr_pct", _REAL, "percent a year by calendar days; null up to a quarter of a year"),
    Column("max_drawdown_pct", _REAL, "largest fall from a peak on closes, percent"),
    Column("sharpe", _REAL, "daily returns, sqrt(252), no risk-free rate"),
    Column("trades", _I64, "closed trades"),
    Column("win_rate", _REAL, "trades with a gain after costs, 0-100"),
    Column("avg_trade_pnl", _REAL, "US dollars a trade after costs"),
    Column("best_trade_r", _REAL, "largest gross R"),
    Column("worst_trade_r", _REAL, "smallest gross R"),
    Column("best_trade_pnl", _REAL, "US dollars"),
    Column("worst_trade_pnl", _REAL, "US dollars"),
    Column("avg_hold_days", _REAL, "mean sessions held"),
    Column("skipped_book_full", _I64, "qualified rows refused because every slot was taken"),
    Column("spy_return_pct", _REAL, "benchmark over the same dates, percent"),
    Column("start_date", _DAY, "first session of the curve"),
    Column("end_date", _DAY, "last session of the curve"),
    Column("yearly_returns", pa.list_(pa.struct([("year", _I32), ("return_pct", _REAL)])), "return of each year"),
    Column("avg_net_r", _REAL, "mean net R a trade"),
    Column("avg_exposure_pct", _REAL, "mean share of equity invested, percent"),
    Column("refused_slots", _I64, "qualified rows refused: every slot taken"),
    Column("refused_cash", _I64, "qualified rows refused: less than 1% of equity could be paid"),
    Column("refused_size", _I64, "qualified rows refused: the size rule gave less than 1% of equity"),
    Column("refused_short", _I64, "qualified shorts: the book is long only"),
    Column("skipped_held", _I64, "qualified rows of a ticker that was held"),
    Column("no_next_bar", _I64, "no fill: no bar on the next session"),
    Column("gapped_stop", _I64, "no fill: the open was at or beyond the stop"),
    Column("gapped_target", _I64, "no fill: the open was at or beyond the target"),
    Column("no_levels", _I64, "no fill: entry or stop missing"),
)

PORTFOLIO_SIMS = TableSpec(
    "portfolio_sims",
    "One exit policy traded by one capital-constrained book.",
    (
        _SCENARIO,
        Column("policy", _TEXT, "target (race of target and stop) or hold (stop and time)"),
        *_BOOK,
        Column(
            "equal_weight_hold_return_pct",
            _REAL,
            "equal dollars in the eligible list, never rebalanced, percent",
        ),
        Column("equal_weight_renewed_return_pct", _REAL, "the same renewed at each week end, percent"),
    ),
)

STRATEGY_VARIANTS = TableSpec(
    "strategy_variants",
    "One research book: another ranking, cutoff or capacity under the hold exit.",
    (
        _SCENARIO,
        Column("variant", _TEXT, "name"),
        Column("ranking", _TEXT, "residual or raw"),
        Column("cutoff", _REAL, "least percentile"),
        Column("variant_max_positions", _I64, "slots"),
        Column("risk_per_trade_pct", _REAL, "equity risked per position, percent"),
        *_BOOK,
    ),
)

EQUITY_CURVES = TableSpec(
    "equity_curves",
    "One session of one curve: a policy's book, the benchmark, or an equal-weight hold.",
    (
        _SCENARIO,
        Column("curve", _TEXT, "target, hold, benchmark, equal_weight_hold or equal_weight_renewed"),
        _key("date", _DAY, "session"),
        Column("equity", _REAL, "US dollars at the close, from the same starting capital"),
        Column("drawdown_pct", _REAL, "fall from the highest close so far, percent"),
        Column("exposure_pct", _REAL, "share of equity invested, percent; null for what is not a book"),
        Column("n_positions", _I32, "positions held; null for what is not a book"),
    ),
)

TRADES = TableSpec(
    "trades",
    "One closed trade of one policy's book.",
    (
        _SCENARIO,
        Column("policy", _TEXT, "target or hold"),
        _TICKER,
        Column("asof_date", _DAY, "as-of date of the setup"),
        Column("entry_date", _DAY, "session bought"),
        Column("exit_date", _DAY, "session sold"),
        Column("entry_price", _REAL, "before costs"),
        Column("exit_price", _REAL, "before costs"),
        Column("shares", _REAL, "fractional"),
        Column("pnl_usd", _REAL, "US dollars after costs"),
        Column("gross_r", _REAL, "R before costs"),
        Column("net_r", _REAL, "R after costs"),
        Column("hold_days", _I64, "sessions held"),
        Column("reason", _TEXT, "why it was sold"),
    ),
)

_ITEM = (
    Column("topic", _TEXT, "what it is about"),
    Column("item_key", _TEXT, "which one of the topic, e.g. the floor"),
    Column("decision", _TEXT, "what the rule says; null: no change"),
    Column("sentence", _TEXT, "the same in words"),
    Column("evidence", _TEXT, "the numbers it stands on, JSON"),
)

RECOMMENDATION = TableSpec("recommendation", "One item of advice by the rules.", (_SCENARIO, *_ITEM))

RESEARCH_RECOMMENDATION = TableSpec(
    "research_recommendation", "One research variant: a candidate for promotion, or not.", (_SCENARIO, *_ITEM)
)

TODAYS_SETUPS = TableSpec(
    "todays_setups",
    "One setup at T that qualifies, or one of the nearest misses.",
    (
        _SCENARIO,
        _ASOF,
        Column("is_qualified", _FLAG, "passes every floor and the momentum gate"),
        _TICKER,
        Column("direction", _TEXT, "long or short"),
        Column("entry", _REAL, "close of T; filled at the next open"),
        Column("stop", _REAL, "initial stop, price"),
        Column("target", _REAL, "primary target, price"),
        Column("rr", _REAL, "distance to the target over distance to the stop"),
        Column("confidence", _REAL, "0-100"),
        Column("percentile", _REAL, "activation percentile at T, 0-100"),
        Column("primary_prob", _REAL, "stated probability of the target, 0-100"),
        Column("action", _TEXT, "the engine's action"),
        Column("risk_level", _TEXT, "Low, Medium or High"),
        Column("level_strength", _REAL, "strength of the target's level, 0-100; 0 when projected"),
        Column("is_projected", _FLAG, "the target was projected"),
        Column("adv20_usd", _REAL, "mean dollar volume of the last 20 bars"),
        Column("vote_trend", _REAL, "vote of EMA20 against EMA50, -1 to 1"),
        Column("vote_position", _REAL, "vote of the close against EMA50, -1 to 1"),
        Column("vote_directional", _REAL, "vote of directional movement, -1 to 1"),
        Column("vote_rsi", _REAL, "vote of RSI, -1 to 1"),
        Column("vote_volume", _REAL, "vote of money flow, -1 to 1"),
        Column("failed_floors", _TEXT, "floors that a near miss fails, comma-separated; empty when qualified"),
    ),
)

BACKTEST_REPORT = TableSpec(
    "backtest_report",
    "The report of a scenario: where it is and its headline.",
    (
        _SCENARIO,
        Column("as_of", _DAY, "T"),
        Column("folder", _TEXT, "folder of the report, relative to the book"),
        Column("headline", _TEXT, "its first sentence"),
        Column("settings_hash", _TEXT, "hash of the resolved settings"),
    ),
)

_ESTIMATE = (
    Column("estimate", _REAL, "the number, in its unit"),
    Column("unit", _TEXT, "r, frac, pct_a_year, ic, usd, days ..."),
    Column("se", _REAL, "standard error (equal-weighted cosines); null: too short a history"),
    Column("dof", _I32, "degrees of freedom of the error"),
    Column("ci_lo", _REAL, "lower end of the 95% interval"),
    Column("ci_hi", _REAL, "upper end of the 95% interval"),
    Column("n_setups", _I64, "observations: setups, weeks of a series, or days of a curve"),
    Column("n_weeks", _I64, "weeks (days of a curve) from the first to the last observation"),
    Column("n_eff", _REAL, "independent observations that would carry the same error"),
    Column("p_raw", _REAL, "two-sided p-value of the estimate against 0, on its own"),
    Column("mde80", _REAL, "smallest true effect that this history would have detected four times in five"),
)

_ADJUSTED = (
    Column("family", _TEXT, "comparisons that were looked at together"),
    Column("family_size", _I32, "how many of them have an error"),
    Column("p_adj", _REAL, "two-sided p-value that holds for the whole family"),
    Column("adj_method", _TEXT, "step_down, benjamini_hochberg or none"),
)

_OUT_OF_SAMPLE = (
    Column("oos_estimate", _REAL, "the same over the test weeks of the walk-forward windows"),
    Column("oos_p", _REAL, "one-sided p-value of it, to the side of the whole history's sign"),
    Column("oos_windows", _I32, "windows with a test"),
    Column("oos_confirmed", _TEXT, "yes, weak, no or n/a (under four windows: in-sample only)"),
)

STAT_SIGNALS = TableSpec(
    "stat_signals",
    "One signal over one horizon: how well its mean rank sorted the next week's returns, with its error.",
    (
        _SCENARIO,
        Column("signal", _TEXT, "name of the signal"),
        Column("horizon_days", _I16, "sessions that a ranking is held: its ranks of so many sessions are averaged"),
        *_ESTIMATE,
        Column("horizon_ic", _REAL, "mean IC with the returns over the whole horizon, nothing taken away"),
        Column("horizon_ic_lo", _REAL, "lower end of its 95% interval"),
        Column("horizon_ic_hi", _REAL, "upper end of its 95% interval"),
        Column("q", _REAL, "false discovery rate over the signals of this horizon (Benjamini-Hochberg)"),
        Column("q_table", _REAL, "false discovery rate over all signals and horizons"),
        Column("has_star", _FLAG, "p below 0.0027, the bar of a literature that tried hundreds"),
        Column("avg_cross_section", _REAL, "mean tickers in a week"),
        Column(
            "spread",
            _REAL,
            "top fifth minus bottom fifth by mean rank: next week's return without beta x benchmark, fraction",
        ),
        Column("spread_se", _REAL, "its standard error"),
        Column("spread_p", _REAL, "its two-sided p-value"),
        *(Column(f"quintile_{k}", _REAL, f"mean forward return of fifth {k}, fraction") for k in range(1, 6)),
        Column("turnover_top", _REAL, "share of the top fifth that was not in it the week before"),
        Column("turnover_bottom", _REAL, "share of the bottom fifth that was not in it the week before"),
        Column("rank_autocorrelation", _REAL, "mean rank correlation of the signal with the week before"),
        Column("is_primary", _FLAG, "the signal that the gate ranks by: named before the data were seen"),
        Column("verdict", _TEXT, "supported or not distinguishable from noise; contradicted: the primary, at 30 only"),
        Column("neutral_ic", _REAL, "estimate with returns minus their group's; null without a group file"),
        Column("neutral_se", _REAL, "its standard error"),
        Column("neutral_ci_lo", _REAL, "lower end of its 95% interval"),
        Column("neutral_ci_hi", _REAL, "upper end of its 95% interval"),
        Column("neutral_p", _REAL, "its two-sided p-value"),
        Column("neutral_q", _REAL, "its false discovery rate over the signals of this horizon"),
        Column("neutral_spread", _REAL, "top fifth minus bottom fifth of returns minus their group's, fraction"),
        Column("neutral_spread_p", _REAL, "its two-sided p-value"),
        Column("neutral_cross_section", _REAL, "mean tickers in a week that have a group with others in it"),
        Column("neutral_verdict", _TEXT, "verdict by the same rules within groups"),
    ),
)

STAT_GROUPS = TableSpec(
    "stat_groups",
    "One group of graded setups under one exit: mean R with its error.",
    (
        _SCENARIO,
        Column("grouping", _TEXT, "population, direction, cutoff, floor, year, trend or volatility"),
        Column("member", _TEXT, "which one of the grouping"),
        Column("exit", _TEXT, "target, or hold_N"),
        Column("measure", _TEXT, "net_r, or adjusted_r: net R without beta x the benchmark's move"),
        *_ESTIMATE,
        Column("largest_year_frac", _REAL, "largest share of the summed net R that one year made"),
        Column("is_descriptive", _FLAG, "one year made more than 60% of the net R: read it as a description"),
        Column("is_too_short", _FLAG, "too few weeks for an interval"),
    ),
)

STAT_PAIRS = TableSpec(
    "stat_pairs",
    "One paired comparison of two groups of setups, week by week.",
    (
        _SCENARIO,
        Column("member", _TEXT, "what is compared"),
        Column("against", _TEXT, "with what"),
        Column("measure", _TEXT, "net_r or adjusted_r"),
        *_ESTIMATE,
        *_ADJUSTED,
        *_OUT_OF_SAMPLE,
    ),
)

STAT_CALIBRATION = TableSpec(
    "stat_calibration",
    "One bin of stated target probability, or the whole of a direction, with its error.",
    (
        _SCENARIO,
        Column("direction", _TEXT, "all, long or short"),
        Column("bin", _I64, "1 is the lowest stated probability; null: all bins together"),
        Column("measure", _TEXT, "gap (share hit minus stated), skill_gain, brier, brier_skill or ece"),
        Column("stated", _REAL, "mean stated probability, fraction"),
        Column("hit", _REAL, "share hit, fraction"),
        *_ESTIMATE,
        *_ADJUSTED,
    ),
)

STAT_PORTFOLIO = TableSpec(
    "stat_portfolio",
    "One property of one book, with its error where it has one.",
    (
        _SCENARIO,
        Column("policy", _TEXT, "target, hold, or the name of a variant"),
        Column("measure", _TEXT, "alpha, beta, information_ratio, sharpe, random_pick ..."),
        *_ESTIMATE,
        *_ADJUSTED,
        *_OUT_OF_SAMPLE,
    ),
)

STAT_OVERFIT = TableSpec(
    "stat_overfit",
    "One answer to: how much of the best result is the search for it?",
    (
        _SCENARIO,
        Column(
            "measure", _TEXT, "trials (tried when these settings first ran on these data), deflated_sharpe, pbo ..."
        ),
        *_ESTIMATE,
    ),
)

TRIALS = TableSpec(
    "trials",
    "One configuration that was tried on these data: distinct settings and data version.",
    (
        _key("scenario", _TEXT, "scenario or sweep under which it was first tried"),
        _key("trial_no", _I64, "order in which they were first tried, from 1"),
        _key("settings_hash", _TEXT, "hash of every setting that decides what the book trades"),
        _key("data_version", _TEXT, "version of the bars"),
        Column("made_by", _TEXT, "run, compare or sweep"),
        Column("policy", _TEXT, "target or hold"),
        Column("ranking", _TEXT, "residual or raw"),
        Column("changed_settings", _TEXT, "settings that differ from the defaults, JSON"),
        Column("total_return_pct", _REAL, "percent; null: nothing was to trade"),
        Column("cagr_pct", _REAL, "percent a year"),
        Column("max_drawdown_pct", _REAL, "on closes, percent, positive"),
        Column("sharpe", _REAL, "daily returns, annual"),
        Column("n_trades", _I64, "closed trades"),
        Column("avg_net_r", _REAL, "mean R after costs of its trades"),
    ),
)

VERDICTS = TableSpec(
    "verdicts",
    "One claim at one session: what a run said of it then.",
    (
        _key("scenario", _TEXT, "scenario whose claim it is"),
        _key("look_no", _I64, "order in which the rows were written, from 1"),
        _key("as_of", _DAY, "last session that the verdict knew"),
        _key("topic", _TEXT, "topic of the claim, as in stat_claims; signal: one of stat_signals"),
        _key("item_key", _TEXT, "which one of the topic; of a signal its name and horizon"),
        Column("verdict", _TEXT, "supported, contradicted or not distinguishable from noise"),
        Column("estimate", _REAL, "the estimate then"),
        Column("p_adj", _REAL, "its p-value over the family then"),
    ),
)

WF_WINDOWS = TableSpec(
    "wf_windows",
    "One walk-forward window: what train would have picked, and what it did in the test.",
    (
        _SCENARIO,
        Column("window", _I32, "from 1"),
        Column("train_first", _DAY, "first as-of session of train"),
        Column("train_last", _DAY, "last as-of session whose labels end before the test"),
        Column("test_first", _DAY, "first as-of session of the test"),
        Column("test_last", _DAY, "last as-of session of the test"),
        Column("n_train", _I64, "setups of the picked configuration in train"),
        Column("ranking", _TEXT, "residual or raw"),
        Column("min_momentum_percentile", _REAL, "picked cutoff"),
        Column("exit", _TEXT, "picked exit: target or hold_N"),
        Column("train_net_r", _REAL, "mean net R of the pick in train"),
        Column("n_test", _I64, "its setups in the test"),
        Column("test_net_r", _REAL, "its mean net R in the test"),
        Column("fixed_net_r", _REAL, "mean net R of the production configuration in the same test"),
    ),
)

WF_EQUITY = TableSpec(
    "wf_equity",
    "One session of the book that follows the windows' picks, beside the production book.",
    (
        _SCENARIO,
        _key("date", _DAY, "session"),
        Column("equity", _REAL, "US dollars of the book that follows each window's pick"),
        Column("fixed_equity", _REAL, "US dollars of the production book from the same start"),
        Column("benchmark_equity", _REAL, "US dollars in the benchmark; null without one"),
    ),
)

STAT_HEALTH = TableSpec(
    "stat_health",
    "One fact about what the statistics stand on.",
    (
        _SCENARIO,
        Column("fact", _TEXT, "name of the fact"),
        Column("value", _REAL, "its value"),
        Column("unit", _TEXT, "n, frac, weeks, bars or flag"),
        Column("text", _TEXT, "what it means here"),
    ),
)

STAT_CLAIMS = TableSpec(
    "stat_claims",
    "One item of advice, or the headline: what the evidence says of it.",
    (
        _SCENARIO,
        Column("topic", _TEXT, "topic of the item, or headline, expectancy, random_pick"),
        Column("item_key", _TEXT, "which one of the topic, as in recommendation"),
        Column("seed_rule_says", _TEXT, "decision by the advice rules; null: no change"),
        Column("claim_kind", _TEXT, "superior, negligible, uniquely_best or positive"),
        *_ESTIMATE,
        *_ADJUSTED,
        *_OUT_OF_SAMPLE,
        Column("verdict", _TEXT, "supported, contradicted or not distinguishable from noise"),
        Column("supported_since", _DAY, "first session of the looks in a row that found it supported; null: not now"),
        Column("first_supported", _DAY, "first session at which a run ever found it supported"),
        Column("last_supported", _DAY, "last such session"),
        Column("looks_in_a_row", _I64, "newest sessions looked at that all found it supported"),
        Column("looks", _I64, "sessions at which a run judged it"),
        Column("evidence_text", _TEXT, "the numbers in one sentence"),
    ),
)

MODEL_TESTS = TableSpec(
    "model_tests",
    "One query of dbt_like_sql/tests: what must hold of the models' tables, and whether it does.",
    (
        _SCENARIO,
        _key("test", _TEXT, "file stem of the query"),
        _key("about", _TEXT, "what must hold"),
        _key("n_failing", _I64, "rows that break it"),
        Column("first_failing", _TEXT, "the first of them as JSON; null: there is none"),
    ),
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        OHLCV_HISTORY,
        BARS,
        BAR_PROBLEMS,
        BAR_QUARANTINE,
        BAR_REVISIONS,
        BENCHMARK_CLOSES,
        SESSIONS,
        CANDIDATES,
        FACTOR_SIGNALS,
        FACTOR_IC_WEEKLY,
        FACTOR_IC,
        PERCENTILE_RANKS,
        GRADED_SETUPS,
        SETUP_GROUP_STATS,
        SETUP_STATS,
        GATE_SWEEP,
        GATE_ABLATION,
        TIME_EXIT_SWEEP,
        CALIBRATION,
        PORTFOLIO_SIMS,
        STRATEGY_VARIANTS,
        EQUITY_CURVES,
        TRADES,
        RECOMMENDATION,
        RESEARCH_RECOMMENDATION,
        TODAYS_SETUPS,
        BACKTEST_REPORT,
        STAT_SIGNALS,
        STAT_GROUPS,
        STAT_PAIRS,
        STAT_CALIBRATION,
        STAT_PORTFOLIO,
        STAT_OVERFIT,
        WF_WINDOWS,
        WF_EQUITY,
        STAT_HEALTH,
        STAT_CLAIMS,
        MODEL_TESTS,
        TRIALS,
        VERDICTS,
    )
}
