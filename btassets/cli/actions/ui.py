"""`ui`: the Dagster page, the daemon and the reports of a book, on the loopback only.

Belongs here: ports, the order in which programs start, what the terminal says meanwhile. Does not
belong here: the processes (`btassets.instance.processes.process_group`), the guard before page and reports
(`btassets.instance.web.web_door`), what the page shows (`btassets.defs`).
"""

import argparse
import errno
import json
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from btassets.book.book import Book, open_book
from btassets.cli.interrupts import ToldInterrupt
from btassets.cli.terminal import on_own_line, say, tell
from btassets.cli.where import folder_of
from btassets.errors import EXIT_BUG, BookBusyError, BtassetsError, UsageError
from btassets.storage.lock import book_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from btassets.instance.processes.process_group import Processes

_HOST = "127.0.0.1"
_MAX_PORT = 65_534
LOG_NAME = "ui.log"
"""Log of page, daemon and runs, in the instance's folder."""

_START_SECONDS = 300.0
"""Timeout for the start of a process: slow machines take a minute."""
_POLL_SECONDS = 0.1
_SAID_AFTER_SECONDS = 1.5
_LOGS = ["--log-level", "warning"]


def command_ui(arguments: argparse.Namespace) -> int:
    """Serve until interrupted, then stop every started process."""
    # A shell's background job ignores Ctrl-C; children would inherit that, and Dagster stops them with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    port = None if arguments.no_page else _checked_port(arguments.port)
    book = open_book(folder_of(arguments.book))
    try:
        return _serve(book, port)
    except KeyboardInterrupt:
        on_own_line("btassets: stopped; page, daemon and runs have ended. `btassets ui` starts them again.")
        raise ToldInterrupt from None


def _checked_port(port: int) -> int:
    if not 1 <= port <= _MAX_PORT:
        raise UsageError(f"--port {port}: a port is 1 to {_MAX_PORT} (the reports use the next one)", "choose another.")
    return port


def _serve(book: Book, port: int | None) -> int:
    with ExitStack() as stack:
        sockets = [] if port is None else [*_bound(stack, port), *_bound(stack, port + 1)]
        is_daemon_ours = _is_daemon_ours(book, is_needed=port is None)
        with _said("opening the book's instance"):
            _prepare(book)
        from btassets.instance.processes.process_group import Processes
        from btassets.instance.runs.dead_runs import socket_folder_prefix
        from btassets.storage.socket_folder import socket_folder

        place = stack.enter_context(socket_folder(socket_folder_prefix()))
        log, environ = book.instance / LOG_NAME, {"BTASSETS_BOOK": str(book.folder)}
        stack.callback(_close_runs, book)
        processes = stack.enter_context(Processes(book.folder, log, environ))
        workspace = _serve_code(place, processes)
        if is_daemon_ours:
            words = [str(book.folder), "run", *_LOGS, "-w", str(workspace)]
            processes.start("daemon", "btassets.instance.processes.daemon", words)
        if port is not None:
            _start_page(book, port, workspace, sockets, processes)
            say(f"page     http://{_HOST}:{port}")
            say(f"reports  http://{_HOST}:{port + 1}/latest/report.html")
        say("Ctrl-C stops everything")
        sys.stdout.flush()
        return _watch(processes, log, is_daemon_needed=port is None)


def _prepare(book: Book) -> None:
    """Close dead runs and add the source's tickers as partitions."""
    from btassets.arrivals.of_book import plan_ingest
    from btassets.instance.dagster_home import open_instance
    from btassets.instance.runs.dead_runs import close_dead_runs
    from btassets.instance.ticker_ranges import register

    with open_instance(book.instance) as instance:
        close_dead_runs(instance)
        try:
            register(instance, plan_ingest(book).listed)
        except BtassetsError as error:
            tell(f"btassets: {error}")  # the page shows existing data; bars can come later


def _close_runs(book: Book) -> None:
    """Close the runs that ended with the processes."""
    from btassets.instance.dagster_home import open_instance
    from btassets.instance.runs.dead_runs import close_dead_runs

    with open_instance(book.instance) as instance:
        n_closed = close_dead_runs(instance)
    if n_closed:
        tell(f"btassets: {n_closed} {'active run was' if n_closed == 1 else 'active runs were'} stopped; run again.")


