"""Why a run failed: the first cause that this project knows, with its code."""

import sys
from types import SimpleNamespace

import dagster as dg
import pytest

import btassets
from btassets.defs.failures import _of_error, read_failure
from btassets.errors import registered


def test_a_failed_step_is_recognised_by_the_tree() -> None:

    class Failure:
        cls_name, cause = "BarOffCalendarError", None
        message = "btassets.engine.portfolio.panel.BarOffCalendarError: ticker number 3: bar on 2020-01-01\n"

    known = _of_error(Failure())
    assert (known.exit_code, known.text) == (6, "ticker number 3: bar on 2020-01-01")


def failure(cls_name, message, cause=None):
    return SimpleNamespace(cls_name=cls_name, message=message, cause=cause)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            failure("DagsterExecutionStepError", "outer", failure("NoBarsError", "x.NoBarsError: bars/: is empty\n")),
            (3, "bars/: is empty", "NoBarsError"),
        ),
        (
            failure("DagsterExecutionInterruptedError", "x"),
            (130, "interrupted; finished work is kept, run again to continue.", ""),
        ),
        (failure("A", "outer", failure("ZeroDivisionError", " division by zero ")), (1, "division by zero", "")),
        (failure("RateLimitedError", "no colon"), (5, "no colon", "RateLimitedError")),
    ],
)
def test_the_innermost_known_error_decides_code_and_text(error, expected):
    found = _of_error(error)
    assert (found.exit_code, found.text, found.kind) == expected


class Log:
    def __init__(self, *events):
        self.events = [SimpleNamespace(dagster_event=event) for event in events]

    def all_logs(self, _run_id):
        return self.events


def check(*, passed, blocking=True, severity=dg.AssetCheckSeverity.ERROR):
    data = SimpleNamespace(
        passed=passed,
        blocking=blocking,
        severity=severity,
        check_name="no_lookahead",
        metadata={"tickers": SimpleNamespace(value=3)},
    )
    return SimpleNamespace(event_type_value="ASSET_CHECK_EVALUATION", event_specific_data=data, is_step_failure=False)


def step(error):
    data = SimpleNamespace(error=error)
    return SimpleNamespace(event_type_value="STEP_FAILURE", event_specific_data=data, is_step_failure=True)


def test_a_blocking_check_comes_before_the_step_that_it_stopped():
    found = read_failure(Log(None, check(passed=False), step(failure("A", "stopped"))), "r")
    assert found.exit_code == 6
    assert "no_lookahead failed: tickers 3" in found.text
    for harmless in (check(passed=True), check(passed=False, blocking=False), check(passed=False, severity=None)):
        assert read_failure(Log(harmless, step(failure("A", "boom"))), "r").text == "boom"


def test_the_first_failed_step_counts_and_no_event_points_to_the_page():
    assert read_failure(Log(step(failure("A", "one")), step(failure("B", "two"))), "r").text == "one"
    nothing = read_failure(Log(), "run-7")
    assert (nothing.exit_code, nothing.text) == (1, "run run-7 failed; see its page (`btassets ui`)")


def test_an_error_whose_module_only_the_failed_process_had_loaded_is_known(tmp_path, monkeypatch):
    (tmp_path / "made_up_part.py").write_text(
        "from btassets.errors import EXIT_NO_BARS, BtassetsError\n"
        "class MadeUpError(BtassetsError):\n    exit_code = EXIT_NO_BARS\n"
    )
    monkeypatch.setattr(btassets, "__path__", [*btassets.__path__, str(tmp_path)])
    monkeypatch.setattr(registered, "_registered", dict(registered._registered))
    try:
        found = _of_error(failure("MadeUpError", "btassets.made_up_part.MadeUpError: no bars: at all\n"))
    finally:
        sys.modules.pop("btassets.made_up_part", None)
    assert (found.exit_code, found.text, found.kind) == (3, "no bars: at all", "MadeUpError")


@pytest.mark.parametrize(
    "message",
    [
        "btassets.no_such_part.StrangeError: text",
        "os.StrangeError: text",
        "btassets.x; import os.StrangeError: text",
        "StrangeError: text",
        "",
    ],
)
def test_an_error_that_no_module_of_the_package_defines_is_a_bug(message):
    found = _of_error(failure("StrangeError", message))
    assert (found.exit_code, found.text, found.kind) == (1, message, "")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            failure(
                "DagsterSubprocessError",
                "dagster._core.errors.DagsterSubprocessError: During celery execution errors occurred in workers:\n"
                "[analyse]: btassets.errors.machine.StepKilledError: step analyse: its worker was lost 5 times\n\nAt",
            ),
            (7, "step analyse: its worker was lost 5 times", "StepKilledError"),
        ),
        (
            failure("LockLostError", "btassets.errors.machine.LockLostError: the book's lock was lost\n"),
            (7, "the book's lock was lost", "LockLostError"),
        ),
        (
            failure("DagsterSubprocessError", "workers:\n[analyse]: E: (psycopg2) server closed the connection\n\tat"),
            (
                7,
                "PostgreSQL does not answer ([analyse]: E: (psycopg2) server closed the connection); start it, then "
                "run again; finished work is kept.",
                "",
            ),
        ),
        (failure("KeyError", "KeyError: 'a'"), (1, "", "")),
    ],
)
def test_a_cause_outside_of_every_step(error, expected):
    log = Log(
        SimpleNamespace(
            event_type_value="PIPELINE_FAILURE", event_specific_data=SimpleNamespace(error=error), is_step_failure=False
        )
    )
    found = read_failure(log, "1a2b")
    code, text, kind = expected
    assert (found.exit_code, found.text, found.kind) == (
        code,
        text or "run 1a2b failed; see its page (`btassets ui`)",
        kind,
    )
