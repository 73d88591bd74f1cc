"""Console output of a run: a stage's own warnings, one masked line each, without Dagster's own records."""

import logging

import pytest

from btassets.instance.runs.loggers import _build


def record(message, level=logging.WARNING, **extra):
    made = logging.LogRecord("dagster", level, __file__, 1, message, None, None)
    made.__dict__.update(extra)
    return made


@pytest.fixture
def lines(capsys):
    def say(made):
        _build(None).handle(made)  # the handler takes the stderr of its own making
        return capsys.readouterr().err

    return say


def test_a_line_is_the_stages_own_text_with_its_level(lines):
    meta = {"orig_message": "3 rows dropped"}
    assert lines(record("run - 123 - 3 rows dropped", dagster_meta=meta)) == "warning: 3 rows dropped\n"
    assert lines(record("plain", logging.ERROR)) == "error: plain\n"


def test_records_of_dagster_itself_are_left_to_the_command_line(lines):
    assert lines(record("step failed", logging.ERROR, dagster_event=object())) == ""
    waiting = {"orig_message": "Dependencies for step x failed"}
    assert lines(record("run - 1", logging.ERROR, dagster_meta=waiting)) == ""


def test_a_secret_in_a_message_is_masked(lines):
    assert "hunter2" not in lines(record("cannot reach postgresql://reader:hunter2@host/db"))
