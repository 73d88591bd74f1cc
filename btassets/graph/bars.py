"""Group `bars`: bars from the source, the book's calendar, findings of the quality rules, the benchmark.

Belongs here: the declaration of these stages and their tables. Does not belong here: how they are computed
(`btassets.stages.bars`).
"""

from btassets.graph.columns import (
    DAY,
    FLAG,
    I32,
    I64,
    REAL,
    TEXT,
    TICKER,
    Column,
    Page,
    TableSpec,
    key,
)
from btassets.graph.stage import UNIVERSE, Check, Stage

_OHLCV = (
    Column("open", REAL, "opening price"),
    Column("high", REAL, "highest price"),
    Column("low", REAL, "lowest price"),
    Column("close", REAL, "closing price"),
    Column("volume", REAL, "shares traded"),
)

OHLCV_HISTORY = TableSpec(
    "ohlcv_history",
    "One raw daily bar of one ticker, with its corporate actions.",
    (
        TICKER,
        key("date", DAY, "exchange session"),
        *_OHLCV,
        Column("dividend", REAL, "cash dividend per share on its ex-date, else 0"),
        Column("split", REAL, "split ratio on its ex-date, else 1"),
    ),
    order=("ticker", "date"),
)

BARS = TableSpec(
    "bars",
    "One daily bar of one ticker in the book's adjusted view.",
    (TICKER, key("date", DAY, "exchange session"), *_OHLCV),
)

BAR_PROBLEMS = TableSpec(
    "bar_problems",
    "One finding of the quality rules about a ticker's bars, or about a day across tickers.",
    (
        key("ticker", TEXT, "canonical ticker, dot class (BRK.B); empty for a day across tickers"),
        Column("rule", TEXT, "number of the rule (docs/method/quality.md)"),
        Column("severity", TEXT, "block, quarantine, warn or info"),
        Column("date", DAY, "first session concerned; null for the whole file"),
        Column("n", I64, "number of rows or cases"),
        Column("text", TEXT, "observed values; the rule; what to do"),
    ),
    page=Page(("ticker", "rule", "severity", "date", "n", "text")),
)

BAR_QUARANTINE = TableSpec(
    "bar_quarantine",
    "One row that a quality rule dropped from a ticker's bars, with the source's values.",
    (
        TICKER,
        Column("rule", TEXT, "number of the rule (docs/method/quality.md)"),
        key("date", DAY, "date of the row"),
        Column("open", REAL, "opening price; null if it was not a number"),
        Column("high", REAL, "highest price"),
        Column("low", REAL, "lowest price"),
        Column("close", REAL, "closing price"),
        Column("volume", REAL, "shares traded"),
        Column("dividend", REAL, "cash dividend per share; applied at the next kept bar"),
        Column("split", REAL, "split ratio; applied at the next kept bar"),
    ),
    page=Page(("ticker", "rule", "date", "open", "high", "low", "close")),
)

BAR_REVISIONS = TableSpec(
    "bar_revisions",
    "One value of a past bar that the source revised after it was stored.",
    (
        TICKER,
        Column("seen_date", DAY, "last session of the reading that found the revision"),
        Column("kind", TEXT, "revised, added or removed (a whole bar), restated (past prices moved to another basis)"),
        Column("date", DAY, "session of the bar; for restated the last session that moved"),
        Column("field", TEXT, "open, high, low, close, volume, dividend or split"),
        Column("old_value", REAL, "value before; null if there was no bar"),
        Column("new_value", REAL, "value now; null if the bar is gone"),
    ),
    page=Page(("ticker", "kind", "date", "field", "old_value", "new_value")),
)

BENCHMARK_CLOSES = TableSpec(
    "benchmark_closes",
    "One session of the benchmark, in the same price basis as the stocks.",
    (
        key("date", DAY, "exchange session"),
        Column("open", REAL, "opening price"),
        Column("close", REAL, "closing price"),
    ),
)

SESSIONS = TableSpec(
    "sessions",
    "One session of the book's calendar, up to T.",
    (
        key("date", DAY, "exchange session"),
        Column("week", DAY, "Monday of its ISO week"),
        Column("is_week", FLAG, "last session of a completed calendar week: an as-of date"),
        Column("n_tickers", I32, "tickers with a bar"),
        Column("is_blocked", FLAG, "too few current tickers have a bar (Q19): no bar of this session is used"),
    ),
)

_QUALITY = ("quality", "engine.gap_days")
"""Settings of the quality rules; a gap ends a window of the engine."""

STAGES = (
    Stage(
        "ohlcv_history",
        "bars",
        "Daily bars and corporate actions of every ticker, as printed by the source and screened by the quality rules.",
        "btassets.stages.bars.ohlcv_history:ingest",
        (OHLCV_HISTORY,),
        settings=("source", "demo", "calendar", *UNIVERSE, *_QUALITY),
        outside=("source", "membership", "exchange_calendar"),
        keyed="shared",
        is_partitioned=True,
        stores=("quarantine",),
        checks=(
            Check("restated_history", "Bars already read are unchanged in the source."),
            Check(
                "bars_sane",
                "Stored bars satisfy the engine's input contract: dates ascend, 0 < low <= open, close <= high.",
                is_blocking=True,
            ),
        ),
        kinds=("python", "parquet"),
    ),
    Stage(
        "sessions",
        "bars",
        "The book's calendar: sessions, week ends, and T, the last session shared by most tickers.",
        "btassets.stages.bars.sessions:compute",
        (SESSIONS,),
        reads=("ohlcv_history",),
        settings=("calendar", "source.history_days", *UNIVERSE, *_QUALITY),
        outside=("membership", "exchange_calendar"),
        keyed="shared",
        checks=(
            Check("universe_coverage", "Most current tickers have a bar at T."),
            Check("bars_current", "No session of the exchange whose bars are due is missing."),
            Check("stale_tickers", "Current tickers without a bar at the last session."),
        ),
        judge="btassets.stages.bars.bar_checks:of_sessions",
    ),
    Stage(
        "bar_problems",
        "bars",
        "Findings of the quality rules, the rows they dropped, and past bars revised by the source.",
        "btassets.stages.bars.bar_problems:compute",
        (BAR_PROBLEMS, BAR_QUARANTINE, BAR_REVISIONS),
        reads=("ohlcv_history", "quarantine", "sessions"),
        settings=("source.kind", "source.basis", "calendar", *UNIVERSE, *_QUALITY),
        outside=("membership", "findings"),
        keyed="shared",
        checks=(
            Check("files_accepted", "No quality rule refused a ticker's newest bars."),
            Check("rows_clean", "No row was dropped from a ticker's bars."),
            Check("days_complete", "No day was blocked or warned about because too few tickers have it (Q19, Q20)."),
            Check("overrides_used", "Every override in the settings still matches a finding."),
        ),
        judge="btassets.stages.bars.bar_checks:of_bar_problems",
    ),
    Stage(
        "benchmark_closes",
        "bars",
        "Opens and closes of the benchmark, in the stocks' price basis.",
        "btassets.stages.bars.benchmark_closes:compute",
        (BENCHMARK_CLOSES,),
        reads=("sessions",),
        settings=("benchmark", "basis", "profile", "source", *_QUALITY),
        outside=("benchmark",),
        keyed="shared",
        checks=(Check("benchmark_present", "The named benchmark covers the tickers' sessions.", is_blocking=True),),
        judge="btassets.stages.bars.bar_checks:of_benchmark_closes",
    ),
)
