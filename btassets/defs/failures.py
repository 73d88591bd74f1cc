"""Why a run failed: exit code and text, from its events.

Belongs here: finding the first cause. Does not belong here: the errors themselves (`btassets.errors`), reporting them
(`btassets.defs.notifications`, `btassets.cli`).
"""

import contextlib
import importlib
import re
from dataclasses import dataclass
from typing import Any

import dagster as dg

from btassets import errors
from btassets.errors import EXIT_BUG, EXIT_CHECK_FAILED, EXIT_INTERRUPTED
from btassets.instance.database_refusals import refusal_of

_OF_WORKER = re.compile(r"btassets(\.\w+)+\.(?P<kind>\w+Error): (?P<text>.+)")
"""Error of a step that failed before it began, in the text of dagster-celery."""


@dataclass(frozen=True)
class RunFailure:
    """Why a run failed: exit code, text for the user, and the name of the error's class, "" for a foreign one."""

    exit_code: int
    text: str
    kind: str = ""


def read_failure(instance: dg.DagsterInstance, run_id: str) -> RunFailure:
    """Cause of a run's failure, from its events: the first step that failed by itself."""
    failed_check: RunFailure | None = None
    of_run: RunFailure | None = None
    for record in instance.all_logs(run_id):
        event = record.dagster_event
        if event is None:
            continue
        data: Any = event.event_specific_data
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            if not data.passed and data.severity == dg.AssetCheckSeverity.ERROR and data.blocking:
                facts = ", ".join(f"{key} {value.value}" for key, value in data.metadata.items())
                text = str(errors.CheckFailedError(data.check_name, facts or "see the run's page"))
                failed_check = failed_check or RunFailure(EXIT_CHECK_FAILED, text)
        elif event.is_step_failure and failed_check is None:
            return _of_error(data.error)
        elif event.event_type_value == "PIPELINE_FAILURE" and getattr(data, "error", None) is not None:
            of_run = _of_executor(data.error)
    return failed_check or of_run or RunFailure(EXIT_BUG, f"run {run_id} failed; see its page (`btassets ui`)")


def _of_executor(error: Any) -> RunFailure | None:
    """Cause outside of every step, if it is an error of this project: the book's lock, a worker of a cluster."""
    found = error
    while found is not None:
        if _kind_of(found) is not None:
            return _of_error(found)
        named = _OF_WORKER.search(str(getattr(found, "message", "")))
        kind = None if named is None else errors.error_named(named["kind"])
        if named is not None and kind is not None:
            return RunFailure(kind.exit_code, named["text"].strip(), kind.__name__)
        refusal = refusal_of(str(getattr(found, "message", "")), "the book")
        if refusal is not None:
            return RunFailure(refusal.exit_code, str(refusal))
        found = getattr(found, "cause", None)
    return None


def _kind_of(error: Any) -> type[errors.BtassetsError] | None:
    """Class of an error of this project; its module is imported if only the failed process had loaded it."""
    name, message = str(getattr(error, "cls_name", "")), str(getattr(error, "message", ""))
    module, _, rest = message.partition(f".{name}:")
    if name and rest and re.fullmatch(r"btassets(\.\w+)+", module) and errors.error_named(name) is None:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    return errors.error_named(name)


def _of_error(error: Any) -> RunFailure:
    """Exit code and text of the innermost error raised by this project, else of the error itself."""
    found = error
    while found is not None:
        if getattr(found, "cls_name", "") == "DagsterExecutionInterruptedError":
            return RunFailure(EXIT_INTERRUPTED, "interrupted; finished work is kept, run again to continue.")
        kind = _kind_of(found)
        if kind is not None:
            text = str(getattr(found, "message", "")).strip()
            return RunFailure(kind.exit_code, text.split(": ", 1)[1] if ": " in text else text, kind.__name__)
        found = getattr(found, "cause", None)
    innermost = error
    while getattr(innermost, "cause", None) is not None:
        innermost = innermost.cause
    text = str(getattr(innermost, "message", innermost)).strip()
    refusal = refusal_of(text, "the book")
    if refusal is not None:
        return RunFailure(refusal.exit_code, str(refusal))
    return RunFailure(EXIT_BUG, text)
