"""The flow from bars to recommendation, written once.

Belongs here: every stage in order, with what it reads, which settings and sources decide its
answer, and which tables it writes. Dagster's graph, the freshness rules, the warehouse and the
documentation all read this list. Does not belong here: any computing.
"""

from dataclasses import dataclass, replace
from typing import Literal

Keyed = Literal["shared", "replay", "scenario"]


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes
    ----------
    name
        Asset key, table, module and method page alike.
    group
        Dagster group, numbered in flow order.
    reads
        Stages whose tables it reads.
    settings
        Dotted settings (or sections) that decide its answer.
    code
        Source files and folders that decide its answer: its own module and what computes for it. A module
        that carries data (`book`, `lake`) or reads back a table of another stage is none of them.
    about
        First line of its page, in plain words.
    tables
        Tables it writes; the first is the stage's own.
    keyed
        What its files are kept by: one for the book, one per replay, one per scenario.
    kinds
        Technology badges on the Dagster page.
    work
        About how many CPU seconds it takes with 6,000 tickers of ten years: of the stages that could
        start, the one with the most work behind it does.
    """

    name: str
    group: str
    reads: tuple[str, ...]
    settings: tuple[str, ...]
    code: tuple[str, ...]
    about: str
    tables: tuple[str, ...] = ()
    keyed: Keyed = "scenario"
    kinds: tuple[str, ...] = ("python",)
    work: float = 0.1

    @property
    def module(self) -> str:
        """Module that computes it, when no SQL model does."""
        return f"btassets.stages.{self.group}.{self.name}"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Tables that the stage writes."""
        return self.tables or (self.name,)


_METHOD = ("profile", "method", "gates", "costs", "exits")
"""What decides which setups count, which of them qualify, and what each earned."""

_BARS = ("btassets/stages/bars/bars_view.py", "btassets/engine/market")
"""Code that decides what stored bars say."""

_BOOKS = (
    *_BARS,
    "btassets/stages/bars/stored_inputs.py",
    "btassets/stages/portfolio/simulations.py",
    "btassets/run/trials.py",
    "btassets/engine/portfolio",
)
"""Code that walks books over stored bars."""

_STATISTICS = (
    "btassets/stages/statistics/stat_sample.py",
    "btassets/stages/statistics/betas.py",
    "btassets/stages/statistics/benchmark_moves.py",
    "btassets/stages/bars/stored_inputs.py",
    *_BARS,
    "btassets/engine/portfolio",
    "btassets/engine/cross_section",
    "btassets/engine/statistics",
    "btassets/graph/tables.py",
)
"""Code behind every statistic."""


def _model(
    name: str, reads: tuple[str, ...], settings: tuple[str, ...], about: str, group: str, work: float = 0.1
) -> Stage:
    code = (
        f"dbt_like_sql/{name}.sql",
        "btassets/run/sql_models.py",
        "btassets/run/settings_relation.py",
        "btassets/run/floor_sql.py",
    )
    return Stage(name, group, reads, settings, code, about, kinds=("sql", "duckdb"), work=work)


_LISTS = (
    "btassets/engine/compiling.py",
    "btassets/engine/conventions.py",
    "btassets/engine/curves.py",
    "btassets/engine/floors.py",
    "btassets/engine/signals.py",
)
"""What every stage behind the bars takes its names, constants and formulas from."""

