"""`python -m btassets.instance.web.application`: Dagster's web application and the reports behind the guard.

Belongs here: building the application as Dagster's own command does, and serving it. Does not belong
here: who may ask (`btassets.instance.web.web_door`).
"""

import argparse
import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._utils.interrupts import setup_interrupt_handlers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from btassets.instance.processes.tied import tie_to_parent
from btassets.instance.web.report_server import ReportServer
from btassets.instance.web.web_door import Application, Door
from btassets.masking import remember_environment

# The same as in Dagster's command.
_DB_TIMEOUT_MS, _DB_RECYCLE_SECONDS, _DB_OVERFLOW = 15_000, 3_600, 20
_POLL_MS = 2_000


@contextlib.asynccontextmanager
async def _lifespan(_app: object) -> AsyncIterator[None]:
    with contextlib.suppress(asyncio.CancelledError):  # a signal ends the server
        yield


def serve(door: Application, sockets: list[socket.socket]) -> None:
    """Serve an application on bound sockets, until a signal.

    The plain parser (h11) rejects a second Host and other malformed requests before they reach the guard.
    """
    config = uvicorn.Config(
        door, log_level="warning", http="h11", proxy_headers=False, server_header=False, lifespan="on"
    )
    uvicorn.Server(config).run(sockets=sockets)


def main() -> None:
    """Serve the book in `--book` on sockets bound by the parent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--book", type=Path, required=True)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--page", type=int, required=True, metavar="PORT")
    parser.add_argument("--reports", type=int, required=True, metavar="PORT")
    parser.add_argument("--fds", required=True, help="numbers of the bound sockets, separated by commas")
    given = parser.parse_args()
    remember_environment(os.environ)
    setup_interrupt_handlers()
    sockets = [socket.socket(fileno=int(number)) for number in given.fds.split(",")]
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(_DB_TIMEOUT_MS, _DB_RECYCLE_SECONDS, _DB_OVERFLOW)
        target = WorkspaceFileTarget([given.workspace])
        with WorkspaceProcessContext(instance, target, version=__version__) as context:
            page = create_app_from_workspace_process_context(context, "", _POLL_MS, lifespan=_lifespan)
            reports = ReportServer(given.book / "reports", given.book.name)
            serve(Door(page, reports, given.page, given.reports), sockets)


if __name__ == "__main__":
    tie_to_parent()
    main()
