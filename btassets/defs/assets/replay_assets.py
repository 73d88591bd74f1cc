"""Assets of the replay: `candidates` (one partition per ticker) and `factor_signals`.

`candidates` is a graph: plan, a fixed number of shards that run in parallel if the executor allows it, a blocking
lookahead check, finish. The fan-out is static because a dynamic one loses chunks when a run is re-executed from
failure; finish compares the plan with the results anyway. Does not belong here: the replay itself
(`btassets.stages.replay.candidates`).
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from btassets import progress
from btassets.defs import checks
from btassets.defs.assets import asset_metadata as metadata
from btassets.defs.partitions import targeted
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.errors import ShardLostError
from btassets.graph.flow import STAGES
from btassets.instance.partition_metadata import of_partitions
from btassets.run.freshness import data_version, input_hash, mark_checked, unmark_checked
from btassets.run.stage_code import code_version_of
from btassets.run.tables import Tables, inputs_of
from btassets.stages.replay import candidates as stage
from btassets.stages.replay.lookahead_check import find_lookahead

_STAGE = STAGES["candidates"]


def _plan(place: Placement) -> dg.OpDefinition:
    @dg.op(
        name=place.name("plan_replay"),
        ins={name: dg.In(dg.Nothing) for name in _STAGE.reads},
        out=dg.Out(stage.ReplayPlan),
        description="Find the stale tickers among the targeted ones.",
    )
    @place.bind
    def plan_replay(context: dg.OpExecutionContext, book: BookResource) -> stage.ReplayPlan:
        """Compare fingerprints; computes nothing."""
        chosen = targeted(context, place.partitions)
        plan = stage.plan_replay(
            *inputs_of(_STAGE.name, book.open()), only=[t for t in chosen if t in book.only] if book.only else chosen
        )
        context.log.info(f"{len(plan.stale)} of {len(plan.expected)} tickers to replay")
        return plan

    return plan_replay


def _shard(place: Placement, shard: int, n_shards: int) -> dg.OpDefinition:
    @dg.op(
        name=place.name(f"replay_shard_{shard + 1}_of_{n_shards}"),
        out=dg.Out(dict),
        description="Replay this shard's stale tickers and write their buckets.",
    )
    @place.bind
    def replay_shard(context: dg.OpExecutionContext, book: BookResource, plan: stage.ReplayPlan) -> dict[str, object]:
        outcome = stage.replay_shard(
            *inputs_of(_STAGE.name, book.open()),
            plan,
            shard,
            n_shards,
            n_threads=book.threads,
            progress=lambda done, total: progress.report(f"replay {shard + 1}/{n_shards}", done, total),
        )
        for ticker, reason in sorted(outcome.failed.items()):
            context.log.error(f"{ticker}: replay failed: {reason}")
        return {"recomputed": len(outcome.recomputed), "rows": outcome.n_rows, "failed": len(outcome.failed)}

    return replay_shard


def _finish(place: Placement) -> dg.OpDefinition:
    @dg.op(
        name=place.name("finish_replay"),
        out=dg.Out(dg.Nothing),
        description="Compare the plan with the results; a missing ticker fails the run.",
    )
    @place.bind
    def finish_replay(
        context: dg.AssetExecutionContext, book: BookResource, plan: stage.ReplayPlan, shards: list[dict]
    ) -> dg.Output:
        """Fail if a planned ticker is missing."""
        opened = book.open()
        tables, _ = inputs_of(_STAGE.name, opened)
        lost, _ = stage.arrivals(tables, plan)
        if lost:
            raise ShardLostError(len(lost), lost[0])
        stage.refuse_failed_rule(tables)
        chosen = targeted(context, place.partitions)
        n_targeted = len(chosen)
        footers = opened.lake.ticker_footers(opened.candidates)
        mine = {ticker: metadata.plain(_of_ticker(footers[ticker])) for ticker in chosen if ticker in footers}
        of_partitions(context, place.key(_STAGE.name), mine)
        numbers = {
            "targeted": n_targeted,
            "recomputed": len(plan.stale),
            "cached": n_targeted - len(plan.stale),
            "rows_written": sum(shard["rows"] for shard in shards),
            "tickers_failed": len(stage.failed_tickers(tables)),
            **_cost(tables),
        }
        return dg.Output(None, metadata=numbers, data_version=dg.DataVersion(data_version("candidates", opened)))

    return finish_replay


def _cost(tables: Tables) -> dict[str, Any]:
    """Time of an own rule per as-of bar, the median over tickers; empty under the built-in one."""
    cost = stage.rule_cost(tables)
    return {} if cost is None else {"rule_us_per_bar": cost}


def _of_ticker(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of one ticker for the page of its partition."""
    return {
        "ticker_setups": facts["n_rows"],
        "ticker_failed": facts["failed"],
        "ticker_version": facts["version"],
    }


def _check(place: Placement) -> dg.OpDefinition:
    @dg.op(
        name=place.name("check_no_lookahead"),
        out=dg.Out(dg.Nothing),
        description="Replay a sample again without later bars; the setups must be identical.",
    )
    @place.bind
    def check_no_lookahead(
        context: dg.OpExecutionContext, book: BookResource, plan: stage.ReplayPlan, shards: list[dict]
    ) -> dg.AssetCheckResult:
        """Check on this run's own rows that no setup used later data; only a checked replay counts as verified."""
        del context, shards
        opened = book.open()
        tables, settings = inputs_of(_STAGE.name, opened)
        lost, is_whole = stage.arrivals(tables, plan)
        # finish_replay reports missing tickers; their old rows prove nothing.
        arrived = replace(plan, stale=[ticker for ticker in plan.stale if ticker not in lost])
        found = find_lookahead(tables, settings, arrived)
        if found.ticker is not None:
            unmark_checked("candidates", opened, found.ticker)
        elif is_whole:
            mark_checked("candidates", opened, input_hash("candidates", opened))
        return checks.result(
            "no_lookahead",
            passed=found.first_mismatch is None,
            place=place,
            dates_compared=found.n_dates,
            tickers_sampled=found.n_tickers,
            first_mismatch=found.first_mismatch,
        )

    return check_no_lookahead


def build_candidates(n_shards: int, place: Placement = ALONE) -> dg.AssetsDefinition:
    """Graph-backed asset `candidates` with a fixed number of shard steps; 0: one per core."""
    count = n_shards or os.cpu_count() or 1
    plan_replay, finish_replay, check_no_lookahead = _plan(place), _finish(place), _check(place)
    shard_ops = [_shard(place, shard, count) for shard in range(count)]
    (spec,) = checks.of_stage(_STAGE, place)

    @dg.graph_asset(
        key=place.key(_STAGE.name),
        group_name=place.name(_STAGE.group),
        description=metadata.description(_STAGE.about, _STAGE.tables[0]),
        metadata=metadata.column_schema(_STAGE.tables[0]),
        owners=metadata.OWNERS,
        kinds=set(_STAGE.kinds),
        code_version=code_version_of(_STAGE),
        partitions_def=place.tickers,
        backfill_policy=dg.BackfillPolicy.single_run(),
        ins={name: dg.AssetIn(key=place.key(name), dagster_type=dg.Nothing) for name in _STAGE.reads},
        check_specs=[spec],
    )
    def candidates(ohlcv_history, sessions, benchmark_closes):
        plan = plan_replay(ohlcv_history=ohlcv_history, sessions=sessions, benchmark_closes=benchmark_closes)
        shards = [shard(plan) for shard in shard_ops]
        return {"result": finish_replay(plan, shards), spec.get_python_identifier(): check_no_lookahead(plan, shards)}

    return candidates
