"""Jobs, named for traders.

Belongs here: which assets run together. `everything` is partitioned by ticker, so that a range of tickers can be
launched from the page; unpartitioned assets run once in it. `scenario` computes one scenario beside the base numbers
and materializes no asset.
"""

import dagster as dg

from btassets.book.book import Book, open_book, scenario_name
from btassets.defs.assets.null_market_asset import NAME as NULL_MARKET
from btassets.defs.launch_settings import Launch, changed_settings, scenario_config
from btassets.defs.partitions import tickers
from btassets.defs.resources import BookResource
from btassets.errors import UsageError
from btassets.graph.flow import STAGES
from btassets.instance.dagster_types import AssetJob
from btassets.plan import run_scenario
from btassets.settings.load import BASE_SCENARIO
from btassets.settings.models import Settings

WITHOUT_EDGE = "without_edge"
"""Job of the null market: an asset and a job cannot share a name."""

_GROUPS_OF_REPLAY = ("bars", "replay")


def build_scenario_job(settings: Settings) -> dg.JobDefinition:
    """Job that computes one scenario, with launch settings whose defaults are the book's own."""
    config_class = scenario_config(settings)

    @dg.op(description="Compute every stage of one scenario whose inputs changed.")
    def analyse_scenario(context: dg.OpExecutionContext, book: BookResource, config: config_class) -> None:  # pyright: ignore[reportInvalidTypeForm]
        """Run the stages of the scenario in order; log the outcome of each."""
        opened = _scenario_of(book, config)
        outcomes = run_scenario(opened, n_threads=book.threads, log=context.log.info)
        context.add_output_metadata({"scenario": opened.scenario, "computed": sum(not o.is_cached for o in outcomes)})

    @dg.job(
        name="scenario",
        description=(
            "Compute one scenario beside the base numbers, with its own rows and report. Change settings at launch."
        ),
    )
    def scenario() -> None:
        """Analyse one scenario."""
        analyse_scenario()

    return scenario


def _scenario_of(book: BookResource, config: Launch) -> Book:
    """Book of the launch: the scenario of the command line, else the one defined by the config."""
    opened = book.open()
    if opened.scenario != BASE_SCENARIO:
        return opened
    changed = changed_settings(config, opened.base)
    if not changed:
        raise UsageError("scenario: no setting differs from the book's own", "change one in the launch settings.")
    name = config.name or scenario_name(changed)
    return open_book(opened.folder, scenario=name, overlay=BASE_SCENARIO, overrides=changed, mends=True)


def build_jobs(settings: Settings | None = None) -> list[dg.JobDefinition | AssetJob]:
    """Jobs of a book.

    Parameters
    ----------
    settings
        The book's own settings, defaults of the launch settings of `scenario`; unset: the defaults.
    """
    replay = [s.outputs for s in STAGES.values() if s.group in _GROUPS_OF_REPLAY]
    report = STAGES["backtest_report"].outputs
    analysis = [s.outputs for s in STAGES.values() if s.group not in _GROUPS_OF_REPLAY and s.name != "backtest_report"]
    flow = dg.AssetSelection.all() - dg.AssetSelection.assets(NULL_MARKET)
    return [
        dg.define_asset_job(
            "everything",
            selection=flow,
            partitions_def=tickers,
            description="Compute bars, replay, analysis and report; skips what is up to date.",
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
            description="Compute ranks, statistics, portfolio and advice from the existing replay.",
        ),
        dg.define_asset_job(
            "report",
            selection=[*report, "warehouse"],
            description="Write the report from the existing tables.",
        ),
        dg.define_asset_job(
            "full_backfill",
            selection=flow,
            partitions_def=tickers,
            config={"resources": {"book": {"config": {"full": True}}}},
            description="Read the whole window of every ticker again, then replay exactly those whose bars changed. "
            "A re-execution after a stop continues with the remaining tickers.",
        ),
        dg.define_asset_job(
            WITHOUT_EDGE,
            selection=[NULL_MARKET, *report, "warehouse"],
            description="Run versions of this market whose edge is destroyed, then write the report with them.",
        ),
        build_scenario_job(settings or Settings()),
    ]
