"""Limits on own code in its process: no files, no processes, no network, no clock.

Belongs here: the hook, the operating system's limits and the search of a source for clocks. Does not belong here: the
calls under them (`child.py`). They catch mistakes, not malice: own code is the user's, and it runs with the user's
rights.

The hook sees what Python opens. Libraries that open files by themselves (Arrow, DuckDB) bypass it: while own code runs
outside an import, the process may open no further file at all.
"""

import ast
import builtins
import errno
import importlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

_CODE = (".py", ".pyc", ".so", ".pyd", ".dylib", ".nbi", ".nbc")
_SYSTEM = ("/dev/null", "/dev/urandom", "/proc/", "/sys/")
_PROCESSES = frozenset(
    {"os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "os.system", "subprocess.Popen", "pty.spawn"}
)
_SIGNALS = frozenset({"os.kill", "os.killpg", "signal.pthread_kill"})
_LOADS = frozenset({"import", "ctypes.dlopen"})
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
    "os.chmod": "changes the rights of",
    "os.chown": "changes the owner of",
    "os.utime": "changes the times of",
    "os.chdir": "changes to the folder",
}
_CLOCKS = {
    **dict.fromkeys(("time", "monotonic", "perf_counter", "process_time", "thread_time"), 0),
    **dict.fromkeys(("time_ns", "monotonic_ns", "perf_counter_ns", "process_time_ns", "thread_time_ns"), 0),
    **dict.fromkeys(("clock_gettime", "clock_gettime_ns", "sleep"), 0),
    **dict.fromkeys(("localtime", "gmtime", "ctime", "asctime"), 1),
    "strftime": 2,
}
"""Functions of `time`; with the stated number of arguments some convert a time instead of reading the clock."""

_IMPORTERS = ("<frozen importlib", os.path.dirname(importlib.__file__))  # noqa: PTH120
_PATHS = frozenset({"pathlib", "genericpath", "posixpath", "os", "glob"})
_NOW = frozenset({"now", "utcnow", "today", "uuid1"})


class ContainedError(Exception):
    """Own code did what a signal may not do."""


