"""The request guard in front of Dagster's page and the reports: which requests pass, and the headers of every response.

Belongs here: the rules by which a request is refused, as an ASGI application around others. Does not
belong here: serving anything (`btassets.instance.web.application`, `btassets.instance.web.report_server`).

The page has no login, and access to it allows running code. Any web site visited by the user can send requests to a
loopback port, so the guard accepts only requests sent by the page itself, the user's address bar or a program without a
browser:

- Host is the printed loopback name and port, once: a foreign name that resolves to this machine (DNS rebinding) is
  refused, and so is a request without Host.
- A request with Origin or Sec-Fetch-Site comes from the page itself or from the address bar.
- Only POST with a JSON body changes anything: no form and no image can send one, and a script of another origin needs a
  CORS preflight, which is refused.
- `/graphql` accepts POST only; its GET is the query editor without a query.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

REPORTS_PATH = "/reports/"
"""Path of the page that redirects to the reports, which have their own origin."""

_PASS = "pass"  # noqa: S105  (a name in the query)
_ONCE = (
    b"host",
    b"origin",
    b"content-type",
    b"content-length",
    b"sec-fetch-site",
    b"sec-fetch-mode",
    b"sec-fetch-dest",
)
_METHODS = ("GET", "HEAD", "POST")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"frame-ancestors 'none'; form-action 'self'"),
)
_REFUSED_CSP = b"default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Response to a refused request."""

    status: HTTPStatus
    reason: str


def host_names(port: int) -> frozenset[str]:
    """Values of Host for a loopback port; browsers omit port 80.

    >>> sorted(host_names(3000))
    ['127.0.0.1:3000', '[::1]:3000', 'localhost:3000']
    """
    named = {f"{name}:{port}" for name in LOOPBACK_NAMES}
    return frozenset(named | set(LOOPBACK_NAMES) if port == 80 else named)


def refusal(scope: Scope, *, is_page: bool, passes: Iterable[str] = ()) -> Refusal | None:
    """Why a request is refused; None if it is accepted.

    Parameters
    ----------
    scope
        ASGI scope of an HTTP request or a WebSocket handshake.
    is_page
        True: Dagster's page; False: the read-only reports.
    passes
        Values of `pass` in the query with which the page redirects to the reports.
    """
    headers = _headers(scope)
    for name in _ONCE:
        if len(headers.get(name, ())) > 1:
            return Refusal(HTTPStatus.BAD_REQUEST, f"more than one {name.decode()} header")
    return (
        _wrong_host(scope, headers)
        or _wrong_path(scope)
        or _foreign(scope, headers, passes)
        or _wrong_method(scope, headers, is_page=is_page)
    )


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(bytes(name).lower(), []).append(bytes(value))
    return found


def _one(headers: Mapping[bytes, list[bytes]], name: bytes) -> str | None:
    values = headers.get(name)
    return values[0].decode("latin-1").strip() if values else None


def _wrong_host(scope: Scope, headers: Mapping[bytes, list[bytes]]) -> Refusal | None:
    host = _one(headers, b"host")
    if not host:
        return Refusal(HTTPStatus.BAD_REQUEST, "no Host")
    if host.lower() not in host_names(scope["server"][1]):
        return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this Host is not the printed address")
    return None


def _wrong_path(scope: Scope) -> Refusal | None:
    path = str(scope["path"])
    parts = path.replace("\\", "/").split("/")
    if not path.startswith("/") or path.startswith("//") or ".." in parts or not path.isprintable():
        return Refusal(HTTPStatus.BAD_REQUEST, "no such path")
    return None


def _foreign(scope: Scope, headers: Mapping[bytes, list[bytes]], passes: Iterable[str]) -> Refusal | None:
    origin, host = _one(headers, b"origin"), str(_one(headers, b"host"))
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return Refusal(HTTPStatus.FORBIDDEN, "a request of another origin")
    site = _one(headers, b"sec-fetch-site")
    if site is None or site.lower() in ("same-origin", "none"):
        return None
    if site.lower() == "same-site" and _is_passed(scope, headers, passes):
        return None
    advice = "; to open this address, type it into the address bar" if scope["type"] == "http" else ""
    return Refusal(HTTPStatus.FORBIDDEN, f"a request from another site or port{advice}")


