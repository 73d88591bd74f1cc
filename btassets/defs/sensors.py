"""Sensors: new bars start one run; missing sessions are reported, and so are failed runs and new facts.

Belongs here: the watched conditions, the intervals, and the shape of a requested run. Does not belong here: comparing
source and lake (`btassets.arrivals.new_bars`), messages (`btassets.defs.notifications`).
"""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from btassets.alerts.facts import Fact
from btassets.arrivals.landing import SETTLE_SECONDS
from btassets.arrivals.new_bars import NewBars, look_for_bars
from btassets.arrivals.of_book import active_tickers, bars_age
from btassets.book.book import Book
from btassets.defs import checks
from btassets.defs import notifications as hooks
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.errors import BtassetsError
from btassets.instance.dagster_home import is_home
from btassets.instance.runs.dead_runs import close_dead_runs
from btassets.instance.ticker_ranges import range_tags, register

NEW_BARS_SECONDS = 30
FRESHNESS_SECONDS = 900

_MAX_RETRIES_TAG = "dagster/max_retries"
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def automatic_run(
    instance: dg.DagsterInstance, book: Book, tickers: list[str], started_by: str, place: Placement = ALONE
) -> tuple[dict[str, str], dict[str, Any]]:
    """Tags and run config of an unattended run: over `tickers`, retried, settled files only."""
    tags = range_tags(instance, tickers, place.partitions) | {
        _MAX_RETRIES_TAG: str(book.base.schedule.retries),
        "btassets/started_by": started_by,
        "btassets/scenario": book.scenario,
        "btassets/settings_hash": book.resolved.hash,
    }
    return tags, place.config({"settle_seconds": SETTLE_SECONDS})


def run_under_way(instance: dg.DagsterInstance, home: Path, place: Placement = ALONE) -> dg.DagsterRun | None:
    """A waiting or active run of the book, None if there is none.

    Dead runs are closed first, in the book's own instance only.

    Parameters
    ----------
    home
        The book's `.dagster` folder.
    """
    if is_home(instance, home):
        close_dead_runs(instance)
    found = instance.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY), limit=1 if place.is_alone else None)
    return next((run for run in found if place.owns(run)), None)


def _tell(found: NewBars) -> str:
    parts = [f"{len(found.changed)} of {len(found.listed)} tickers have new bars"] if found.changed else []
    if found.added:
        parts.append(f"{len(found.added)} of them are new")
    if found.is_benchmark_new:
        parts.append("the benchmark has new bars")
    if found.landed:
        parts.append(f"{len(found.landed)} files have landed (first: {found.landed[0]})")
    if found.unsettled:
        parts.append(f"{len(found.unsettled)} are still being written (first: {found.unsettled[0]})")
    return ", ".join(parts) or f"nothing new for {len(found.listed)} tickers"


def _new_bars_tick(
    context: dg.SensorEvaluationContext, book: BookResource, place: Placement
) -> dg.SensorResult | dg.SkipReason:
    opened = book.open()
    try:
        found = look_for_bars(opened)
    except BtassetsError as error:
        return dg.SkipReason(str(error))
    if not found.changed and not found.is_benchmark_new and not found.landed:
        return dg.SkipReason(_tell(found))
    if context.cursor == found.marker:
        return dg.SkipReason(f"{_tell(found)}; a run for exactly these was already requested, see its page")
    busy = run_under_way(context.instance, opened.instance, place)
    if busy is not None:
        return dg.SkipReason(f"{_tell(found)}; run {busy.run_id[:8]} is active, retried at the next tick")
    register(context.instance, [*found.listed, *found.landed_tickers], place.partitions)
    # T may move with new bars, and with it every ticker's last row, so the range spans all of them, and fingerprints
    # decide which are computed.
    spanned = [*found.listed, *found.landed_tickers, *active_tickers(opened)]
    tags, config = automatic_run(context.instance, opened, spanned, "sensor new_bars", place)
    context.log.info(_tell(found))
    request = dg.RunRequest(run_key=found.marker, tags=tags, run_config=config)
    return dg.SensorResult(run_requests=[request], cursor=found.marker)


def _freshness_tick(
    context: dg.SensorEvaluationContext, book: BookResource, place: Placement
) -> dg.SensorResult | dg.SkipReason:
    opened = book.open()
    age = bars_age(opened)
    if age is None:
        return dg.SkipReason("no bars yet")
    seen = json.dumps([age.as_of, age.behind])
    if context.cursor == seen:
        return dg.SkipReason(age.text)
    told = json.loads(context.cursor)[1] if context.cursor else 0
    if age.behind > max(told, 0):
        details = {"as_of": age.as_of, "sessions": age.behind}
        fact = Fact("old_bars", f"old_bars:{age.as_of}:{age.behind}", age.text, details)
        hooks.notify(opened, fact, context.log.warning)
    evaluation = checks.evaluation(
        "bars_current", passed=age.behind == 0, place=place, sessions_behind=age.behind, as_of=age.as_of
    )
    return dg.SensorResult(asset_events=[evaluation], cursor=seen)


def build_sensors(everything: Any, place: Placement = ALONE) -> list[dg.SensorDefinition]:
    """Sensors of a book; turned on by `schedule on` or the page's switches.

    Parameters
    ----------
    everything
        Job started by new bars.
    place
        Names of the book's definitions.
    """

    @dg.sensor(
        name=place.name("new_bars"),
        job=everything,
        minimum_interval_seconds=NEW_BARS_SECONDS,
        description=(
            "New bars in the book's source start one run for the changed tickers; files still being written are "
            "left for a later tick."
        ),
    )
    @place.bind
    def new_bars(context: dg.SensorEvaluationContext, book: BookResource):
        return _new_bars_tick(context, book, place)

    @dg.sensor(
        name=place.name("freshness"),
        minimum_interval_seconds=FRESHNESS_SECONDS,
        description="Notifies when a session of the exchange has passed without bars, ignoring holidays and weekends.",
    )
    @place.bind
    def freshness(context: dg.SensorEvaluationContext, book: BookResource):
        return _freshness_tick(context, book, place)

    return [new_bars, freshness, hooks.build_failed_runs(place), hooks.build_alerts(place)]