class Containment:
    """The hook of one process; `found` is its first refusal, also if own code caught the exception.

    `place` names the ticker and date that own code is called for, `found_at` the file and line of the refused deed;
    `unit` and `basis` what is computed, and from what. A source that is being loaded is own code; `names` says what a
    call of it computes.

    Parameters
    ----------
    own_files
        Path of each file of own code, and its name in messages.
    """

    unit = "own code"
    basis = "a value may depend on the bars alone"
    advice = "; put the values in own/ as a file of date, ticker, value"

    def __init__(self, own_files: Mapping[str, str]) -> None:
        self.own_files = dict(own_files)
        self.found: str | None = None
        self.found_at = ""
        self.place = ""
        self.is_on = False
        self._n_importing = 0
        self._n_files = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._is_shut = False
        prefixes = {sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(os.path.dirname(__file__)))}  # noqa: PTH120
        self._compiled = os.path.realpath(os.environ.get("NUMBA_CACHE_DIR") or os.devnull)
        self._installed = tuple(f"{os.path.realpath(prefix)}{os.sep}" for prefix in prefixes)

    def install(self) -> None:
        """Set the limits; they hold until the process ends."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for name, n_given in _CLOCKS.items():
            setattr(time, name, self._guarded(name, getattr(time, name), n_given))
        threading.Thread.start = self._starting(threading.Thread.start)
        for name in ("stat", "lstat", "access"):
            setattr(os, name, self._looking(getattr(os, name)))
        setattr(builtins, "__import__", self._importing(builtins.__import__))  # noqa: B010  # seen by every module
        importlib.import_module = self._importing(importlib.import_module)
        sys.addaudithook(self._hook)

    def shut(self) -> None:
        """Let the process open no further file, in any library."""
        if not self._is_shut:
            free = os.dup(0)  # the smallest number that is free
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, self._n_files[1]))
            self._is_shut = True

    def lift(self) -> None:
        """Let it open files again."""
        if self._is_shut:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._n_files)
            self._is_shut = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time in which the platform reads for own code."""
        was_on, was_shut, self.is_on = self.is_on, self._is_shut, False
        self.lift()
        try:
            yield
        finally:
            self.is_on = was_on
            if was_shut:
                self.shut()

    def is_shut_out(self, error: BaseException) -> bool:
        """Whether an exception says that a file could not be opened because of `shut`."""
        return isinstance(error, OSError) and (error.errno == errno.EMFILE or os.strerror(errno.EMFILE) in str(error))

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
        if self.found is None:
            self.found = f"{what}{self.where}"
            own = next(
                (frame for frame in _frames(sys._getframe(1)) if frame.f_code.co_filename in self.own_files), None
            )
            if own is not None:
                self.found_at = f"{self.own_files[own.f_code.co_filename]} line {own.f_lineno}"
        raise ContainedError(what)

    def _guarded(self, name: str, function: Any, n_given: int) -> Any:
        def clock(*args: Any) -> Any:
            is_read = not n_given or len(args) < n_given
            if self.is_on and is_read and sys._getframe(1).f_code.co_filename in self.own_files:
                self.refuse(f"calls time.{name}(): {self.basis}, not on a clock")
            return function(*args)

        return clock

    def _starting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def start(*args: Any) -> Any:
            if self.is_on and not self._n_importing:
                self.refuse(f"starts a thread: {self.unit} is computed in the thread that called it")
            return function(*args)

        return start

    def _looking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def look(path: Any, *args: Any, **options: Any) -> Any:
            if self.is_on and not isinstance(path, int) and self._asks_itself() and not self._is_installed(path):
                self.refuse(f"checks the path {os.fsdecode(path)}: {self.basis}, not on files")
            return function(path, *args, **options)

        return look

    def _importing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def load(*args: Any, **options: Any) -> Any:
            self._n_importing += 1
            try:
                return function(*args, **options)
            finally:
                self._n_importing -= 1
                if self.is_on and not self._n_importing:
                    self.shut()

        return load

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event in _LOADS or self._is_of_compiler(args):
            self.lift()
        elif event == "open":
            self._opened(args)
        elif event in _PROCESSES:
            self.refuse(f"starts a process ({event}): {self.unit} is computed in the process that called it")
        elif event in _SIGNALS:
            self.refuse(f"sends a signal ({event}): {self.unit} is computed in its own process")
        elif event == "sqlite3.connect" and args[0] != ":memory:":
            self.refuse(f"opens the database {os.fsdecode(args[0])}: {self.basis}, not on files")
        elif event in _NETWORK:
            self.refuse(f"opens a connection ({event}): {self.basis}")
        elif event in _CHANGES:
            self.refuse(f"{_CHANGES[event]} {args[0] if args else ''}: {self.unit} writes no file")
        elif event in ("os.listdir", "os.scandir"):
            if not self._is_importing() and not self._is_installed(args[0]):
                self.refuse(f"lists {args[0]}: {self.basis}, not on files")
            self.lift()

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
            self.lift()
            return
        if not text.startswith(_SYSTEM) and not self._is_installed(text):
            self.refuse(f"reads {text}: {self.basis}, not on files{self.advice}")
        self.lift()

    def _is_of_compiler(self, args: tuple[Any, ...]) -> bool:
        """Whether a path belongs to the engine's compiled code, for which the compiler looks before it loads it."""
        path = args[0] if args else None
        return isinstance(path, str) and path.startswith(self._compiled)

    def _asks_itself(self) -> bool:
        """Whether own code asks about a path, itself or by `pathlib` and `os.path`; libraries may do so."""
        names = ((frame, str(frame.f_globals.get("__name__"))) for frame in _frames(sys._getframe(2)))
        asking = next((frame for frame, name in names if name.partition(".")[0] not in _PATHS), None)
        return asking is not None and asking.f_code.co_filename in self.own_files

    def _is_importing(self) -> bool:
        """Whether an import statement is what asks: the machinery of imports looks through folders."""
        for frame in _frames(sys._getframe(2)):
            if frame.f_code.co_filename in self.own_files:
                return False
            if frame.f_code.co_filename.startswith(_IMPORTERS):
                return True
        return False

    def _is_installed(self, path: Any) -> bool:
        """Whether a path belongs to installed packages or this one, whose files are code."""
        if isinstance(path, int) or path is None:
            return False
        text = os.path.realpath(os.fsdecode(path))
        return f"{text}{os.sep}".startswith(self._installed) or text.endswith(".zip")


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def clock_in(source: str) -> tuple[int, str] | None:
    r"""Line and text of the first use of the machine's date or time in a source; None without one.

    >>> clock_in("import datetime as dt\nday = dt.date.today()")
    (2, 'dt.date.today()')
    >>> clock_in("import numpy as np\nday = np.datetime64('2024-01-01')")
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the import says so, with file and line
        return None
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {(one.asname or one.name).partition(".")[0] for node in imports for one in node.names}
    for node in ast.walk(tree):
        # A function given another name: `clock = datetime.now`.
        if isinstance(node, ast.Attribute) and node.attr in _NOW and _root(node) in imported:
            return node.lineno, ast.unparse(node)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        given = [*node.args, *(word.value for word in node.keywords)]
        texts = {arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
        is_word = name in ("datetime64", "Timestamp", "to_datetime") and texts & {"now", "today"}
        if is_word or (name in _NOW and (isinstance(node.func, ast.Attribute) or name in imported)):
            return node.lineno, ast.unparse(node)
    return None


def _root(node: ast.expr) -> str:
    """Name at the beginning of an expression such as `dt.datetime.now`; empty without one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
