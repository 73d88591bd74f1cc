"""How the command line ends: one clear line and a documented code, whatever happened."""

import errno
import os
import signal
from pathlib import Path

import pytest

from btassets.cli import main as entry
from btassets.cli.commands import COMMANDS
from btassets.cli.interrupts import ToldInterrupt
from btassets.cli.main import of_system
from btassets.cli.terminal import tell
from btassets_tests.support.book_factory import call


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(_words: list[str]) -> int:
        raise error

    monkeypatch.setattr(entry, "_command", fail)


def test_an_unexpected_error_is_one_line_and_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    raising(monkeypatch, ZeroDivisionError("float\ndivision"))
    answer = call("run", "--set", "gates.min_rr=2")
    assert answer.code == 1
    (trace,) = (tmp_path / "btassets").iterdir()
    assert answer.err == (
        "btassets: unexpected ZeroDivisionError: float division; this is a bug in btassets; "
        f"the full trace is in {trace}; please report it.\n"
    )
    text = trace.read_text()
    assert "btassets run --set gates.min_rr=2" in text
    assert "Traceback" in text


def test_a_trace_that_cannot_be_written_is_still_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "_write_trace", lambda _text: None)
    raising(monkeypatch, ValueError())
    answer = call("run")
    assert (answer.code, answer.err.count("\n")) == (1, 1)


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), RuntimeError("query interrupted")])
def test_whatever_an_interrupt_becomes_ends_with_130(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def interrupted(_words: list[str]) -> int:
        before = signal.signal(signal.SIGINT, lambda *_: None)  # as a library with a handler of its own does
        os.kill(os.getpid(), signal.SIGINT)
        signal.signal(signal.SIGINT, before)
        raise error

    monkeypatch.setattr(entry, "_command", interrupted)
    answer = call("run")
    assert answer.code == 130
    assert answer.err == "btassets: interrupted; finished work is kept, run again to continue.\n"


def test_a_command_that_printed_its_own_last_line_has_no_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_words: list[str]) -> int:
        before = signal.signal(signal.SIGINT, lambda *_: None)
        os.kill(os.getpid(), signal.SIGINT)
        signal.signal(signal.SIGINT, before)
        tell("stopped")
        raise ToldInterrupt

    monkeypatch.setattr(entry, "_command", interrupted)
    answer = call("report")
    assert (answer.code, answer.err) == (130, "stopped\n")


def test_a_run_that_fails_after_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_words: list[str]) -> int:
        before = signal.signal(signal.SIGINT, lambda *_: None)
        os.kill(os.getpid(), signal.SIGINT)
        signal.signal(signal.SIGINT, before)
        return 1

    monkeypatch.setattr(entry, "_command", interrupted)
    assert call("run").code == 130


@pytest.mark.parametrize(
    ("number", "said", "code"),
    [
        (errno.EMFILE, "ulimit -n", 7),
        (errno.ENFILE, "too many open files", 7),
        (errno.ENOSPC, "no space left", 7),
        (errno.EROFS, "read-only", 7),
        (errno.EIO, "input/output error", 7),
    ],
)
def test_what_the_system_refuses_has_a_code(monkeypatch: pytest.MonkeyPatch, number: int, said: str, code: int) -> None:
    raising(monkeypatch, OSError(number, os.strerror(number), "somewhere"))
    answer = call("run")
    assert answer.code == code
    assert said in answer.err.lower()
    assert "somewhere" in answer.err
    assert of_system(OSError(number, os.strerror(number))).exit_code == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], "no such command: rnu; did you mean run?"),
        (["Run"], "did you mean run?"),
        (["expotr"], "did you mean export?"),
        (["x" * 5000], "(5,000 characters)"),
        (["run", "--wrokers", "2"], "did you mean"),
        (["run", "--profile", "seed"], "did you mean legacy?"),
        (["init", "b", "--profile", "honest"], "did you mean standard?"),
        (["today", "--format", "jsno"], "did you mean json?"),
        (["today", "--capital", "nan"], "not a finite number above 0"),
        (["prune", "--keep-days", "9" * 5000], "not between"),
        (["ui", "--port", "70000"], "not between 1 and 65534"),
        (["export"], "missing argument"),
        (["sql", "a\udcff"], "argument 2 of the command line is not UTF-8"),
        (["compare", "base"], "missing argument"),
    ],
)
def test_a_wrong_word_gets_one_line_with_the_way_out(words: list[str], said: str) -> None:
    answer = call(*words)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert len(answer.err) < 1_000
    assert "--help" in answer.err or "UTF-8" in answer.err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_every_option_and_shows_an_example(name: str) -> None:
    from btassets.cli.program import program

    answer = call(name, "--help")
    assert answer.code == 0
    assert "Examples:" in answer.out
    assert f"btassets {name}" in answer.out.split("Examples:")[1]
    command = program().get_command(None, name)  # pyright: ignore[reportArgumentType]
    assert command is not None
    for param in command.params:
        assert param.help, param.name
    assert answer.out == call(name, "-h").out
