"""Schedule: one run a day after the exchange's session, none on holidays.

Belongs here: when the daily run starts and whether it has anything to do; switching schedule and
sensors on and off in a book's instance, as the page's switches do. Does not belong here: what a run
computes.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.sensor_definition import SensorType
from dagster._core.remote_origin import RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
)
from dagster._core.workspace.load_target import ModuleTarget

from btassets.arrivals.landing import landed_tickers, look_for_landed
from btassets.arrivals.of_book import active_tickers
from btassets.book.book import Book
from btassets.defs.resources import BookResource
from btassets.defs.sensors import FRESHNESS_SECONDS, NEW_BARS_SECONDS, automatic_run, run_under_way
from btassets.errors import BtassetsError
from btassets.instance.ticker_ranges import register
from btassets.plan import make_plan
from btassets.sources.calendar.exchange_hours import ExchangeHours, exchange_hours

DAILY = "daily"
MODULE = "btassets.definitions"

_DAY = dt.timedelta(hours=24)


def cron_of(time: str) -> str:
    """Cron line of a daily time.

    >>> cron_of("18:05")
    '5 18 * * *'
    """
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)} * * *"


def closed_session(hours: ExchangeHours, now: dt.datetime) -> dt.date | None:
    """Session that closed within the 24 hours before `now`; None on what follows a holiday or weekend."""
    last = hours.last_closed(now)
    return last if last is not None and now - hours.closes[last] < _DAY else None


def _daily_tick(context: dg.ScheduleEvaluationContext, book: BookResource) -> dg.RunRequest | dg.SkipReason:
    opened = book.open()
    now = context.scheduled_execution_time
    hours = exchange_hours(opened.lake, opened.base.calendar, now)
    session = closed_session(hours, now)
    if session is None:
        return dg.SkipReason(f"no session of {hours.code} closed in the last 24 hours: a holiday or a weekend")
    busy = run_under_way(context.instance)
    if busy is not None:
        return dg.SkipReason(f"run {busy.run_id[:8]} is under way; it takes what is new")
    try:
        plan = make_plan(opened)
    except BtassetsError as error:
        return dg.SkipReason(str(error))
    landed = look_for_landed(opened)
    if not plan.stages and not landed.ready:
        return dg.SkipReason(f"nothing changed since the last run (session {session})")
    names = [*plan.ingest.listed, *landed_tickers(opened, landed)]
    register(context.instance, names)
    spanned = [*names, *active_tickers(opened)]
    tags, config = automatic_run(context.instance, opened, spanned, f"schedule {DAILY}")
    return dg.RunRequest(run_key=f"{DAILY}-{session}-{now:%H%M}", tags=tags, run_config=config)


def build_schedules(everything: Any, book: Book) -> list[dg.ScheduleDefinition]:
    """Schedule of a book, in the time zone of its exchange.

    Parameters
    ----------
    everything
        Job that it runs.
    book
        Its settings say at what time and on which calendar.
    """
    hours = exchange_hours(book.lake, book.base.calendar, dt.datetime.now(dt.UTC))

    @dg.schedule(
        name=DAILY,
        job=everything,
        cron_schedule=cron_of(book.base.schedule.time),
        execution_timezone=hours.zone,
        description=f"Daily at {book.base.schedule.time} ({hours.zone}) when a session of {hours.code} has closed.",
    )
    def daily(context: dg.ScheduleEvaluationContext, book: BookResource):
        return _daily_tick(context, book)

    return [daily]


@dataclass(frozen=True)
class Switch:
    """State of the schedule or of one sensor.

    Attributes
    ----------
    name
        As on the page.
    is_on
        Whether the daemon looks at it.
    last_tick
        Time of the last tick, UTC, None before the first.
    last_words
        What the last tick did or why it did nothing.
    """

    name: str
    is_on: bool
    last_tick: dt.datetime | None
    last_words: str


def _initial(book: Book) -> dict[str, tuple[InstigatorType, Any]]:
    now = dt.datetime.now(dt.UTC).timestamp()

    def sensor(seconds: int, kind: SensorType) -> tuple[InstigatorType, SensorInstigatorData]:
        data = SensorInstigatorData(min_interval=seconds, last_sensor_start_timestamp=now, sensor_type=kind)
        return InstigatorType.SENSOR, data

    cron = cron_of(book.base.schedule.time)
    return {
        DAILY: (InstigatorType.SCHEDULE, ScheduleInstigatorData(cron, start_timestamp=now)),
        "new_bars": sensor(NEW_BARS_SECONDS, SensorType.STANDARD),
        "freshness": sensor(FRESHNESS_SECONDS, SensorType.STANDARD),
        "failed_runs": sensor(30, SensorType.RUN_STATUS),
    }


def _origin(name: str) -> RemoteInstigatorOrigin:
    location = ModuleTarget(MODULE, None, None, None).create_origins()[0]
    return RemoteInstigatorOrigin(
        repository_origin=RemoteRepositoryOrigin(location, "__repository__"), instigator_name=name
    )


def switch(instance: dg.DagsterInstance, book: Book, *, is_on: bool) -> None:
    """Turn schedule and sensors on or off; a daemon that runs follows at its next look."""
    status = InstigatorStatus.RUNNING if is_on else InstigatorStatus.STOPPED
    stored = _stored(instance)
    for name, (kind, data) in _initial(book).items():
        origin = _origin(name)
        known = stored.get(name)
        if known is None:
            instance.add_instigator_state(InstigatorState(origin, kind, status, data))
        elif known.status != status:
            kept = known.instigator_data if kind == InstigatorType.SENSOR and known.instigator_data else data
            instance.update_instigator_state(known.with_status(status).with_data(kept))


def _stored(instance: dg.DagsterInstance) -> dict[str, InstigatorState]:
    """States by name, of this project's code location only."""
    return {s.instigator_name: s for s in instance.all_instigator_state() if s.origin.location_name == MODULE}


def switches(instance: dg.DagsterInstance, book: Book) -> list[Switch]:
    """State of the schedule and of every sensor, with their last ticks."""
    stored = _stored(instance)
    found: list[Switch] = []
    for name in _initial(book):
        state = stored.get(name)
        if state is None:
            found.append(Switch(name, is_on=False, last_tick=None, last_words=""))
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        tick = ticks[0] if ticks else None
        at = dt.datetime.fromtimestamp(tick.timestamp, dt.UTC) if tick is not None else None
        found.append(Switch(name, state.is_running, at, _words(tick)))
    return found


def _words(tick: Any) -> str:
    if tick is None:
        return ""
    if tick.error is not None:
        return f"failed: {tick.error.message.strip()}"
    if tick.run_ids:
        return f"started run {', '.join(run_id[:8] for run_id in tick.run_ids)}"
    return tick.skip_reason or tick.status.value.lower()


def daemon_heard(instance: dg.DagsterInstance) -> dt.datetime | None:
    """When a daemon of this instance last gave a sign of life, UTC."""
    beats = instance.get_daemon_heartbeats().values()
    return max((dt.datetime.fromtimestamp(beat.timestamp, dt.UTC) for beat in beats), default=None)
