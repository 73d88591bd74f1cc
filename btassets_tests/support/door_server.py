"""A guard with a page and reports behind it, served in this process, and a plain socket to talk to it.

The page behind the guard is a stand-in that answers everything and remembers it: a test sees what was let in.
"""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from btassets.instance.web.report_server import ReportServer
from btassets.instance.web.web_door import Door
from btassets_tests.support.running_page import free_port


@dataclass
class Served:
    """Ports of a served door, and what came through it to the page: method or "WS", path, body."""

    port: int
    let_in: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def reports_port(self) -> int:
        return self.port + 1

    def talk(self, lines: list[str], body: bytes = b"", *, port: int | None = None, end: str = "\r\n") -> str:
        """Send a request as written and return all that is answered."""
        data = "".join(line + end for line in lines).encode("latin-1") + end.encode() + body
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=20) as connection:
            connection.sendall(data)
            parts = []
            with contextlib.suppress(ConnectionResetError):
                while part := connection.recv(1 << 16):
                    parts.append(part)
        return b"".join(parts).decode("latin-1")

    def ask(
        self, method: str, path: str, *headers: str, body: bytes = b"", port: int | None = None, version: str = "1.1"
    ) -> tuple[int, str]:
        """Status and whole answer of a request with a right Host beside `headers`."""
        lines = [f"{method} {path} HTTP/{version}", f"Host: 127.0.0.1:{port or self.port}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        told = self.talk([*lines, "Connection: close"], body, port=port)
        return status_of(told), told


def status_of(told: str) -> int:
    """Status of an answer; 0 when there was none."""
    return int(told.split(" ", 2)[1]) if told.startswith("HTTP/") else 0


async def _page(served: Served, scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        served.let_in.append(("WS", scope["path"], b""))
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        await send({"type": "websocket.send", "text": "secret of the page"})
        await send({"type": "websocket.close", "code": 1000})
        return
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body, is_more = body + message.get("body", b""), message.get("more_body", False)
    served.let_in.append((scope["method"], scope["path"], body))
    text = json.dumps({"secret": "secret of the page"}).encode()
    kind = b"text/html" if scope["path"] == "/" else b"application/json"
    headers = [(b"content-type", kind), (b"content-length", str(len(text)).encode()), (b"x-frame-options", b"ALLOW")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@contextlib.contextmanager
def served_door(reports: Path, *, is_open: bool = False) -> Iterator[Served]:
    """Serve a guard over a stand-in page and a reports folder, as `btassets.instance.web.application` does.

    `is_open`: the page without the guard, to see that an attack would reach it.
    """
    served = Served(free_port())

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await _page(served, scope, receive, send)

    door = Door(page, ReportServer(reports, "a <book>"), served.port, served.reports_port)
    sockets = []
    for port in (served.port, served.reports_port):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with contextlib.suppress(OSError):
                made = socket.socket(family, socket.SOCK_STREAM)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.bind((host, port))
                sockets.append(made)
    shown = page if is_open else door
    config = uvicorn.Config(shown, log_level="error", http="h11", proxy_headers=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=sockets)), daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline, "the guard was not served within a minute"
        time.sleep(0.02)
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join(30)
        for made in sockets:
            made.close()
