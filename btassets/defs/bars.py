"""Assets of the bars: `ohlcv_history` (one partition per ticker), `sessions`, `benchmark_closes`.

Belongs here: when bars are read and what their pages show. Does not belong here: reading them
(`btassets.stages`).
"""

import datetime as dt

import dagster as dg

from btassets import progress
from btassets.code_version import code_version
from btassets.defs import checks, metadata
from btassets.defs.partitions import register, tickers
from btassets.defs.resources import BookResource
from btassets.stages import ohlcv_history as stage
from btassets.stages.freshness import data_version
from btassets.stages.registry import STAGES

_STAGE = STAGES["ohlcv_history"]


@dg.asset(
    name=_STAGE.name,
    group_name=_STAGE.group,
    description=metadata.description(_STAGE.about, _STAGE.name),
    metadata=metadata.column_schema(_STAGE.name),
    owners=metadata.OWNERS,
    kinds=set(_STAGE.kinds),
    code_version=code_version(*_STAGE.code),
    partitions_def=tickers,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=checks.of_asset(_STAGE.name),
)
def ohlcv_history(context: dg.AssetExecutionContext, book: BookResource) -> dg.MaterializeResult:
    """Read the targeted tickers whose source changed; new tickers become partitions."""
    opened = book.open()
    targeted = set(context.partition_keys)
    plan = stage.plan_ingest(opened, full=book.full, only=book.only, settle_seconds=book.settle_seconds)
    register(context.instance, plan.listed)
    stale = [ticker for ticker in plan.stale if ticker in targeted]
    outcome = stage.ingest(opened, stale, lambda done, total: progress.report("bars", done, total), full=book.full)
    footers = opened.lake.ticker_footers(stage.TABLE)
    mine = {ticker: footers[ticker] for ticker in targeted if ticker in footers}
    blocked = {ticker: facts["blocked"] for ticker, facts in mine.items() if facts["blocked"]}
    dropped: dict[str, int] = {}
    for facts in mine.values():
        for rule, n in facts["dropped"].items():
            dropped[rule] = dropped.get(rule, 0) + n
    for ticker, reason in sorted(blocked.items())[:10]:
        context.log.info(f"blocked: {reason}")
    n_broken, first_broken = stage.broken_bars(opened, {ticker: mine[ticker] for ticker in outcome.changed})
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
            **{f"rows_dropped_{rule}": n for rule, n in sorted(dropped.items())},
        },
        data_version=dg.DataVersion(data_version(_STAGE.name, opened)),
        check_results=[
            checks.result("bars_sane", passed=n_broken == 0, tickers_broken=n_broken, first_broken=first_broken),
            checks.result(
                "restated_history",
                passed=not outcome.restated,
                tickers_restated=len(outcome.restated),
                first=_first_restated(outcome.restated),
            ),
        ],
    )


def _first_restated(restated: dict[str, int]) -> str | None:
    ticker = min(restated, key=str.encode, default=None)
    return None if ticker is None else f"{ticker} from {dt.date(1970, 1, 1) + dt.timedelta(days=restated[ticker])}"
