"""Group `journal`: what was shown, what became of it, and whether that is what the backtest said.

Belongs here: the declaration of these stages and their tables. Does not belong here: how they are computed
(`btassets.stages.journal`), the logs behind them (`btassets.run.shown_lists`).
"""

from btassets.graph.columns import (
    ASOF,
    DAY,
    FLAG,
    I16,
    I32,
    I64,
    REAL,
    SCENARIO,
    TEXT,
    TICKER,
    Column,
    KeyNumber,
    Page,
    TableSpec,
    key,
)
from btassets.graph.stage import METHOD, Check, Reads, Stage

_LIST = (
    Column("kind", TEXT, "shown, or backfill: replayed later as it would have been shown"),
    Column("is_signal_day", FLAG, "as-of is the last session of a completed week, as the statistics trade"),
)

JOURNAL = TableSpec(
    "journal",
    "One setup of one list as it was shown.",
    (
        SCENARIO,
        key("list_no", I64, "order in which the lists were written, from 1"),
        ASOF,
        *_LIST,
        Column("showing", I16, "which list of this as-of date; the first one is graded"),
        Column("rank", I32, "place in the list, from 1; qualified setups first"),
        Column("is_qualified", FLAG, "passed every floor and the momentum gate; else one of the nearest misses"),
        Column("ticker", TEXT, "canonical ticker; null: the list was empty"),
        Column("direction", TEXT, "long or short"),
        Column("entry", REAL, "close of the as-of date as it was then, price"),
        Column("stop", REAL, "initial stop as shown, price"),
        Column("target", REAL, "primary target as shown, price"),
        Column("rr", REAL, "distance to the target over distance to the stop"),
        Column("confidence", REAL, "0-100"),
        Column("percentile", REAL, "activation percentile, 0-100"),
        Column("failed_floors", TEXT, "floors that a near miss failed, comma-separated; empty when qualified"),
        Column("shown_at", TEXT, "when the run wrote the list, ISO 8601 in UTC"),
        Column("settings_hash", TEXT, "hash of the settings that decided it"),
        Column("data_version", TEXT, "version of the bars that it was made from"),
        Column("line_hash", TEXT, "hash of its line in the log, over the line before it and its own content"),
    ),
    page=Page(("asof_date", "rank", "ticker", "direction", "entry", "stop", "target"), rows=("is_qualified", True)),
)

JOURNAL_RESULTS = TableSpec(
    "journal_results",
    "One qualified setup of a list that was shown: what became of it, graded once its bars arrived.",
    (
        SCENARIO,
        ASOF,
        *_LIST,
        TICKER,
        key("direction", TEXT, "long or short"),
        Column("rank", I32, "place in the list"),
        Column("status", TEXT, "graded, open (its bars are not all there), not_filled, or no_bar at the as-of date"),
        Column("n_forward", I16, "forward bars that exist, up to the horizon or the longest hold"),
        Column("target", REAL, "primary target as shown, price; null: the setup has none"),
        Column("entry_price", REAL, "fill, in prices as they were when it was graded"),
        Column("fill_gap_r", REAL, "how much worse than the shown entry it was filled, R; below 0: better"),
        Column("outcome", TEXT, "target_hit, stop_hit, ambiguous or expired"),
        Column("exit_reason", TEXT, "target, stop, time or delisted; of one not filled why"),
        Column("gross_r", REAL, "R of the target race"),
        Column("cost_r", REAL, "round trip of costs, R"),
        Column("net_r", REAL, "gross_r minus cost_r, as graded first; it is never written again"),
        Column("hold_days", I16, "sessions from the first forward bar to the exit"),
        Column("label_end_date", DAY, "session of the last bar that the grading used"),
        Column("settings_hash", TEXT, "hash of the settings of its list"),
        Column("data_version", TEXT, "version of the bars that it was graded on"),
        Column("net_r_now", REAL, "the same graded on the bars as they are now"),
        Column("note", TEXT, "what the source changed since: prices of the as-of day, the result; empty: nothing"),
    ),
    page=Page(("asof_date", "ticker", "direction", "status", "outcome", "net_r", "note")),
)

