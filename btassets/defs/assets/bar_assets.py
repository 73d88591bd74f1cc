"""Assets of the bars: `ohlcv_history` (one partition per ticker), `sessions`, `benchmark_closes`.

Belongs here: when bars are read and the content of their pages. Does not belong here: reading them (`btassets.stages`).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dagster as dg

from btassets import progress
from btassets.arrivals.full_backfill import FullBackfill
from btassets.arrivals.landing import take_landed
from btassets.arrivals.of_book import keep_refusals
from btassets.defs import checks
from btassets.defs.assets import asset_metadata as metadata
from btassets.defs.partitions import targeted as targeted_tickers
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.engine.days import EPOCH
from btassets.graph.flow import STAGES
from btassets.instance.partition_metadata import of_partitions
from btassets.instance.ticker_ranges import register
from btassets.run.freshness import data_version, note_inputs
from btassets.run.stage_code import code_version_of
from btassets.run.tables import inputs_of
from btassets.stages.bars import ohlcv_history as stage
from btassets.stages.bars.bar_store import TABLE, broken_bars

_STAGE = STAGES["ohlcv_history"]

FULL_TAG = "btassets/full_read"
"""Run tag that names a full read, so that another run can resume it."""


def build_ohlcv_history(place: Placement = ALONE) -> dg.AssetsDefinition:
    """The asset."""

    @dg.asset(
        name=_STAGE.name,
        key_prefix=place.prefix or None,
        group_name=place.name(_STAGE.group),
        description=metadata.description(_STAGE.about, _STAGE.tables[0]),
        metadata=metadata.column_schema(_STAGE.tables[0]),
        owners=metadata.OWNERS,
        kinds=set(_STAGE.kinds),
        code_version=code_version_of(_STAGE),
        partitions_def=place.tickers,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=checks.of_stage(_STAGE, place),
    )
    @place.bind
    def ohlcv_history(context: dg.AssetExecutionContext, book: BookResource) -> dg.MaterializeResult:
        """Read the targeted tickers whose source changed; new tickers become partitions."""
        return _materialize(context, book, place)

    return ohlcv_history


def _materialize(context: dg.AssetExecutionContext, book: BookResource, place: Placement) -> dg.MaterializeResult:
    opened = book.open()
    landed = take_landed(opened)
    for name, reason in landed.refused.items():
        context.log.info(f"landing/{name} stays: {reason}")
    tables, settings = inputs_of(_STAGE.name, opened)
    plan = stage.plan_ingest(tables, settings, full=book.full, only=book.only, settle_seconds=book.settle_seconds)
    register(context.instance, plan.listed, place.partitions)
    targeted = set(targeted_tickers(context, place.partitions))
    stale = [ticker for ticker in plan.stale if ticker in targeted]
    outcome = _ingest(context, book, stale)
    keep_refusals(opened)
    if len(stale) == len(plan.stale) and not book.only:
        note_inputs(_STAGE.name, opened)
    footers = opened.lake.ticker_footers(TABLE)
    mine = {ticker: footers[ticker] for ticker in targeted if ticker in footers}
    blocked = {ticker: facts["blocked"] for ticker, facts in mine.items() if facts["blocked"]}
    dropped: dict[str, int] = {}
    for facts in mine.values():
        for rule, n in facts["dropped"].items():
            dropped[rule] = dropped.get(rule, 0) + n
    for _, reason in sorted(blocked.items())[:10]:
        context.log.info(f"blocked: {reason}")
    shown = {ticker: metadata.plain(_of_ticker(facts)) for ticker, facts in mine.items()}
    of_partitions(context, place.key(_STAGE.name), shown)
    n_broken, first_broken = broken_bars(tables.bucketed(TABLE), {ticker: mine[ticker] for ticker in outcome.changed})
    return dg.MaterializeResult(
        metadata={
            "targeted": len(targeted),
            "recomputed": outcome.n_read,
            "cached": len(targeted) - outcome.n_read,
            "changed": len(outcome.changed),
            "bars_new": outcome.n_bars_new,
            "tickers_ok": len(mine) - len(blocked),
            "tickers_blocked": len(blocked),
            "tickers_unsettled": len(plan.unsettled),
            "landed_files": landed.n_files,
            "landed_files_refused": len(landed.refused),
            **({"first_file_refused": next(iter(landed.refused.values()))} if landed.refused else {}),
            **{f"rows_dropped_{rule}": n for rule, n in sorted(dropped.items())},
        },
        data_version=dg.DataVersion(data_version(_STAGE.name, opened)),
        check_results=[
            checks.result(
                "bars_sane", passed=n_broken == 0, place=place, tickers_broken=n_broken, first_broken=first_broken
            ),
            checks.result(
                "restated_history",
                passed=not outcome.restated,
                place=place,
                tickers_restated=len(outcome.restated),
                first=_first_restated(outcome.restated),
            ),
        ],
    )


def _of_ticker(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of one ticker for the page of its partition; the others are of the whole run."""
    has_bars = facts["n_rows"] > 0
    return {
        "ticker_bars": facts["n_rows"],
        "ticker_first_bar": str(EPOCH + dt.timedelta(days=facts["first"])) if has_bars else None,
        "ticker_last_bar": str(EPOCH + dt.timedelta(days=facts["last"])) if has_bars else None,
        "ticker_findings": len(facts["problems"]),
        "ticker_rows_dropped": sum(facts["dropped"].values()),
        "ticker_blocked": facts["blocked"],
        "ticker_version": facts["version"],
    }


def _ingest(context: dg.AssetExecutionContext, book: BookResource, stale: list[str]) -> stage.IngestOutcome:
    """Read stale tickers; a full read skips those done before it was stopped."""
    opened = book.open()

    def show(done: int, total: int) -> None:
        progress.report("bars", done, total)

    if not book.full or book.only:
        return stage.ingest(*inputs_of(_STAGE.name, opened), stale, show, full=book.full)
    again = FullBackfill(opened, context.run.tags.get(FULL_TAG) or context.run.root_run_id or context.run.run_id)
    left = again.remaining(stale)
    if len(left) < len(stale):
        context.log.info(
            f"{len(stale) - len(left)} of {len(stale)} tickers were read again before this run was stopped"
        )
    outcome = stage.ingest(*inputs_of(_STAGE.name, opened), left, show, again.note, full=True)
    again.finish()
    return outcome


def _first_restated(restated: dict[str, int]) -> str | None:
    ticker = min(restated, key=str.encode, default=None)
    return None if ticker is None else f"{ticker} from {EPOCH + dt.timedelta(days=restated[ticker])}"
