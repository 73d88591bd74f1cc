"""Commands in processes forked from one warm process: a thousand of them cost no import.

Belongs here: starting, killing and arming one command or one function in a child. The parent runs nothing of
btassets itself and has no thread, so that a child starts as the installed command does. Does not belong here:
what is attacked.
"""

import ctypes
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("open", "write", "fsync", "rename", "read", "mkdir", "unlink", "truncate")
"""Kinds of system calls that `shim.c` lets fail, in its order."""

DOCUMENTED = frozenset({0, 2, 3, 4, 5, 6, 7, 130})
"""Exit codes of the README without 1, which is a bug."""

_SHIM = "BTASSETS_TORTURE_SHIM"


@dataclass(frozen=True)
class Fault:
    """One failing system call: the nth of a kind below a folder, and with `is_sticky` all after it."""

    kind: str
    nth: int
    error: int
    is_sticky: bool
    below: Path


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended; `code` is -9 after SIGKILL, `fired` counts injected failures."""

    code: int
    out: str
    err: str
    fired: int = 0
    seconds: float = 0.0

    @property
    def is_refusal(self) -> bool:
        """A documented exit code with words, without a traceback."""
        has_words = bool((self.err + self.out).strip())  # `doctor` answers on stdout
        return self.code in DOCUMENTED - {0} and has_words and not self.has_traceback

    @property
    def has_traceback(self) -> bool:
        """Whether Python's own report of an error reached the person."""
        return "Traceback (most recent call last)" in self.err + self.out


@dataclass
class Started:
    """A command that runs."""

    pid: int
    folder: Path
    began: float
    timeout: float

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal the command and all its children."""
        for target in (os.killpg, os.kill):
            try:
                target(self.pid, number)
            except ProcessLookupError:
                continue

    def is_running(self) -> bool:
        """Whether it has not ended; does not reap it."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def finish(self) -> Said:
        """Wait for the end; a command that hangs is killed and ends with code -9."""
        while self.is_running():
            if time.monotonic() - self.began > self.timeout:
                self.kill()
            time.sleep(0.002)
        _, status = os.waitpid(self.pid, 0)
        out, err = ((self.folder / name).read_text(errors="replace") for name in ("out", "err"))
        fired = self.folder / "fired"
        n_fired = int(fired.read_text() or 0) if fired.exists() else 0
        said = Said(os.waitstatus_to_exitcode(status), out, err, n_fired, time.monotonic() - self.began)
        shutil.rmtree(self.folder, ignore_errors=True)
        return said


def start(words: Sequence[object], *, fault: Fault | None = None, timeout: float = 180.0) -> Started:
    """Start a command as a forked child in a process group of its own."""
    return _fork(lambda: _command([str(word) for word in words]), fault, timeout)


def run(words: Sequence[object], *, fault: Fault | None = None, timeout: float = 180.0) -> Said:
    """Run a command to its end."""
    return start(words, fault=fault, timeout=timeout).finish()


def in_child(function: Callable[..., Any], *arguments: Any, timeout: float = 600.0) -> Any:
    """Result of a function that runs in a forked child.

    Raises
    ------
    RuntimeError
        When the child failed; with its own words.
    """
    with tempfile.TemporaryDirectory(prefix="btassets-torture-") as name:
        answer = Path(name) / "answer"

        def work() -> int:
            answer.write_bytes(pickle.dumps(function(*arguments)))
            return 0

        said = _fork(work, None, timeout).finish()
        if said.code:
            raise RuntimeError(f"{function.__name__} ended with {said.code}: {said.err[-2000:]}")
        return pickle.loads(answer.read_bytes())


def _command(words: list[str]) -> int:
    from btassets.cli.main import main

    try:
        return main(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1


def _fork(work: Callable[[], int], fault: Fault | None, timeout: float) -> Started:
    folder = Path(tempfile.mkdtemp(prefix="btassets-torture-"))
    for name in ("out", "err"):
        (folder / name).touch()  # a child may be killed before it opens them
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    pid = os.fork()
    if pid:
        return Started(pid, folder, began, timeout)
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, name in ((1, "out"), (2, "err")):
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, number)
            os.close(handle)
        if fault is not None:
            _arm(fault)
        code = work()
    except BaseException:  # noqa: BLE001  (the installed command would show it)
        traceback.print_exc()
    finally:
        if fault is not None:
            (folder / "fired").write_text(str(ctypes.CDLL(None).torture_fired()))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _arm(fault: Fault) -> None:
    library = ctypes.CDLL(None)
    prefix = str(fault.below).encode()
    library.torture_arm(KINDS.index(fault.kind), fault.nth, fault.error, int(fault.is_sticky), prefix)


def has_shim() -> bool:
    """Whether this process was started with `shim.c` preloaded."""
    return _SHIM in os.environ


def has_compiler() -> bool:
    """Whether `shim.c` can be compiled and preloaded here."""
    return shutil.which("gcc") is not None and sys.platform.startswith("linux")


def with_shim(words: Sequence[str]) -> None:
    """Replace this process by the same one with `shim.c` preloaded, where a C compiler is there; else return."""
    if has_shim() or not has_compiler():
        return
    folder = Path(tempfile.mkdtemp(prefix="btassets-torture-shim-"))
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    made = subprocess.run(
        ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], capture_output=True, check=False
    )
    if made.returncode:
        return
    before = os.environ.get("LD_PRELOAD")
    preload = f"{library}:{before}" if before else str(library)
    os.execve(sys.executable, [sys.executable, *words], {**os.environ, "LD_PRELOAD": preload, _SHIM: str(library)})


def warm_up() -> None:
    """Import what commands import; nothing is run and no thread starts."""
    os.environ.setdefault("BTASSETS_PREPARED_LAUNCH", "")
    from btassets.compiled import use_cache_folder

    use_cache_folder()
    from btassets.storage.arrow_start import start_arrow_alone

    start_arrow_alone()
    import importlib

    from btassets.cli.commands import COMMANDS, module_of

    names = ("click", "click.shell_completion", "rich.progress", "tomlkit", "btassets.cli.main", "btassets.cli.program")
    more = (
        "btassets.cli.actions.update",
        "btassets.cli.output.summary",
        "btassets.defs.launch",
        "btassets.run.sql_models",
    )
    engine = ("btassets.engine.replay.ticker", "btassets.engine.replay.lookahead")
    for name in (*names, *map(module_of, COMMANDS), *more, *engine):
        importlib.import_module(name)
    for name in ("run", "look", "books", "sweep", "compare", "grade", "prune", "sql"):
        importlib.import_module(f"btassets.cli.actions.{name}")
    from btassets.graph.flow import STAGES

    for stage in STAGES.values():
        if "sql" not in stage.kinds:
            importlib.import_module(stage.module)
    from btassets.instance.migrations import remember_migrations

    remember_migrations()
    os.environ.pop("BTASSETS_PREPARED_LAUNCH", None)
