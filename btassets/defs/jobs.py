"""Jobs with names a trader understands.

Belongs here: which assets run together. `everything` is partitioned by ticker, so that a range of
tickers can be launched from the page; unpartitioned assets run once in it. `scenario` computes one
scenario beside the base numbers and touches no asset.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from btassets.defs.partitions import tickers
from btassets.defs.resources import BookResource
from btassets.stages.pipeline import run_scenario
from btassets.stages.registry import STAGES

_GROUPS_OF_REPLAY = ("1_bars", "2_replay")


@dg.op(description="Compute every stage of one scenario whose inputs changed.")
def analyse_scenario(context: dg.OpExecutionContext, book: BookResource) -> None:
    """Run the stages of the book's scenario in order; log what each did."""
    opened = book.open()
    outcomes = run_scenario(opened, n_threads=book.threads, log=context.log.info)
    context.add_output_metadata({"scenario": opened.scenario, "computed": sum(not o.is_cached for o in outcomes)})


@dg.job(name="scenario", description="One scenario beside the base numbers: its own rows, its own report.")
def scenario_job() -> None:
    """Analyse one scenario."""
    analyse_scenario()


def build_jobs() -> list[dg.JobDefinition | UnresolvedAssetJobDefinition]:
    """Jobs of a book."""
    replay = [s.outputs for s in STAGES.values() if s.group in _GROUPS_OF_REPLAY]
    report = STAGES["backtest_report"].outputs
    analysis = [s.outputs for s in STAGES.values() if s.group not in _GROUPS_OF_REPLAY and s.name != "backtest_report"]
    return [
        dg.define_asset_job(
            "everything",
            selection="*",
            partitions_def=tickers,
            description="Bars, replay, analysis, report: only what changed is computed.",
        ),
        dg.define_asset_job(
            "replay",
            selection=[t for ts in replay for t in ts],
            partitions_def=tickers,
            description="Bars and replay of a range of tickers.",
        ),
        dg.define_asset_job(
            "analysis",
            selection=[t for ts in analysis for t in ts],
            description="Ranks, statistics, book and advice from the replay as it stands.",
        ),
        dg.define_asset_job(
            "report",
            selection=[*report, "warehouse"],
            description="The report from the tables as they stand.",
        ),
        scenario_job,
    ]
