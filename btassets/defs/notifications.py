"""Alerts that leave from the page: after runs, for failed runs, and what only a sensor knows.

Belongs here: the sensors of alerts, and passing a sensor's own fact on. Does not belong here: forms, ledger and
delivery (`btassets.alerts`), when runs start (`sensors.py`, `schedules.py`).
"""

from collections.abc import Callable, Sequence

import dagster as dg

from btassets.alerts.facts import Fact, book_facts, facts_marker
from btassets.alerts.ledger import SENT
from btassets.alerts.sending import Outcome, Sender, has_pending, new_facts, rules_of, send_facts
from btassets.book.book import Book
from btassets.defs.failures import read_failure
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource

ALERTS_SECONDS = 60

_BUDGET_S = 40.0
"""Dagster ends a tick after 60 seconds; the remaining facts are sent at the next one."""

_WILL_RETRY_TAG = "dagster/will_retry"


def notify(book: Book, fact: Fact, log: Callable[[str], object]) -> None:
    """Send one fact to every rule that wants its kind; a failure is logged to `log` and stops nothing."""
    _log_failures(send_facts(book, [fact], Sender(budget_s=_BUDGET_S)), log)


def _log_failures(outcomes: Sequence[Outcome], log: Callable[[str], object]) -> None:
    for outcome in outcomes:
        if outcome.event != SENT:
            log(outcome.text)


def _alerts_tick(
    context: dg.SensorEvaluationContext, book: BookResource, place: Placement
) -> dg.SensorResult | dg.SkipReason:
    opened = book.open()
    if not opened.base.alerts:
        return dg.SkipReason("no [[alerts]] in the settings")
    marker = facts_marker(opened)
    is_pending = has_pending(opened)
    if context.cursor == marker and not is_pending:
        return dg.SkipReason("nothing new since the last tick")
    # A run replaces one table after the other: its facts are read once it has ended.
    started = context.instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    active = [run for run in started if place.owns(run)]
    if active:
        return dg.SkipReason(f"run {active[0].run_id[:8]} is active")
    kinds = {kind for rule in rules_of(opened) for kind in rule.facts}
    facts = book_facts(opened, kinds)
    sender = Sender(budget_s=_BUDGET_S)
    outcomes = send_facts(opened, facts, sender)
    for outcome in outcomes:
        context.log.info(outcome.text)
    _log_failures(outcomes, context.log.warning)
    is_left = any(new_facts(opened, facts, sender.now()).values())
    texts = "; ".join(outcome.text for outcome in outcomes) or "nothing new to send"
    return dg.SensorResult(skip_reason=texts, cursor=context.cursor if is_left else marker)


def build_alerts(place: Placement = ALONE) -> dg.SensorDefinition:
    """Sensor that sends the facts of the book's tables once a run has ended."""

    @dg.sensor(
        name=place.name("alerts"),
        minimum_interval_seconds=ALERTS_SECONDS,
        description="Sends each new fact (qualifying setup, due exit, refused ticker, changed verdict) once to the "
        "destinations of [[alerts]], and repeats failed sends.",
    )
    @place.bind
    def alerts(context: dg.SensorEvaluationContext, book: BookResource):
        return _alerts_tick(context, book, place)

    return alerts


def build_failed_runs(place: Placement = ALONE) -> dg.SensorDefinition:
    """Sensor that reports every failed run that will not be retried."""

    @dg.run_failure_sensor(
        name=place.name("failed_runs"),
        monitor_all_code_locations=False,
        description="Sends an alert when a run failed and will not be retried.",
    )
    @place.bind
    def failed_runs(context: dg.RunFailureSensorContext, book: BookResource):
        run = context.dagster_run
        if not place.owns(run):
            return dg.SkipReason(f"run {run.run_id[:8]} is not of this book")
        if run.tags.get(_WILL_RETRY_TAG) == "true":
            return dg.SkipReason(f"run {run.run_id[:8]} will be retried")
        opened = book.open()
        if not any("run" in rule.facts for rule in rules_of(opened)):
            return dg.SkipReason("no rule of [[alerts]] wants failed runs, and schedule.webhook is not set")
        failure = read_failure(context.instance, run.run_id)
        text = f"run {run.run_id[:8]} of {run.job_name} failed: {failure.text}"
        details = {
            "kind": "failed_run",
            "run_id": run.run_id,
            "job": run.job_name,
            "exit_code": failure.exit_code,
            "started_by": run.tags.get("btassets/started_by"),
        }
        notify(opened, Fact("run", f"run:{run.run_id}", text, details), context.log.warning)
        return None

    return failed_runs
