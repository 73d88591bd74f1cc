"""Jobs, named for traders.

Belongs here: which assets run together. `everything` is partitioned by ticker, so that a range of tickers can be
launched from the page; unpartitioned assets run once in it. `scenario` computes one scenario beside the base numbers
and materializes no asset.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from btassets.book.book import Book, open_book, scenario_name
from btassets.book.settings_file import set_in_file
from btassets.defs.assets.null_market_asset import NAME as NULL_MARKET
from btassets.defs.launch_settings import Launch, changed_settings, scenario_config
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.errors import UsageError
from btassets.instance.dagster_types import AssetJob
from btassets.plan import run_scenario
from btassets.run.own_flow.book_flow import BUILT_IN, BookFlow
from btassets.settings.load import BASE_SCENARIO, FILE_NAME
from btassets.settings.models import Settings

WITHOUT_EDGE = "without_edge"
"""Job of the null market: an asset and a job cannot share a name."""

_GROUPS_OF_REPLAY = ("bars", "replay")


def build_scenario_job(
    settings: Settings, place: Placement = ALONE, executor: dg.ExecutorDefinition | None = None
) -> dg.JobDefinition:
    """Job that computes one scenario, with launch settings whose defaults are the book's own."""
    config_class = scenario_config(settings)

    @dg.op(name=place.name("analyse_scenario"), description="Compute every stage of one scenario whose inputs changed.")
    @place.bind
    def analyse_scenario(context: dg.OpExecutionContext, book: BookResource, config: config_class) -> None:  # pyright: ignore[reportInvalidTypeForm]
        """Run the stages of the scenario in order; log the outcome of each."""
        if config.promote:
            context.add_output_metadata({"promoted": dict(_promoted(book, config))})
            return
        opened = _scenario_of(book, config)
        outcomes = run_scenario(opened, n_threads=book.threads, log=context.log.info)
        context.add_output_metadata({"scenario": opened.scenario, "computed": sum(not o.is_cached for o in outcomes)})

    @dg.job(
        name=place.name("scenario"),
        tags=place.tags,
        executor_def=executor,
        description=(
            "Compute one scenario beside the base numbers, with its own rows and report. Change settings at launch, "
            "or promote them into btassets.toml."
        ),
    )
    def scenario() -> None:
        """Analyse one scenario."""
        analyse_scenario()

    return scenario


def _promoted(book: BookResource, config: Launch) -> dict[str, Any]:
    """Write the settings that the launch changes into the book's settings file; return them."""
    opened = book.open()
    changed = changed_settings(config, opened.base)
    if not changed:
        raise UsageError("promote: no setting differs from the book's own", "change one in the launch settings.")
    if opened.scenario != BASE_SCENARIO or config.name:
        raise UsageError("promote: changes the book's own settings", "leave the name of the scenario empty.")
    set_in_file(opened.folder / FILE_NAME, changed)
    return changed


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


def build_jobs(
    settings: Settings | None = None,
    place: Placement = ALONE,
    executor: dg.ExecutorDefinition | None = None,
    flow: BookFlow = BUILT_IN,
) -> list[dg.JobDefinition | AssetJob]:
    """Jobs of a book.

    Parameters
    ----------
    settings
        The book's own settings, defaults of the launch settings of `scenario`; unset: the defaults.
    place
        Names of the book's definitions.
    executor
        Of every job; None: the code location's.
    flow
        Stages of the book.
    """
    stages = flow.stages
    outputs = {s.name: [place.key(table) for table in s.outputs] for s in stages.values()}
    warehouse = place.key("warehouse")
    replay = [s.name for s in stages.values() if s.group in _GROUPS_OF_REPLAY]
    analysis = [name for name in stages if name not in replay and name != "backtest_report"]
    everything = [*(key for keys in outputs.values() for key in keys), warehouse]
    report = [*outputs["backtest_report"], warehouse]

    def job(name: str, keys: Sequence[dg.AssetKey], about: str, *, by_ticker: bool = False, **more: Any) -> AssetJob:
        return dg.define_asset_job(
            place.name(name),
            selection=list(keys),
            partitions_def=place.tickers if by_ticker else None,
            description=about,
            tags=place.tags,
            executor_def=executor,
            **more,
        )

    return [
        job(
            "everything",
            everything,
            "Compute bars, replay, analysis and report; skips what is up to date.",
            by_ticker=True,
        ),
        job(
            "replay",
            [key for name in replay for key in outputs[name]],
            "Bars and replay of a range of tickers.",
            by_ticker=True,
        ),
        job(
            "analysis",
            [key for name in analysis for key in outputs[name]],
            "Compute ranks, statistics, portfolio and advice from the existing replay.",
        ),
        job("report", report, "Write the report from the existing tables."),
        job(
            "full_backfill",
            everything,
            "Read the whole window of every ticker again, then replay exactly those whose bars changed. "
            "A re-execution after a stop continues with the remaining tickers.",
            by_ticker=True,
            config=place.config({"full": True}),
        ),
        job(
            WITHOUT_EDGE,
            [place.key(NULL_MARKET), *report],
            "Run versions of this market whose edge is destroyed, then write the report with them.",
        ),
        build_scenario_job(settings or Settings(), place, executor),
    ]
