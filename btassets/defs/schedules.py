"""Schedules: one run a day after the exchange's session, none on holidays, and the nightly null market.

Belongs here: when the daily run starts and whether it has work; the schedules and sensors of a book. Does not belong
here: the work of a run, how an instance stores their switches (`btassets.instance.switches`).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg

from btassets.arrivals.landing import landed_tickers, look_for_landed
from btassets.arrivals.of_book import active_tickers
from btassets.book.book import Book
from btassets.defs.assets.null_market_asset import NAME as NULL_MARKET
from btassets.defs.jobs import WITHOUT_EDGE
from btassets.defs.notifications import ALERTS_SECONDS
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.defs.sensors import FRESHNESS_SECONDS, NEW_BARS_SECONDS, automatic_run, run_under_way
from btassets.errors import BtassetsError
from btassets.instance.switches import Automation, Switch, states, turn
from btassets.instance.ticker_ranges import register
from btassets.plan import make_plan
from btassets.run.null_versions import null_versions
from btassets.sources.calendar.exchange_hours import ExchangeHours, exchange_hours

DAILY, NIGHTLY = "daily", "nightly"
MODULE = "btassets.definitions"

_DAY = dt.timedelta(hours=24)
_FAILED_RUNS_SECONDS = 30


def cron_of(time: str) -> str:
    """Cron line of a daily time.

    >>> cron_of("18:05")
    '5 18 * * *'
    """
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)} * * *"


def closed_session(hours: ExchangeHours, now: dt.datetime) -> dt.date | None:
    """Session that closed within the 24 hours before `now`; None after a holiday or weekend."""
    last = hours.last_closed(now)
    return last if last is not None and now - hours.closes[last] < _DAY else None


def _daily_tick(
    context: dg.ScheduleEvaluationContext, book: BookResource, place: Placement
) -> dg.RunRequest | dg.SkipReason:
    opened = book.open()
    now = context.scheduled_execution_time
    hours = exchange_hours(opened.lake, opened.base.calendar, now)
    session = closed_session(hours, now)
    if session is None:
        return dg.SkipReason(f"no session of {hours.code} closed in the last 24 hours: a holiday or a weekend")
    busy = run_under_way(context.instance, opened.instance, place)
    if busy is not None:
        return dg.SkipReason(f"run {busy.run_id[:8]} is active and includes the new bars")
    try:
        plan = make_plan(opened)
    except BtassetsError as error:
        return dg.SkipReason(str(error))
    landed = look_for_landed(opened)
    if not plan.stages and not landed.ready:
        return dg.SkipReason(f"nothing changed since the last run (session {session})")
    names = [*plan.ingest.listed, *landed_tickers(opened, landed)]
    register(context.instance, names, place.partitions)
    spanned = [*names, *active_tickers(opened)]
    tags, config = automatic_run(context.instance, opened, spanned, f"schedule {DAILY}", place)
    return dg.RunRequest(run_key=f"{DAILY}-{session}-{now:%H%M}", tags=tags, run_config=config)


def _nightly_tick(
    context: dg.ScheduleEvaluationContext, book: BookResource, place: Placement
) -> dg.RunRequest | dg.SkipReason:
    opened = book.open()
    n_versions = opened.base.schedule.nightly_versions
    if not n_versions:
        return dg.SkipReason("schedule.nightly_versions is 0: no null market")
    if opened.lake.footer("stat_claims", opened.scenario) is None:
        return dg.SkipReason("the book was never run")
    busy = run_under_way(context.instance, opened.instance, place)
    if busy is not None:
        return dg.SkipReason(f"run {busy.run_id[:8]} is active")
    found = null_versions(opened)
    if found is not None and found.is_current and len(found.numbers) >= n_versions:
        return dg.SkipReason(f"{n_versions} versions of this market exist")
    step = place.key(NULL_MARKET).to_python_identifier()
    config = {"ops": {step: {"config": {"versions": n_versions}}}}
    return dg.RunRequest(run_key=f"{NIGHTLY}-{context.scheduled_execution_time:%Y%m%d-%H%M}", run_config=config)


def build_schedules(jobs: Sequence[Any], book: Book, place: Placement = ALONE) -> list[dg.ScheduleDefinition]:
    """Schedules of a book, in the time zone of its exchange.

    Parameters
    ----------
    jobs
        Jobs of the book.
    book
        Its settings give the times and the calendar.
    place
        Names of the book's definitions.
    """
    by_name = {job.name: job for job in jobs}
    hours = exchange_hours(book.lake, book.base.calendar, dt.datetime.now(dt.UTC))

    @dg.schedule(
        name=place.name(DAILY),
        job=by_name[place.name("everything")],
        cron_schedule=cron_of(book.base.schedule.time),
        execution_timezone=hours.zone,
        description=f"Daily at {book.base.schedule.time} ({hours.zone}) when a session of {hours.code} has closed.",
    )
    @place.bind
    def daily(context: dg.ScheduleEvaluationContext, book: BookResource):
        return _daily_tick(context, book, place)

    @dg.schedule(
        name=place.name(NIGHTLY),
        job=by_name[place.name(WITHOUT_EDGE)],
        cron_schedule=cron_of(book.base.schedule.nightly_time),
        execution_timezone=hours.zone,
        description=f"Nightly at {book.base.schedule.nightly_time} ({hours.zone}): schedule.nightly_versions versions "
        "of this market without an edge, if bars, settings or code changed.",
    )
    @place.bind
    def nightly(context: dg.ScheduleEvaluationContext, book: BookResource):
        return _nightly_tick(context, book, place)

    return [daily, nightly]


def automations(book: Book) -> list[Automation]:
    """Names of the schedule and sensors of a book, as used by the switches."""
    return [
        Automation(DAILY, "schedule", cron=cron_of(book.base.schedule.time)),
        Automation(NIGHTLY, "schedule", cron=cron_of(book.base.schedule.nightly_time)),
        Automation("new_bars", "sensor", seconds=NEW_BARS_SECONDS),
        Automation("freshness", "sensor", seconds=FRESHNESS_SECONDS),
        Automation("failed_runs", "run_status", seconds=_FAILED_RUNS_SECONDS),
        Automation("alerts", "sensor", seconds=ALERTS_SECONDS),
    ]


def switch(instance: dg.DagsterInstance, book: Book, *, is_on: bool) -> None:
    """Turn schedule and sensors on or off; a running daemon follows at its next tick."""
    turn(instance, MODULE, automations(book), is_on=is_on)


def switches(instance: dg.DagsterInstance, book: Book) -> list[Switch]:
    """State of the schedule and of every sensor, with their last ticks."""
    return states(instance, MODULE, automations(book))
