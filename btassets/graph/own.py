"""Group `own`: signals of the user's own and their proofs, and stages of the user's own.

Belongs here: the declaration of this stage and its tables. Does not belong here: their computation
(`btassets.stages.own`) and own code (`btassets.own`).
"""

from btassets.graph.bars import BARS
from btassets.graph.columns import ASOF, DAY, I16, I64, REAL, SCENARIO, TEXT, TICKER, Column, Page, TableSpec, key
from btassets.graph.stage import UNIVERSE, Check, Stage

PROVEN, GIVEN, REFUSED = "proven", "given", "refused"
"""State of an own signal: its replays agree; a file, whose values cannot be replayed; left out."""

OWN_SIGNALS = TableSpec(
    "own_signals",
    "One own signal of one ticker at one as-of date, at the rows of factor_signals; refused signals have none.",
    (
        key("signal", TEXT, "name of the own signal"),
        TICKER,
        ASOF,
        Column("value", REAL, "its value; null: none"),
    ),
)

OWN_SIGNAL_PROOFS = TableSpec(
    "own_signal_proofs",
    "One own signal: where it comes from, and whether replays of sampled rows agree with its values.",
    (
        key("signal", TEXT, "name of the own signal; of a source that cannot be loaded its own"),
        key("form", TEXT, "window, cross_section, sql or file; python: not loaded"),
        key("source", TEXT, "file of own/, or package and module"),
        Column("label", TEXT, "label in the report"),
        Column("description", TEXT, "meaning of a value"),
        Column("sign", I16, "expected sign of the rank correlation with the next returns"),
        Column("lookback", I16, "bars before the as-of bar"),
        key("content", TEXT, "hash of the idea: its code without comments and layout, or the file"),
        key("state", TEXT, "proven, given (a file: nothing to replay) or refused (left out of the study)"),
        Column("reason", TEXT, "why it is refused: file and line, ticker, date, values and their difference"),
        Column("n_values", I64, "rows with a value"),
        Column("n_missing", I64, "rows without one"),
        Column("n_tickers", I64, "tickers in the compared sample"),
        Column("n_dates", I64, "as-of dates in the compared sample"),
    ),
    page=Page(("signal", "source", "state", "reason", "n_values", "n_missing")),
)

SIGNAL_TRIALS = TableSpec(
    "signal_trials",
    "One own signal that the factor study judged: distinct content. It only grows, and counts every try.",
    (
        key("trial_no", I64, "order in which they were first judged, from 1"),
        key("signal", TEXT, "name of the own signal"),
        key("content", TEXT, "hash of the idea, as in own_signal_proofs"),
        key("scenario", TEXT, "scenario that judged it first"),
        key("last_session", DAY, "last session of the bars on which it was judged first"),
    ),
    order=("trial_no",),
)

STAGES = (
    Stage(
        "own_signals",
        "own",
        "Signals of the user's own from own/ and from packages, each with a proof that it does not look ahead.",
        "btassets.stages.own.own_signals:compute",
        (OWN_SIGNALS, OWN_SIGNAL_PROOFS),
        reads=("factor_signals", "ohlcv_history", "sessions", "benchmark_closes"),
        settings=("own.max_ticker_seconds", "own.max_query_seconds", "basis", "engine.gap_days"),
        outside=("own_sources",),
        keyed="replay",
        rereads=True,
        checks=(
            Check(
                "own_signals_proven",
                "Own signals are unchanged when later bars are removed, computed alone, or computed again.",
            ),
        ),
        judge="btassets.stages.own.own_signals:of_own_signals",
    ),
)


def own_stage(
    name: str,
    about: str,
    reads: tuple[str, ...],
    settings: tuple[str, ...],
    kinds: tuple[str, ...],
    own_code: tuple[tuple[str, str], ...],
) -> Stage:
    """Declaration of a stage of own code: one table of its name, whose columns its author decides.

    No stage writes `bars`: a stage that reads it depends on what the view is made of.
    """
    has_bars = BARS.name in reads
    if has_bars:
        reads = tuple(dict.fromkeys((*(name for name in reads if name != BARS.name), "ohlcv_history", "sessions")))
        settings = tuple(dict.fromkeys((*settings, "basis", *UNIVERSE)))
    return Stage(
        name,
        "own",
        about,
        "btassets.stages.own.own_stage:compute",
        (TableSpec(name, about, (SCENARIO,), is_free=True),),
        reads,
        ("own.max_stage_seconds", *settings),
        outside=("own_stages", "membership") if has_bars else ("own_stages",),
        checks=(Check(f"{name}_computed", "The own stage returned a table, the same one twice."),),
        judge="btassets.stages.own.own_stage:of_own_stage",
        kinds=kinds,
        own_code=own_code,
    )
