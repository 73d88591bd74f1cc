"""Group `report`: all results on one page.

Belongs here: the declaration of this stage and its table. Does not belong here: content (`btassets.stages.report`) and
layout (`btassets.render`) of the report.
"""

from btassets.graph.columns import (
    DAY,
    SCENARIO,
    TEXT,
    Column,
    Page,
    TableSpec,
)
from btassets.graph.ranking import ranks_own_signals
from btassets.graph.stage import EVERYTHING, Check, Stage

BACKTEST_REPORT = TableSpec(
    "backtest_report",
    "The report of a scenario: its folder and headline.",
    (
        SCENARIO,
        Column("as_of", DAY, "T"),
        Column("folder", TEXT, "folder of the report, relative to the book"),
        Column("headline", TEXT, "first sentence of the report"),
        Column("settings_hash", TEXT, "hash of the resolved settings"),
    ),
    page=Page(has_report=True),
)

STAGES = (
    Stage(
        "backtest_report",
        "report",
        "All results on one page: report.html, report.json and report.md.",
        "btassets.stages.report.backtest_report:compute",
        (BACKTEST_REPORT,),
        reads=(
            "ohlcv_history",
            "candidates",
            "sessions",
            "bar_problems",
            "bar_revisions",
            "benchmark_closes",
            "percentile_ranks",
            "graded_setups",
            "setup_stats",
            "gate_sweep",
            "gate_ablation",
            "time_exit_sweep",
            "setup_group_stats",
            "calibration",
            "factor_signals",
            "factor_ic_weekly",
            "factor_ic",
            "model_tests",
            "portfolio_sims",
            "strategy_variants",
            "equity_curves",
            "trades",
            "own_signals",
            "own_signal_proofs",
            "stat_signals",
            "stat_groups",
            "stat_pairs",
            "stat_health",
            "stat_calibration",
            "stat_portfolio",
            "stat_overfit",
            "wf_windows",
            "wf_equity",
            "recommendation",
            "research_recommendation",
            "stat_claims",
            "todays_setups",
            "todays_targets",
            "journal",
            "journal_results",
            "journal_verdict",
        ),
        settings=EVERYTHING,
        outside=("membership", "null_versions"),
        writes=("report",),
        checks=(Check("survivorship_unknown", "Universe membership is known at each date."),),
        judge="btassets.stages.report.report_checks:of_backtest_report",
        reads_if=(("own_signals", ranks_own_signals),),
        resources=("btassets/render/page.css",),
        kinds=("html", "json"),
        work=0.5,
    ),
)