JOURNAL_VERDICT = TableSpec(
    "journal_verdict",
    "One measure of the shown lists against the backtest's own interval for the same rules.",
    (
        SCENARIO,
        key("measure", TEXT, "net_r (the verdict), hit_rate or fill_gap_r"),
        Column("verdict", TEXT, "as tested, worse than tested or too early"),
        Column("live", REAL, "mean of the graded setups that were shown"),
        Column("live_lo", REAL, "lower end of the live mean's interval, valid at every check"),
        Column("live_hi", REAL, "upper end of it"),
        Column("tested", REAL, "mean of the backtest when these rules were first shown"),
        Column("tested_lo", REAL, "lower end of its 95% interval then"),
        Column("tested_hi", REAL, "upper end of it"),
        Column("n_setups", I64, "graded setups of signal days"),
        Column("n_lists", I64, "signal days with such setups"),
        Column("n_open", I64, "shown setups of signal days without all their bars"),
        Column(
            "more_setups",
            I64,
            "further setups until `as tested`, should they earn what the backtest did; null: "
            "more than a lifetime, or decided",
        ),
        Column("e_worse", REAL, "largest evidence so far against `not worse than tested_lo`; 20 decides"),
        Column("e_as_tested", REAL, "largest evidence so far against `not better than tested_lo`; 20 decides"),
        Column("first_asof", DAY, "first of these lists"),
        Column("last_asof", DAY, "last of them"),
        Column("settings_hash", TEXT, "rules that are judged"),
        Column("n_other_rules", I64, "graded setups left out: shown under other settings"),
        Column("sentence", TEXT, "the same in words"),
    ),
    page=Page(
        ("measure", "verdict", "live", "tested", "tested_lo", "n_setups", "more_setups"),
        numbers=(
            KeyNumber("live_net_r", "live", ("measure", "net_r")),
            KeyNumber("shown_setups_graded", "n_setups", ("measure", "net_r")),
        ),
    ),
)

_RULES = (*METHOD, "basis", "engine")

BACKFILL_READS = Reads(
    "journal --backfill",
    "btassets/graph/journal.py",
    reads=("ohlcv_history", "sessions", "graded_setups"),
    settings=_RULES,
)
"""Inputs of the replay of past lists."""

ACCOUNT_READS = Reads(
    "account",
    "btassets/graph/journal.py",
    reads=("ohlcv_history", "sessions", "journal", "journal_results"),
    settings=("profile", "basis", "portfolio", "costs", "exits", "method", "engine.horizon_days", "engine.gap_days"),
    outside=("shown_lists",),
)
"""Inputs of orders and exits for a real account, and of the comparison of its fills."""

STAGES = (
    Stage(
        "journal",
        "journal",
        "Every list as it was shown: no later run, restatement or setting writes it again.",
        "btassets.stages.journal.journal:compute",
        (JOURNAL,),
        reads=("ohlcv_history", "graded_setups", "todays_setups"),
        settings=_RULES,
        outside=("shown_lists",),
        writes=("journal",),
        checks=(
            Check("journal_chain_intact", "Every line of the journal carries the hash of the line before it."),
            Check("no_rewritten_day", "The journal of the last run is still a prefix of this one."),
        ),
        judge="btassets.stages.journal.journal_checks:of_journal",
        kinds=("python",),
    ),
    Stage(
        "journal_results",
        "journal",
        "Results of the shown setups, graded as in the backtest.",
        "btassets.stages.journal.journal_results:compute",
        (JOURNAL_RESULTS,),
        reads=("ohlcv_history", "sessions", "benchmark_closes", "journal"),
        settings=("basis",),
        outside=("shown_lists", "first_results"),
        writes=("journal_results",),
        checks=(Check("results_as_first_graded", "No result differs from the one that was written first."),),
        judge="btassets.stages.journal.journal_checks:of_results",
        kinds=("python",),
    ),
    Stage(
        "journal_verdict",
        "journal",
        "Is what was shown worth what the backtest said?",
        "btassets.stages.journal.journal_verdict:compute",
        (JOURNAL_VERDICT,),
        reads=("journal", "journal_results"),
        settings=_RULES,
        outside=("shown_lists",),
        checks=(Check("live_not_worse", "The shown setups do not earn less than the backtest's interval allows."),),
        judge="btassets.stages.journal.journal_checks:of_verdict",
        kinds=("python",),
    ),
)
