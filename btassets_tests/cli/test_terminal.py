"""What a person sees: a terminal of 80 or 120 columns, a dumb one, NO_COLOR, a pipe."""

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from btassets.cli.output.findings import LOST_ROWS, NOTE, WRONG_NUMBERS, Finding, finding_lines
from btassets.cli.output.first_run import FIRST_RUN, CompileWatch, n_cached_functions
from btassets.cli.terminal import Progress, printable, table
from btassets_tests.support.book_factory import PROJECT

pytestmark = pytest.mark.long  # each test runs whole commands

_ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(
    words: list[object],
    *,
    columns: int = 80,
    until: Callable[[bytes], bool] | None = None,
    **environment: str,
) -> tuple[int, bytes]:
    """Run a command in a pseudo-terminal; Ctrl-C is typed when `until` holds for the output."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "PAGER")}
    base |= {"PYTHONPATH": str(PROJECT), "TERM": "xterm-256color"} | environment
    process = subprocess.Popen(
        [sys.executable, "-m", "btassets.cli", *map(str, words)],
        stdin=slave, stdout=slave, stderr=slave, env=base, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),  # noqa: PLW1509  (Ctrl-C needs a terminal)
    )  # fmt: skip
    os.close(slave)
    shown, is_typed = b"", until is None
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.5)
        if ready:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        if not is_typed and until is not None and until(shown):
            os.write(master, b"\x03")
            is_typed = True
    code = process.wait(timeout=60)
    os.close(master)
    return code, shown


def lines_of(shown: bytes) -> list[str]:
    return [line.rstrip("\r") for line in _ESCAPE.sub(b"", shown).decode().split("\n")]


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_the_width(book: Path, columns: int) -> None:
    for words in (["config"], ["doctor"], ["sql", "select * from candidates limit 3"], ["--help"], ["sweep", "--help"]):
        place = [] if words[-1] == "--help" else ["--book", book]
        code, shown = in_terminal([*words, *place], columns=columns)
        assert code == 0, shown
        assert max(map(len, lines_of(shown))) <= columns, words
    code, shown = in_terminal(["sql", "select ticker, entry, stop from candidates limit 3", "--book", book])
    assert "SYN0001" in shown.decode()


_WITH_TABLES = (["today"], ["today", "--why"], ["journal"], ["own"], ["plan"])


@pytest.mark.parametrize("words", _WITH_TABLES, ids=" ".join)
def test_the_main_output_of_a_command_fits_and_is_plain_elsewhere(book: Path, words: list[str]) -> None:
    place = [*words, "--book", book]
    for columns in (80, 120):
        code, shown = in_terminal(place, columns=columns)
        assert code == 0, shown
        # A row of a table has gaps; a sentence may be as long as it is.
        wide = [line for line in lines_of(shown) if len(line) > columns and "  " in line and "\r" not in line]
        assert not wide, wide[:3]
    assert b"\x1b[3" not in in_terminal(place, NO_COLOR="1")[1]
    assert b"\x1b" not in in_terminal(place, TERM="dumb")[1]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    program = [sys.executable, "-m", "btassets.cli", *map(str, place)]
    piped = subprocess.run(program, env=environment, capture_output=True, check=True)
    assert piped.stdout.strip()
    assert b"\x1b" not in piped.stdout + piped.stderr


def test_colour_is_for_terminals_that_want_it(book: Path) -> None:
    words = ["doctor", "--book", book]
    assert b"\x1b[32mok" in in_terminal(words)[1]
    assert b"\x1b[3" not in in_terminal(words, NO_COLOR="1")[1]
    assert b"\x1b" not in in_terminal(words, TERM="dumb")[1]
    piped = subprocess.run(
        [sys.executable, "-m", "btassets.cli", *map(str, words)], env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True, check=True,
    )  # fmt: skip
    assert b"\x1b" not in piped.stdout + piped.stderr


def test_a_reader_that_goes_away_and_a_closed_stdout_are_no_errors(book: Path) -> None:
    command = f"{sys.executable} -m btassets.cli sql 'select * from candidates' --format csv --book {book}"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    for tail, code in (("| head -1; exit ${PIPESTATUS[0]}", 0), (">&-", 0), (">/dev/full", 7), (">&- 2>&-", 0)):
        done = subprocess.run(["bash", "-c", f"{command} {tail}"], env=environment, capture_output=True, check=False)
        assert done.returncode == code, (tail, done.stderr)
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr


def test_too_few_open_files_are_named_as_such(book: Path) -> None:
    command = f"ulimit -n 5; exec {sys.executable} -m btassets.cli today --book {book}"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=False, text=True)
    assert done.returncode in (1, 7), done.stderr
    assert "TOML" not in done.stderr


def test_ctrl_c_ends_with_130_and_its_message_has_a_line_of_its_own(tmp_path: Path) -> None:
    words = ["demo", "--book", tmp_path / "demo", "--tickers", "400", "--years", "8"]
    code, shown = in_terminal(words, until=lambda text: b"bars" in text or b"compiling" in text)
    assert code == 130, shown[-2000:]
    told = [line for line in lines_of(shown) if "interrupted" in line]
    assert told == ["btassets: interrupted; finished work is kept, run again to continue."]
    assert b"Traceback" not in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.6, 3.0])
def test_every_interrupt_ends_with_130(tmp_path: Path, number: signal.Signals, seconds: float) -> None:
    process = subprocess.Popen(
        # A job in the background ignores SIGINT, and its children inherit that.
        ["env", "--default-signal=INT", sys.executable, "-m", "btassets.cli", "demo", "--book", str(tmp_path / "d"),
         "--tickers", "300", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(PROJECT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(seconds)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=120)
    started = "interrupted" in err
    # Before our first line runs, the interpreter itself ends by the signal.
    assert process.returncode == 130 if started else process.returncode in (-number, 1, 130), (seconds, err)
    assert not started or "Traceback" not in err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_cleared_to_the_end_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = _Terminal()
    with Progress(is_quiet=False, stream=stream) as show:
        show("replay", 0, 1000)
        show("replay", 1000, 1000)
        assert stream.getvalue().count("\x1b[2K") >= 1
        assert stream.getvalue().endswith(("\n", "\x1b[?25h"))
    assert "\x1b[?25h" in stream.getvalue(), "the cursor is shown again"


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("btassets.cli.terminal._QUIET_SECONDS", -1.0)
    stream = _Terminal()
    with Progress(is_quiet=False, stream=stream) as show:
        for done in range(0, 101, 5):
            show("replay", done, 100)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 11
    assert "\x1b" not in stream.getvalue()
    assert lines[3].startswith("replay: 30 of 100, ")


def test_a_first_run_says_that_the_engine_is_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    n = n_cached_functions()
    assert n > 8
    seen: list[tuple[str, int, int]] = []
    with CompileWatch(lambda *facts: seen.append(facts), folder=tmp_path):
        for k in range(n):
            (tmp_path / f"f{k}.nbi").write_text("")
        time.sleep(0.7)
    assert FIRST_RUN in capsys.readouterr().err
    assert seen[-1] == (FIRST_RUN, n, n)
    seen.clear()
    with CompileWatch(lambda *facts: seen.append(facts), folder=tmp_path):
        time.sleep(0.05)
    assert seen == []


def test_text_is_folded_and_columns_are_split_into_blocks() -> None:
    wide = table([("AAPL", "x" * 200, 1.5)], ("ticker", "why", "rr"), width=60)
    assert max(map(len, wide.splitlines())) <= 60
    assert wide.count("x") == 200
    many = table([tuple(float(k) for k in range(40))], [f"column_{k}" for k in range(40)], width=60)
    assert max(map(len, many.splitlines())) <= 60
    for k in range(40):
        assert f"column_{k}" in many.split()
    assert table([], ("a",)) == "a"
    assert table([]) == ""


def test_control_characters_are_written_as_escapes() -> None:
    assert "\x1b" not in table([("\x1b[31mred\x07", "a\nb")])
    assert printable("plain text é") == "plain text é"


def test_findings_come_by_harm_and_at_most_five() -> None:
    found = [
        Finding(NOTE, "note"),
        Finding(WRONG_NUMBERS, "wrong"),
        *[Finding(LOST_ROWS, f"row {k}") for k in range(9)],
    ]
    lines = finding_lines(sorted(found, key=lambda finding: -finding.harm))
    assert lines[0] == "wrong"
    assert len(lines) == 6
    assert lines[-1].startswith("... and 6 more")