def _serve_code(place: Path, processes: "Processes") -> Path:
    """Start the one code server shared by page and daemon; return the workspace file that names it.

    Without it both would start their own, and the daemon a new one every minute. It listens on a socket in a folder
    that only this user can enter, because access to it allows running code.
    """
    from btassets.defs.schedules import MODULE
    from btassets.instance.processes.code_server import is_serving
    from btassets.instance.processes.fork_server import WARM_RUNS

    address = place / "code.sock"
    words = ["start", "-m", MODULE, "--socket", str(address), "--location-name", MODULE, *_LOGS]
    child = processes.start(
        "code server", "btassets.instance.processes.code_server", words, {WARM_RUNS: "1", **_short(place)}
    )
    workspace = place / "workspace.yaml"
    socket_name = json.dumps(str(address))  # quoted: a folder's name may hold what YAML reads as something else
    server = f"  - grpc_server: {{host: localhost, socket: {socket_name}, location_name: {MODULE}}}\n"
    workspace.write_text(f"load_from:\n{server}", encoding="utf-8")
    with _said("loading the book's definitions"):
        _wait(lambda: child.poll() is not None or is_serving(address))
    return workspace


def _short(place: Path) -> dict[str, str]:
    """A temporary folder for Dagster's own server behind the code server, where the usual one leaves it no room."""
    import tempfile

    from btassets.storage.socket_folder import is_short

    return {} if is_short(tempfile.gettempdir()) else {"TMPDIR": str(place)}


def _start_page(book: Book, port: int, workspace: Path, sockets: list[socket.socket], processes: "Processes") -> None:
    fds = [each.fileno() for each in sockets]
    words = ["--book", str(book.folder), "--workspace", str(workspace), "--page", str(port), "--reports", str(port + 1)]
    words += ["--fds", ",".join(map(str, fds))]
    child = processes.start("page", "btassets.instance.web.application", words, None, *fds)
    with _said("starting the page"):
        _wait(lambda: child.poll() is not None or _answers(port))


def _answers(port: int) -> bool:
    try:
        # Bypass proxies from the environment.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{_HOST}:{port}/server_info", timeout=2.0) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def _said(what: str) -> "Iterator[None]":
    """Print the current wait on the terminal; one line for each step."""
    started = time.monotonic()
    tell(f"{what} ...")
    yield
    passed = time.monotonic() - started
    if passed > _SAID_AFTER_SECONDS:
        tell(f"{what}: {passed:.0f} s")


def _wait(is_over: Callable[[], bool]) -> None:
    """Return once the program answers, or has ended."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and not is_over():
        time.sleep(_POLL_SECONDS)


def _is_daemon_ours(book: Book, *, is_needed: bool) -> bool:
    """Whether this command starts the book's daemon; False if one is running and only a page is needed."""
    try:
        with book_lock(book.folder, "daemon", wait=False, name="daemon"):
            return True
    except BookBusyError as busy:
        _say_other_daemon(busy.holder, is_needed=is_needed)
        return False


def _say_other_daemon(holder: str, *, is_needed: bool) -> None:
    if is_needed:
        raise UsageError(f"a daemon of this book is already running ({holder})", "one daemon per book.")
    tell(f"a daemon already runs schedule and sensors ({holder}); this starts the page only")


def _bound(stack: ExitStack, port: int) -> list[socket.socket]:
    """Sockets of a port on the loopback, IPv4 and, if available, IPv6: `localhost` may mean either."""
    made: list[socket.socket] = []
    for family, host in ((socket.AF_INET, _HOST), (socket.AF_INET6, "::1")):
        try:
            made.append(stack.enter_context(socket.socket(family, socket.SOCK_STREAM)))
            # A page stopped just before leaves connections behind that hold the port for a minute.
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made[-1].bind((host, port))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno != errno.EADDRINUSE:
                made = made[:1]  # a machine without IPv6
                continue
            is_taken = error.errno == errno.EADDRINUSE
            problem = f"port {port} is in use by another program" if is_taken else f"port {port}: {error.strerror}"
            raise UsageError(problem, "choose another with --port N (the reports use N+1).") from error
    return made


def _watch(processes: "Processes", log: Path, *, is_daemon_needed: bool) -> int:
    from btassets.instance.processes.process_group import EXIT_OTHER_DAEMON

    while True:
        ended = processes.ended()
        if ended == ("daemon", EXIT_OTHER_DAEMON):  # another `ui` was faster
            _say_other_daemon("started meanwhile", is_needed=is_daemon_needed)
            processes.forget("daemon")
        elif ended is not None:
            name, code = ended
            tell(f"btassets: the {name} ended with code {code}; see {log}")
            return EXIT_BUG
        time.sleep(0.3)