STAGES: dict[str, Stage] = {
    stage.name: replace(
        stage, code=(*stage.code, "btassets/engine/days.py", *(() if stage.group == "bars" else _LISTS))
    )
    for stage in (
        Stage(
            "ohlcv_history",
            "bars",
            (),
            ("source", "demo", "universe", "calendar", "quality"),
            (
                "btassets/stages/bars/ohlcv_history.py",
                "btassets/stages/bars/reading.py",
                "btassets/stages/bars/screening.py",
                "btassets/stages/bars/bar_store.py",
                "btassets/stages/bars/restated.py",
                "btassets/stages/bars/quarantine.py",
                "btassets/stages/bars/bar_revisions.py",
                "btassets/stages/bars/quality_settings.py",
                "btassets/sources",
                "btassets/engine/conventions.py",
                "btassets/stages/bars/findings/source_notes.py",
                "btassets/engine/market",
            ),
            "Daily bars and corporate actions of every ticker, as the source printed them, checked and kept.",
            keyed="shared",
            kinds=("python", "parquet"),
        ),
        Stage(
            "sessions",
            "bars",
            ("ohlcv_history",),
            (
                "calendar",
                "universe",
                "benchmark",
                "quality.min_day_tickers",
                "quality.day_missing_warn_frac",
                "quality.day_missing_block_frac",
                "quality.day_quiet_warn_frac",
            ),
            (
                "btassets/stages/bars/sessions.py",
                "btassets/stages/bars/quality_settings.py",
                "btassets/sources/calendar/calendars.py",
                "btassets/engine/conventions.py",
                "btassets/stages/bars/findings/data_findings.py",
                "btassets/engine/market",
            ),
            "The calendar of the book: its sessions, its week ends, and T, the last session most tickers share.",
            keyed="shared",
        ),
        Stage(
            "bar_problems",
            "bars",
            ("ohlcv_history", "sessions"),
            ("universe", "benchmark", "quality"),
            (
                "btassets/stages/bars/bar_problems.py",
                "btassets/stages/bars/bar_revisions.py",
                "btassets/stages/bars/quarantine.py",
                "btassets/stages/bars/reading.py",
                "btassets/stages/bars/findings/source_notes.py",
                "btassets/stages/bars/quality_settings.py",
                "btassets/engine/conventions.py",
                "btassets/engine/market",
            ),
            "What the quality rules found in the bars, what they took out, and what sources changed about the past.",
            tables=("bar_problems", "bar_quarantine", "bar_revisions"),
            keyed="shared",
        ),
        Stage(
            "benchmark_closes",
            "bars",
            ("sessions",),
            ("benchmark", "basis", "profile", "source", "quality"),
            (
                "btassets/stages/bars/benchmark_closes.py",
                "btassets/stages/bars/quality_settings.py",
                "btassets/sources",
                "btassets/engine/conventions.py",
                "btassets/engine/market",
            ),
            "Opens and closes of the benchmark that everything is compared with, in the stocks' price basis.",
            keyed="shared",
        ),
        Stage(
            "candidates",
            "replay",
            ("ohlcv_history", "sessions", "benchmark_closes"),
            ("engine", "basis", "quality", "universe.membership"),
            (
                "btassets/stages/replay/candidates.py",
                "btassets/stages/replay/arrow_columns.py",
                *_BARS,
                "btassets/engine/features",
                "btassets/engine/setups",
                "btassets/engine/replay",
                "btassets/graph/tables.py",
            ),
            "Every setup the engine would have seen at each as-of date, and what became of it.",
            keyed="replay",
            kinds=("python", "numba"),
        ),
        Stage(
            "factor_signals",
            "replay",
            ("candidates",),
            (),
            ("btassets/stages/replay/factor_signals.py", "btassets/graph/tables.py"),
            "Eight price signals of every ticker at every week end, with the returns that followed.",
            keyed="replay",
            work=3.0,
        ),
        _model(
            "percentile_ranks",
            ("candidates", "factor_signals"),
            ("profile", "method"),
            "Who leads the universe in a week: percentile of raw, residual and activation momentum.",
            "ranking",
            6.0,
        ),
        _model(
            "graded_setups",
            ("candidates", "percentile_ranks"),
            _METHOD,
            "Every setup under the scenario's rules: percentile, each floor, qualified or not, and its result.",
            "ranking",
            14.0,
        ),
        Stage(
            "factor_ic_weekly",
            "analysis",
            ("factor_signals", "sessions"),
            ("profile", "method.ic", "method.asof_grid", "method.ended"),
            (
                "btassets/stages/analysis/factor_ic_weekly.py",
                "btassets/stages/analysis/signal_weeks.py",
                "btassets/engine/cross_section",
                "btassets/graph/tables.py",
            ),
            "How each signal sorted the universe in each week: rank correlation and spread of the fifths.",
            kinds=("python", "numba"),
            work=2.5,
        ),
        _model(
            "factor_ic",
            ("factor_ic_weekly",),
            ("profile", "method.ic"),
            "Does the ranking predict? Mean information coefficient of each signal, with its weeks.",
            "analysis",
        ),
        _model(
            "setup_group_stats",
            ("graded_setups",),
            _METHOD,
            "One pass over the graded setups: the statistics of every population, cutoff, floor and hold.",
            "analysis",
            6.5,
        ),
        _model(
            "setup_stats",
            ("setup_group_stats",),
            _METHOD,
            "Hit rate and expectancy of qualified setups against all setups, and by direction.",
            "analysis",
        ),
        _model(
            "gate_sweep",
            ("setup_group_stats",),
            _METHOD,
            "How strict should the momentum gate be? The same floors under six cutoffs.",
            "analysis",
        ),
        _model(
            "gate_ablation",
            ("setup_group_stats",),
            _METHOD,
            "Which floor earns its keep? Each one removed in turn, under both exits.",
            "analysis",
        ),
        _model(
            "time_exit_sweep",
            ("setup_group_stats",),
            _METHOD,
            "How long to hold? Fixed holds with the initial stop.",
            "analysis",
        ),
        _model(
            "calibration",
            ("graded_setups",),
            _METHOD,
            "Are the stated probabilities true? Ten bins of stated against realised.",
            "analysis",
            2.5,
        ),
        Stage(
            "model_tests",
            "analysis",
            (
                "percentile_ranks",
                "graded_setups",
                "factor_ic",
                "setup_group_stats",
                "setup_stats",
                "gate_sweep",
                "gate_ablation",
                "calibration",
            ),
            (),
            (
                "btassets/stages/analysis/model_tests.py",
                "btassets/run/sql_models.py",
                "btassets/run/settings_relation.py",
                "btassets/run/floor_sql.py",
                "dbt_like_sql/tests",
            ),
            "Do the models keep their word? Queries that must find nothing, over this run's own rows.",
            kinds=("duckdb",),
            work=2.0,
        ),
        Stage(
            "portfolio_sims",
            "portfolio",
            ("graded_setups", "percentile_ranks", "ohlcv_history", "sessions", "benchmark_closes"),
            (*_METHOD, "portfolio", "basis"),
            (
                "btassets/stages/portfolio/portfolio_sims.py",
                *_BOOKS,
                "btassets/engine/cross_section/ordering.py",
                "btassets/graph/tables.py",
            ),
            "What one capital-constrained book would have earned, against the benchmark and an equal-weight hold.",
            tables=("portfolio_sims", "strategy_variants", "equity_curves", "trades"),
            kinds=("python", "numba"),
            work=4.0,
        ),
        Stage(
            "stat_signals",
            "statistics",
            ("factor_signals", "ohlcv_history", "sessions", "benchmark_closes"),
            ("profile", "method.asof_grid", "method.ended", "statistics.groups", "basis"),
            (
                "btassets/stages/statistics/stat_signals.py",
                "btassets/stages/analysis/signal_weeks.py",
                "btassets/book/group_file.py",
                *_STATISTICS,
            ),
            "Does a signal sort returns? Every signal over six horizons, with intervals, decay and turnover.",
            kinds=("python", "numba"),
            work=6.5,
        ),
        Stage(
            "stat_groups",
            "statistics",
            ("graded_setups", "factor_signals", "ohlcv_history", "sessions", "benchmark_closes"),
            _METHOD,
            (
                "btassets/stages/statistics/stat_groups.py",
                "btassets/stages/statistics/list_rank.py",
                "btassets/stages/analysis/signal_weeks.py",
                "btassets/stages/statistics/stat_health.py",
                *_STATISTICS,
            ),
            "How sure is a mean R? Every group of setups with its interval, and paired comparisons.",
            tables=("stat_groups", "stat_pairs", "stat_health"),
            work=5.5,
        ),
        Stage(
            "stat_calibration",
            "statistics",
            ("graded_setups",),
            _METHOD,
            ("btassets/stages/statistics/stat_calibration.py", *_STATISTICS),
            "Are the stated probabilities true, beyond noise? Bins as one family, Brier score and skill.",
            work=3.5,
        ),
        Stage(
            "stat_portfolio",
            "statistics",
            # The book's own runs enter the ledger of trials before they are counted.
            ("portfolio_sims", "graded_setups", "percentile_ranks", "ohlcv_history", "sessions", "benchmark_closes"),
            (*_METHOD, "portfolio", "basis"),
            (
                "btassets/stages/statistics/stat_portfolio.py",
                "btassets/stages/portfolio/simulation_inputs.py",
                "btassets/stages/statistics/walk_forward_portfolio.py",
                *_STATISTICS,
                *(path for path in _BOOKS if path not in _STATISTICS),
            ),
            "What is the book worth against the market, chance, the search for it, and its own path?",
            tables=("stat_portfolio", "stat_overfit", "wf_windows", "wf_equity"),
            kinds=("python", "numba"),
            work=13.0,
        ),
        Stage(
            "recommendation",
            "advice",
            (
                "setup_stats",
                "gate_sweep",
                "gate_ablation",
                "time_exit_sweep",
                "portfolio_sims",
                "factor_ic",
            ),
            _METHOD,
            (
                "btassets/stages/advice/recommendation.py",
                "btassets/stages/advice/report_inputs.py",
                "btassets/stages/advice/report_numbers.py",
                "btassets/engine/recommendation",
            ),
            "What should change, by transparent rules on this run's numbers.",
            tables=("recommendation", "research_recommendation"),
        ),
        Stage(
            "stat_claims",
            "advice",
            ("recommendation", "stat_signals", "stat_groups", "stat_portfolio", "sessions"),
            ("method.gapped_target",),
            (
                "btassets/stages/advice/stat_claims.py",
                "btassets/run/verdict_history.py",
                "btassets/engine/recommendation",
                *_STATISTICS,
            ),
            "How sure is the advice? A verdict on every item, with its evidence.",
        ),
        Stage(
            "todays_setups",
            "advice",
            ("candidates", "percentile_ranks", "sessions", "ohlcv_history"),
            (*_METHOD, "portfolio", "basis", "engine.gap_days"),
            (
                "btassets/stages/advice/todays_setups.py",
                "btassets/run/floor_sql.py",
                *_BARS,
                "btassets/engine/cross_section",
                "btassets/engine/features",
                "btassets/engine/setups",
            ),
            "What qualifies at the last session, why, and the nearest misses.",
            work=2.5,
        ),
        Stage(
            "backtest_report",
            "report",
            (
                "ohlcv_history",
                "sessions",
                "bar_problems",
                "benchmark_closes",
                "candidates",
                "percentile_ranks",
                "graded_setups",
                "setup_stats",
                "gate_sweep",
                "gate_ablation",
                "time_exit_sweep",
                "calibration",
                "factor_ic",
                "model_tests",
                "portfolio_sims",
                "stat_signals",
                "stat_groups",
                "stat_calibration",
                "stat_portfolio",
                "recommendation",
                "stat_claims",
                "todays_setups",
            ),
            ("",),
            ("btassets/stages", "btassets/engine", "btassets/render", "btassets/render/page.css"),
            "All of it on one page: report.html, report.json and report.md.",
            kinds=("html", "json"),
            work=0.5,
        ),
    )
}

PARTITIONED = ("ohlcv_history", "candidates")
"""Stages partitioned by ticker; every other one is whole."""

STAGE_OF_TABLE: dict[str, Stage] = {table: stage for stage in STAGES.values() for table in stage.outputs}


def downstream(names: set[str]) -> set[str]:
    """`names` and every stage that reads one of them, directly or not."""
    reached = set(names)
    for stage in STAGES.values():
        if reached & set(stage.reads):
            reached.add(stage.name)
    return reached