def _is_passed(scope: Scope, headers: Mapping[bytes, list[bytes]], passes: Iterable[str]) -> bool:
    """Whether the page redirected the user: a top-level navigation with a secret value."""
    is_window = _one(headers, b"sec-fetch-mode") == "navigate" and _one(headers, b"sec-fetch-dest") == "document"
    given = parse_qs(scope["query_string"].decode("latin-1")).get(_PASS, [""])
    return is_window and len(given) == 1 and any(secrets.compare_digest(given[0], known) for known in passes)


def _wrong_method(scope: Scope, headers: Mapping[bytes, list[bytes]], *, is_page: bool) -> Refusal | None:
    is_graphql = str(scope["path"]).rstrip("/") == "/graphql"
    if scope["type"] == "websocket":
        known = is_page and is_graphql
        return None if known else Refusal(HTTPStatus.NOT_FOUND, "no such path")
    method = scope["method"]
    if method not in (_METHODS if is_page else ("GET", "HEAD")):
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed")
    if method == "POST":
        kind, _, parameters = str(_one(headers, b"content-type")).partition(";")
        is_json = kind.strip().lower() == "application/json"
        if not is_json or parameters.strip().lower().replace('"', "") not in ("", "charset=utf-8"):
            return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only application/json is accepted")
    elif is_graphql:
        accepts = str(_one(headers, b"accept"))
        if method == "HEAD" or "text/html" not in accepts or scope["query_string"]:
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "queries must be sent by POST with application/json")
    return None


class Door:
    """ASGI application that routes accepted requests to two others by port.

    Parameters
    ----------
    page
        Dagster's application.
    reports
        Application of the reports.
    page_port, reports_port
        Their ports; requests to any other are refused.
    """

    def __init__(self, page: Application, reports: Application, page_port: int, reports_port: int) -> None:
        self._applications = {page_port: page, reports_port: reports}
        self._page_port, self._reports_port = page_port, reports_port
        self._pass = secrets.token_urlsafe(24)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or forward it."""
        if scope["type"] == "lifespan":
            await self._applications[self._page_port](scope, receive, send)
            return
        send, port = _with_headers(send), (scope.get("server") or ("", None))[1]
        is_page = port == self._page_port
        if port not in self._applications:
            await refuse(scope, send, Refusal(HTTPStatus.MISDIRECTED_REQUEST, "no such port"))
            return
        refused = refusal(scope, is_page=is_page, passes=() if is_page else (self._pass,))
        if refused is not None:
            await refuse(scope, send, refused)
        elif is_page and scope["type"] == "http" and f"{scope['path']}/".startswith(REPORTS_PATH):
            await self._send_on(scope, send)
        else:
            await self._applications[port](scope, receive, send)

    async def _send_on(self, scope: Scope, send: Send) -> None:
        """Redirect to the reports, whose scripts must not share an origin with the page."""
        host = str(_one(_headers(scope), b"host")).rsplit(":", 1)[0]
        rest = quote(str(scope["path"])[len(REPORTS_PATH) :])
        address = f"http://{host}:{self._reports_port}/{rest}?{_PASS}={self._pass}"
        await answer(send, HTTPStatus.SEE_OTHER, b"", {b"location": address.encode("latin-1")})


async def refuse(scope: Scope, send: Send, refused: Refusal) -> None:
    """Answer a refused request; a WebSocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    text = f"{refused.status.value} {refused.status.phrase}: {refused.reason}\n".encode()
    await answer(send, refused.status, text, {b"connection": b"close", b"content-security-policy": _REFUSED_CSP})


async def answer(
    send: Send,
    status: HTTPStatus,
    body: bytes,
    headers: Mapping[bytes, bytes],
    *,
    kind: bytes = b"text/plain; charset=utf-8",
    is_head: bool = False,
) -> None:
    """Send one complete response; `is_head` omits the body."""
    own = {
        b"content-type": kind,
        b"content-length": str(len(body)).encode(),
        b"cache-control": b"no-store",
        b"referrer-policy": b"no-referrer",
        **headers,
    }
    begun = {"type": "http.response.start", "status": status.value, "headers": list(own.items())}
    await send(begun)
    await send({"type": "http.response.body", "body": b"" if is_head else body})


def _with_headers(send: Send) -> Send:
    """Add the guard's headers to every response; the response's own policy applies beside ours."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in _HEADERS if name != b"content-security-policy"}
            theirs = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
            message = {**message, "headers": [*theirs, *_HEADERS]}
        await send(message)

    return sending
