"""The README is right: every command in it runs, in its order, on a small folder of bars.

`make` and `pip` lines are not run here (CI runs both); their targets must exist. A toml block is worked
into the settings file that its first line names, as its reader would do it.
"""

import csv
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.book.new_book import DEMO_FOLDER, make_demo_book
from btassets.book.settings_file import set_in_file
from btassets.cli.commands import COMMANDS
from btassets.compiled import cache_folder
from btassets.engine.market.adjustment import adjusted_bars
from btassets.settings.load import resolve
from btassets.sources.open_source import open_source

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```(bash|toml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SMALL = {"demo.tickers": 22, "demo.years": 1.7}
_NOT_RUN = ("make", "pip")
_PRICES = ("open", "high", "low", "close", "volume")
_SECONDS = 300

# Runs one command after the other in one process, so that Dagster is imported once and not twenty times.
_SHELL = """
import contextlib, io, json, os, sys
from btassets.cli.commands import COMMANDS
from btassets.cli.main import main
for line in sys.stdin:
    order = json.loads(line)
    os.chdir(order["here"])
    said, logged = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(logged):
        try:
            code = main(order["words"])
        except SystemExit as stop:
            code = stop.code
    print(json.dumps([code, said.getvalue(), logged.getvalue()]), file=sys.__stdout__, flush=True)
"""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its lines without empty ones, its first line in the README."""

    language: str
    lines: tuple[str, ...]
    line: int


def blocks() -> list[Block]:
    text = README.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        lines = tuple(line for line in match[2].splitlines() if line.strip())
        found.append(Block(match[1], lines, text[: match.start()].count("\n") + 2))
    return found


def commands() -> list[list[str]]:
    """Words of every command of a bash block, comments taken off."""
    split = (shlex.split(line, comments=True) for block in blocks() if block.language == "bash" for line in block.lines)
    return [words for words in split if words]


@dataclass
class Reader:
    """A user who types the README into a terminal: a home, a current folder, an environment."""

    home: Path
    here: Path
    environment: dict[str, str]
    shell: subprocess.Popen[str]

    def run(self, words: list[str], place: str) -> None:
        if words[0] == "cd":
            self.here = (self.here / words[1]).resolve()
            return
        expanded = [str(self.home / word[2:]) if word.startswith("~/") else word for word in words]
        assert expanded[0] == "btassets", f"{place}: only btassets, cd, make and pip are understood"
        command = [sys.executable, "-m", "btassets.cli", *expanded[1:]]
        if expanded[1] == "ui":
            self.look_at_the_page(command, place)
            return
        if expanded[1] == "demo":
            done = subprocess.run(
                command,
                cwd=self.here,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
            code, said, logged = done.returncode, done.stdout, done.stderr
        else:
            code, said, logged = self.in_shell(expanded[1:])
        assert code == 0, f"{place}: {shlex.join(words)}\n{said}\n{logged}"
        assert said.strip(), f"{place}: {shlex.join(words)} says nothing"

    def in_shell(self, words: list[str]) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command in the shell that stays open."""
        self.shell.stdin.write(json.dumps({"here": str(self.here), "words": words}) + "\n")
        self.shell.stdin.flush()
        answer = self.shell.stdout.readline()
        assert answer, f"btassets {shlex.join(words)} ended the shell"
        code, said, logged = json.loads(answer)
        return code, said, logged

    def look_at_the_page(self, command: list[str], place: str) -> None:
        """Start `ui` on free ports, wait until page and reports answer, stop it, see that the ports are free."""
        port = _two_free_ports()
        command = [*command, "--port", str(port)]
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                command, cwd=self.here, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                _wait_for(f"http://127.0.0.1:{port}/server_info", process, place, log)
                _wait_for(f"http://127.0.0.1:{port + 1}/latest/report.html", process, place, log)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=_SECONDS)
        assert all(_is_free(p) for p in (port, port + 1)), f"{place}: ui left a port open"

    def edit_settings(self, block: Block) -> None:
        """Work a toml block into the settings file that its first line names."""
        named = re.match(r"# (\S+/btassets\.toml)", block.lines[0])
        assert named, f"README.md:{block.line}: a toml block begins with '# <book>/btassets.toml'"
        book = next(p for p in (self.here / named[1], self.here.parent / named[1]) if p.is_file())
        tree = tomllib.loads("\n".join(block.lines))
        if "scenario" in tree:
            book.write_text(book.read_text(encoding="utf-8") + "\n" + "\n".join(block.lines) + "\n", encoding="utf-8")
        else:
            set_in_file(book, _flat(tree))
        resolve(book)


def _flat(tree: dict, prefix: str = "") -> dict:
    flat: dict = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _two_free_ports() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 65_000 and _is_free(port + 1):
            return port


def _wait_for(url: str, process: subprocess.Popen, place: str, log) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None:
                break
            time.sleep(0.2)
    log.seek(0)
    pytest.fail(f"{place}: {url} does not answer\n{log.read().decode(errors='replace')[-3000:]}")


def _write_bars(folder: Path, rows: Iterator[list], head: list[str]) -> None:
    with folder.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)


def _days(dates) -> list[str]:
    return [str(day) for day in dates.astype("datetime64[D]")]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A home with two folders of bars: adjusted ones, and raw ones in a vendor's columns."""
    home = tmp_path_factory.mktemp("home")
    desk = home / "desk"
    desk.mkdir()
    # Already there and small, so that `btassets demo` runs this one.
    book = open_book(make_demo_book(desk / DEMO_FOLDER, _SMALL), environ={})
    source = open_source(book.base, book.folder, book.lake)
    bars, vendor = home / "bars", home / "vendor-bars"
    bars.mkdir()
    vendor.mkdir()
    for ticker in source.tickers():
        raw = source.fetch(ticker)
        name = "SPY" if ticker == book.base.benchmark else ticker
        view = adjusted_bars(raw, source.basis, "total")
        columns = (_days(view.dates), view.open, view.high, view.low, view.close, view.volume)
        _write_bars(
            bars / f"{name}.csv",
            zip(columns[0], *(c.tolist() for c in columns[1:]), strict=True),
            ["date", *_PRICES],
        )
        columns = (raw.open, raw.high, raw.low, raw.close, raw.volume, raw.dividend, raw.split, view.close)
        _write_bars(
            vendor / f"{name}.csv",
            zip(_days(raw.dates), *(c.tolist() for c in columns), strict=True),
            ["timestamp", *_PRICES, "dividend_amount", "split_coefficient", "adjusted_close"],
        )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BTASSETS", "DAGSTER"))}
    # A home of its own, and the compiled code of this one: compiling is not what is tested.
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(cache_folder().parent.parent)}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, "-c", _SHELL], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        yield Reader(home, desk, environment, shell)


@pytest.mark.long
def test_every_command_runs_as_written(reader: Reader) -> None:
    for block in blocks():
        if block.language == "toml":
            reader.edit_settings(block)
            continue
        for line in block.lines:
            words = shlex.split(line, comments=True)
            if words and words[0] not in _NOT_RUN:
                reader.run(words, f"README.md:{block.line}")


def test_the_two_first_commands_stand_first() -> None:
    assert [words[:2] for words in commands()[:2]] == [["make", "run"], ["make", "test"]]


def test_every_make_target_exists() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", README.read_text(encoding="utf-8")))
    named |= {words[1] for words in commands() if words[0] == "make"}
    assert named
    assert named <= targets


def test_every_command_of_the_parser_is_in_the_commands_table() -> None:
    rows = re.findall(r"^\| `btassets ([a-z][a-z-]*)", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)


def test_links_and_pictures_lead_somewhere() -> None:
    pages = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_pictures_are_small() -> None:
    assert all(path.stat().st_size < 300_000 for path in (ROOT / "docs" / "images").glob("*.png"))


def test_an_outside_repository_link_is_not_followed_here() -> None:
    """Only two outside addresses are in the README; a new one is a decision."""
    found = set(re.findall(r"https?://[^\s)`]+", README.read_text(encoding="utf-8")))
    assert found == {"https://dagster.io"}
