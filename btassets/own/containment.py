"""Limits on own code in its process: no files, no processes, no network, no clock.

Belongs here: the hook, the operating system's limits and the search of a source for clocks. Does not belong here: the
calls under them (`child.py`). They catch mistakes, not malice: own code is the user's, and it runs with the user's
rights.
"""

import ast
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from typing import Any, NoReturn

_CODE = (".py", ".pyc", ".so", ".pyd", ".dylib", ".nbi", ".nbc")
_SYSTEM = ("/dev/null", "/dev/urandom", "/proc/", "/sys/")
_PROCESSES = frozenset(
    {"os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "os.system", "subprocess.Popen", "pty.spawn"}
)
_NETWORK = frozenset({"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"})
_CHANGES = {
    "os.remove": "deletes",
    "os.rename": "renames",
    "os.mkdir": "creates the folder",
    "os.rmdir": "removes the folder",
    "os.truncate": "truncates",
    "os.link": "links",
    "os.symlink": "links",
    "shutil.rmtree": "removes",
}
_CLOCKS = ("time", "time_ns", "localtime", "gmtime", "ctime", "sleep", "monotonic", "perf_counter", "process_time")
_IMPORTERS = ("<frozen importlib", os.path.dirname(importlib.__file__))  # noqa: PTH120
_NOW = frozenset({"now", "utcnow", "today"})


class ContainedError(Exception):
    """Own code did what a signal may not do."""


class Containment:
    """The hook of one process; `found` is its first refusal, also if own code caught the exception.

    `place` names the ticker and date that own code is called for; `unit` and `basis` what is computed, and from what.
    A source that is being loaded is own code; `names` says what a call of it computes.
    """

    unit = "own code"
    basis = "a value may depend on the bars alone"
    advice = "; put the values in own/ as a file of date, ticker, value"

    def __init__(self, own_files: Iterable[str]) -> None:
        self.own_files = frozenset(own_files)
        self.found: str | None = None
        self.place = ""
        self.is_on = False
        prefixes = {sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(os.path.dirname(__file__)))}  # noqa: PTH120
        self._compiled = os.path.realpath(os.environ.get("NUMBA_CACHE_DIR") or os.devnull)
        self._installed = tuple(f"{os.path.realpath(prefix)}{os.sep}" for prefix in prefixes)

    def install(self) -> None:
        """Set the limits; they hold until the process ends."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for name in _CLOCKS:
            setattr(time, name, self._guarded(name, getattr(time, name)))
        sys.addaudithook(self._hook)

    def names(self, unit: str, basis: str, advice: str) -> None:
        """Name what the next calls compute, from what, and what to do instead of a refused read."""
        self.unit, self.basis, self.advice = unit, basis, advice

    @property
    def where(self) -> str:
        """The place as the end of a sentence."""
        return f" ({self.place})" if self.place else ""

    def refuse(self, what: str) -> NoReturn:
        """Stop own code.

        Raises
        ------
        ContainedError
            Always.
        """
        self.found = self.found or f"{what}{self.where}"
        raise ContainedError(what)

    def _guarded(self, name: str, function: Any) -> Any:
        def clock(*args: Any) -> Any:
            if self.is_on and sys._getframe(1).f_code.co_filename in self.own_files:
                self.refuse(f"calls time.{name}(): {self.basis}, not on a clock")
            return function(*args)

        return clock

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on or self._is_of_compiler(args):
            return
        if event == "open":
            self._opened(args)
        elif event in _PROCESSES:
            self.refuse(f"starts a process ({event}): {self.unit} is computed in the process that called it")
        elif event in _NETWORK:
            self.refuse(f"opens a connection ({event}): {self.basis}")
        elif event in _CHANGES:
            self.refuse(f"{_CHANGES[event]} {args[0] if args else ''}: {self.unit} writes no file")
        elif event in ("os.listdir", "os.scandir") and not self._is_importing() and not self._is_installed(args[0]):
            self.refuse(f"lists {args[0]}: {self.basis}, not on files")

    def _opened(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        if isinstance(path, int) or path is None:
            return
        text = os.fsdecode(path)
        is_written = any(c in (mode or "") for c in "wax+") if mode else bool(flags & (os.O_WRONLY | os.O_RDWR))
        if text == "/dev/null":
            return
        if is_written:
            self.refuse(f"writes {text}: {self.unit} writes no file")
        if text.endswith(_CODE) or self._is_importing():
            return
        if not text.startswith(_SYSTEM) and not self._is_installed(text):
            self.refuse(f"reads {text}: {self.basis}, not on files{self.advice}")

    def _is_of_compiler(self, args: tuple[Any, ...]) -> bool:
        """Whether a path belongs to the engine's compiled code, for which the compiler looks before it loads it."""
        path = args[0] if args else None
        return isinstance(path, str) and path.startswith(self._compiled)

    def _is_importing(self) -> bool:
        """Whether an import statement is what asks: the machinery of imports looks through folders."""
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename not in self.own_files:
            if frame.f_code.co_filename.startswith(_IMPORTERS):
                return True
            frame = frame.f_back
        return False

    def _is_installed(self, path: Any) -> bool:
        """Whether a path belongs to installed packages or this one, whose files are code."""
        if isinstance(path, int) or path is None:
            return False
        text = os.path.realpath(os.fsdecode(path))
        return f"{text}{os.sep}".startswith(self._installed) or text.endswith(".zip")


def clock_in(source: str) -> tuple[int, str] | None:
    r"""Line and text of the first call in a source that reads the date or time of the machine; None without one.

    >>> clock_in("import datetime as dt\nday = dt.date.today()")
    (2, 'dt.date.today()')
    >>> clock_in("import numpy as np\nday = np.datetime64('2024-01-01')")
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the import says so, with file and line
        return None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        texts = {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
        is_word = name in ("datetime64", "Timestamp", "to_datetime") and texts & {"now", "today"}
        if is_word or (name in _NOW and isinstance(node.func, ast.Attribute)):
            return node.lineno, ast.unparse(node)
    return None
