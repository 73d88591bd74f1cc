"""Messages to the operator of a book: a JSON POST to the webhook of the settings.

Belongs here: the messages, and the sensor for failed runs. Does not belong here: when runs start (`sensors.py`,
`schedules.py`).
"""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import dagster as dg

from btassets.book.book import Book
from btassets.defs.failures import read_failure
from btassets.defs.resources import BookResource

_TIMEOUT_SECONDS = 10.0
_WILL_RETRY_TAG = "dagster/will_retry"


def post(book: Book, text: str, *, kind: str, log: Callable[[str], object], **facts: Any) -> bool:
    """Send a message to `schedule.webhook`; return whether it was accepted.

    The body has `text` (and the same as `content`, read by some chat services), `kind`, `book` and the facts. A missing
    or unreachable webhook is logged to `log` and stops nothing.
    """
    url = book.base.schedule.webhook
    if not url:
        return False
    message = f"btassets {book.folder.name}: {text}"
    body = {"text": message, "content": message, "kind": kind, "book": book.folder.name, **facts}
    request = urllib.request.Request(  # noqa: S310  (the settings admit http and https only)
        url, json.dumps(body).encode(), {"Content-Type": "application/json", "User-Agent": "btassets"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            return 200 <= answer.status < 300
    except OSError as error:
        # The URL may hold a token, so only the reason is logged.
        log(f"schedule.webhook rejected the message ({getattr(error, 'reason', error)}): {text}")
        return False


def build_failed_runs() -> dg.SensorDefinition:
    """Sensor that notifies the webhook of every failed run that will not be retried."""

    @dg.run_failure_sensor(
        name="failed_runs",
        monitor_all_code_locations=False,
        description="Sends a message to schedule.webhook when a run failed and will not be retried.",
    )
    def failed_runs(context: dg.RunFailureSensorContext, book: BookResource):
        run = context.dagster_run
        if run.tags.get(_WILL_RETRY_TAG) == "true":
            return dg.SkipReason(f"run {run.run_id[:8]} will be retried")
        opened = book.open()
        if not opened.base.schedule.webhook:
            return dg.SkipReason("no schedule.webhook in the settings")
        failure = read_failure(context.instance, run.run_id)
        text = f"run {run.run_id[:8]} of {run.job_name} failed: {failure.text}"
        post(
            opened,
            text,
            kind="failed_run",
            log=context.log.warning,
            run_id=run.run_id,
            job=run.job_name,
            exit_code=failure.exit_code,
            started_by=run.tags.get("btassets/started_by"),
        )
        return None

    return failed_runs
