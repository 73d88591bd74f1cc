"""Local servers that receive alerts: HTTP and SMTP, of the standard library, with scripted refusals.

Belongs here: keeping what was received, and answering as scripted. Does not belong here: what must have been received.
"""

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Heard:
    """What a server received; `answers` are used up one by one, then everything is accepted."""

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self, usual: Any) -> Any:
        return self.answers.pop(0) if self.answers else usual


@contextmanager
def _served(server: socketserver.BaseServer, heard: Heard) -> Iterator[Heard]:
    heard.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        heard.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def web_server() -> Iterator[Heard]:
    """Answers: a status, a pair of status and headers, or "silence" for none until the end of the test."""
    heard = Heard()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.posts.append((self.path, body))
            heard.headers.append(dict(self.headers))
            answer = heard.next_answer(200)
            if answer == "silence":
                heard.released.wait(60.0)
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    with _served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler), heard) as server:
        yield server


@contextmanager
def mail_server() -> Iterator[Heard]:
    """Answers: reply lines to the end of a message, e.g. "451 busy"; "silence" at the greeting."""
    heard = Heard()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            if heard.answers[:1] == ["silence"]:
                heard.answers.pop(0)
                heard.released.wait(60.0)
                return
            self.say("220 local")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "EHLO":
                    self.say("250-local")
                    self.say("250 AUTH PLAIN")
                elif word == "AUTH":
                    heard.logins.append(line)
                    self.say("235 ok")
                elif word == "DATA":
                    self.say("354 go")
                    heard.mails.append(self.mail())
                    self.say(heard.next_answer("250 ok"))
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                elif word == "RCPT" and "nobody" in line:
                    self.say("550 no such user")
                else:
                    self.say("250 ok")

        def mail(self) -> str:
            lines: list[str] = []
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                lines.append(line)
            return "\n".join(lines)

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler), heard) as server:
        yield server


def add_rule(folder: Path, **values: Any) -> None:
    """Add a table [[alerts]] to the settings of a book."""
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    with (folder / "btassets.toml").open("a") as file:
        file.write(f"\n[[alerts]]\n{lines}")
