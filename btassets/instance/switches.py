"""Schedule and sensors of an instance: switching them on and off, like the page's switches, and their last ticks.

Belongs here: Dagster's storage of these states. Does not belong here: the list of schedule and sensors
(`btassets.defs.schedules`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.sensor_definition import SensorType
from dagster._core.remote_origin import RemoteInstigatorOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
)

from btassets.instance.runs.timeline import repository_origin
from btassets.masking import mask


@dataclass(frozen=True)
class Automation:
    """One schedule or sensor.

    Attributes
    ----------
    name
        The name on the page.
    kind
        A schedule, a sensor, or a run status sensor.
    cron
        Cron line of a schedule.
    seconds
        Interval of a sensor.
    """

    name: str
    kind: Literal["schedule", "sensor", "run_status"]
    cron: str = ""
    seconds: int = 0


@dataclass(frozen=True)
class Switch:
    """State of a schedule or sensor.

    Attributes
    ----------
    name
        The name on the page.
    is_on
        Whether it is on.
    last_tick
        Time of the last tick, UTC, None before the first.
    last_words
        Result of the last tick or the reason for skipping.
    """

    name: str
    is_on: bool
    last_tick: dt.datetime | None
    last_words: str


def turn(instance: dg.DagsterInstance, module: str, automations: Sequence[Automation], *, is_on: bool) -> None:
    """Turn automations of a code location on or off; a running daemon follows at its next tick."""
    status = InstigatorStatus.RUNNING if is_on else InstigatorStatus.STOPPED
    stored = _stored(instance, module)
    for each in automations:
        kind, data = _initial(each)
        known = stored.get(each.name)
        if known is None:
            instance.add_instigator_state(InstigatorState(_origin(module, each.name), kind, status, data))
        elif known.status != status:
            kept = known.instigator_data if kind == InstigatorType.SENSOR and known.instigator_data else data
            instance.update_instigator_state(known.with_status(status).with_data(kept))


def states(instance: dg.DagsterInstance, module: str, automations: Sequence[Automation]) -> list[Switch]:
    """State of every automation of a code location, with its last tick."""
    stored = _stored(instance, module)
    found: list[Switch] = []
    for each in automations:
        state = stored.get(each.name)
        if state is None:
            found.append(Switch(each.name, is_on=False, last_tick=None, last_words=""))
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        tick = ticks[0] if ticks else None
        at = dt.datetime.fromtimestamp(tick.timestamp, dt.UTC) if tick is not None else None
        found.append(Switch(each.name, state.is_running, at, _words(tick)))
    return found


def daemon_heard(instance: dg.DagsterInstance) -> dt.datetime | None:
    """Last heartbeat of a daemon of this instance, UTC."""
    beats = instance.get_daemon_heartbeats().values()
    return max((dt.datetime.fromtimestamp(beat.timestamp, dt.UTC) for beat in beats), default=None)


def _initial(each: Automation) -> tuple[InstigatorType, Any]:
    now = dt.datetime.now(dt.UTC).timestamp()
    if each.kind == "schedule":
        return InstigatorType.SCHEDULE, ScheduleInstigatorData(each.cron, start_timestamp=now)
    kind = SensorType.STANDARD if each.kind == "sensor" else SensorType.RUN_STATUS
    data = SensorInstigatorData(min_interval=each.seconds, last_sensor_start_timestamp=now, sensor_type=kind)
    return InstigatorType.SENSOR, data


def _origin(module: str, name: str) -> RemoteInstigatorOrigin:
    return RemoteInstigatorOrigin(repository_origin=repository_origin(module), instigator_name=name)


def _stored(instance: dg.DagsterInstance, module: str) -> dict[str, InstigatorState]:
    """States by name, of one code location only."""
    return {s.instigator_name: s for s in instance.all_instigator_state() if s.origin.location_name == module}


def _words(tick: Any) -> str:
    if tick is None:
        return ""
    if tick.error is not None:
        return mask(f"failed: {tick.error.message.strip()}")
    if tick.run_ids:
        return f"started run {', '.join(run_id[:8] for run_id in tick.run_ids)}"
    return tick.skip_reason or tick.status.value.lower()
