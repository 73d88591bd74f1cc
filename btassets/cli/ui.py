"""`ui`: the Dagster page, the daemon and the reports of a book, on the loopback only.

Belongs here: starting and stopping the processes as one group. Does not belong here: what the page
shows (`btassets.defs`).
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from btassets.book.book import Book, open_book
from btassets.cli.terminal import say, tell
from btassets.cli.where import folder_of
from btassets.errors import EXIT_BUG, BookBusyError, BtassetsError, UsageError
from btassets.instance.fork_server import WARM_RUNS
from btassets.storage.lock import book_lock

_HOST = "127.0.0.1"
LOG_NAME = "ui.log"
"""What page, daemon and runs say beyond their pages, in the instance's folder."""

_LOG_BYTES = 10_000_000
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_LOGS = ["--log-level", "warning"]


def command_ui(arguments: argparse.Namespace) -> int:
    """Serve until interrupted, then stop every process that was started."""
    # A shell's background job ignores Ctrl-C; children would inherit that, and Dagster's stop by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    book = open_book(folder_of(arguments))
    from btassets.arrivals.of_book import plan_ingest
    from btassets.defs.assets.page_numbers import REPORTS_URL
    from btassets.defs.launch import close_dead_runs
    from btassets.instance.dagster_home import open_instance
    from btassets.instance.ticker_ranges import register

    with open_instance(book.instance) as instance:
        close_dead_runs(instance)
        try:
            register(instance, plan_ingest(book).listed)
        except BtassetsError as error:
            tell(f"btassets: {error}")  # the page shows what there is; bars can come later
    ports = [] if arguments.no_page else [arguments.port, arguments.port + 1]
    for port in ports:
        _refuse_taken(port)
    if ports:
        os.environ[REPORTS_URL] = f"http://{_HOST}:{ports[1]}"
    children: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        is_daemon_ours = _is_daemon_ours(stack, book, is_needed=arguments.no_page)
        place = Path(stack.enter_context(TemporaryDirectory(prefix="btassets-")))
        stack.callback(_stop, children)
        workspace = ["-w", str(_serve_code(place, book, children))]
        if is_daemon_ours:
            children.append(_start("btassets.instance.daemon", ["run", *_LOGS, *workspace], book))
        if ports:
            words = ["-h", _HOST, "-p", str(ports[0]), *_LOGS, *workspace]
            children.append(_start("dagster_webserver", words, book))
            _serve_reports(book.reports, ports[1])
            _wait_for(ports[0], children[-1])
            say(f"page     http://{_HOST}:{ports[0]}")
            say(f"reports  http://{_HOST}:{ports[1]}/latest/report.html")
        say("Ctrl-C stops everything")
        sys.stdout.flush()
        return _watch(children, book)


def _serve_code(place: Path, book: Book, children: list[subprocess.Popen[bytes]]) -> Path:
    """Start the one process that page and daemon ask for definitions; return the workspace file that names it.

    Without it both would start their own, and the daemon a new one every minute. It listens on a socket
    in a folder of ours: whoever reaches it can run code.
    """
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    from btassets.defs.schedules import MODULE

    address = place / "code.sock"
    words = ["code-server", "start", "-m", MODULE, "--socket", str(address), "--location-name", MODULE, *_LOGS]
    children.append(_start("dagster", words, book, {WARM_RUNS: "1"}))
    workspace = place / "workspace.yaml"
    server = f"  - grpc_server: {{host: localhost, socket: {address}, location_name: {MODULE}}}\n"
    workspace.write_text(f"load_from:\n{server}", encoding="utf-8")
    client = DagsterGrpcClient(socket=str(address))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and children[-1].poll() is None:
        try:
            client.ping("")
        except DagsterUserCodeUnreachableError:
            time.sleep(0.1)
        else:
            break
    return workspace


def _is_daemon_ours(stack: ExitStack, book: Book, *, is_needed: bool) -> bool:
    """Take the place of the book's one daemon; False when another process has it and a page is enough."""
    try:
        stack.enter_context(book_lock(book.folder, "daemon", wait=False, name="daemon"))
    except BookBusyError as busy:
        if is_needed:
            raise UsageError(f"a daemon of this book runs already ({busy.holder})", "one is enough.") from busy
        tell(f"schedule and sensors are looked after already ({busy.holder}); this is the page alone")
        return False
    return True


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        # A page that was just stopped leaves connections behind that hold the port for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            problem = f"port {port} is taken by another program"
            raise UsageError(problem, "choose another with --port N (the reports use N+1).") from error


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    """Return when something answers at the port, or nothing ever will."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.1)


def _start(
    module: str, words: list[str], book: Book, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    environment = os.environ | {"BTASSETS_BOOK": str(book.folder)} | dict(environ or {})
    command = [sys.executable, "-m", module, *words]
    log = book.instance / LOG_NAME
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as file:
        # A session of its own: one signal to the group reaches the processes that it starts, too.
        return subprocess.Popen(  # noqa: S603  (our own interpreter and modules)
            command, env=environment, cwd=book.folder, start_new_session=True, stdout=file, stderr=file
        )


def _serve_reports(folder: Path, port: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
            """Say nothing: the terminal belongs to the runs."""

    server = ThreadingHTTPServer((_HOST, port), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _watch(children: list[subprocess.Popen[bytes]], book: Book) -> int:
    while True:
        for child in children:
            code = child.poll()
            if code is not None:
                tell(f"btassets: process {child.pid} ended with code {code}; {book.instance / LOG_NAME} tells why")
                return EXIT_BUG
        time.sleep(0.3)


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Stop page and daemon, then the code server and the runs in its session, then whatever is left."""
    deadline = time.monotonic() + _STOP_SECONDS
    # The code server waits for those that ask it: it is told last.
    for child in reversed(children):
        _signal_group(child, signal.SIGTERM)
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            tell(f"btassets: process {child.pid} did not stop; killed")
            _signal_group(child, signal.SIGKILL)
    for child in children:
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
