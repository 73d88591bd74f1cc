"""Nothing but the page itself, the address bar and programs without a browser passes the guard.

Belongs here: requests as bytes on a socket. A real browser: `btassets_tests/browser/test_foreign_page.py`.
"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from btassets.instance.web.web_door import host_names, refusal
from btassets_tests.support.door_server import Served, served_door, status_of

JSON = "Content-Type: application/json"
MUTATION = b'{"query": "mutation { launchRun }"}'
QUERY = "/graphql?query=mutation%7BlaunchRun%7D"
FOREIGN = ("Origin: http://evil.example", "Sec-Fetch-Site: cross-site")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    reports = tmp_path_factory.mktemp("book") / "reports"
    made = reports / "2021-04-21-base-0123456789ab"
    made.mkdir(parents=True)
    (made / "report.html").write_text("<p>report of the book")
    (reports / "latest").symlink_to(made.name)
    with served_door(reports) as door:
        yield door


@pytest.fixture(autouse=True)
def nothing_let_in_before(served: Served) -> None:
    served.let_in.clear()


def refused(served: Served, status: int, told: str) -> None:
    assert status in (400, 403, 404, 405, 415, 421), told
    assert "secret of the page" not in told
    assert "report of the book" not in told
    assert "access-control" not in told.lower()
    assert served.let_in == []


# ---- what is let in
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_printed_address_is_served(served: Served, name: str, version: str) -> None:
    told = served.talk([f"GET / HTTP/{version}", f"Host: {name}:{served.port}", "Connection: close"])
    assert status_of(told) == 200
    assert served.let_in == [("GET", "/", b"")]


@pytest.mark.parametrize(
    "headers",
    [
        (JSON,),
        ("Content-Type: Application/JSON; charset=UTF-8",),
        (JSON, "Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"),
    ],
)
def test_the_page_may_change_things(served: Served, headers: tuple[str, ...]) -> None:
    own = [header.replace("PORT", str(served.port)) for header in headers]
    status, told = served.ask("POST", "/graphql", *own, body=MUTATION)
    assert status == 200, told
    assert served.let_in == [("POST", "/graphql", MUTATION)]


def test_the_address_bar_opens_page_editor_and_reports(served: Served) -> None:
    bar = ("Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")
    for path in ("/", "/runs/abc", "/graphql", "/logs/run/compute_logs/step.err"):
        assert served.ask("GET", path, *bar)[0] == 200, path
    status, told = served.ask("GET", "/latest/report.html", *bar, port=served.reports_port)
    assert status == 200
    assert "report of the book" in told


def test_every_answer_has_the_headers(served: Served) -> None:
    answers = [
        served.ask("GET", "/")[1],
        served.ask("GET", "/", *FOREIGN)[1],
        served.ask("GET", "/reports/")[1],
        *(
            served.ask("GET", path, port=served.reports_port)[1]
            for path in ("/", "/latest/", "/latest/report.html", "/x")
        ),
    ]
    for told in answers:
        head = told.split("\r\n\r\n")[0].lower()
        assert "x-content-type-options: nosniff" in head
        assert head.count("x-frame-options:") == 1
        assert "x-frame-options: deny" in head
        assert "frame-ancestors 'none'" in head
        assert "cross-origin-resource-policy: same-origin" in head


# ---- what is not
WRONG_HOSTS = [
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:OTHER",
    "localhost:80",
    "localhost.:PORT",
    "127.0.0.1.evil.example:PORT",
    "evil.example@127.0.0.1:PORT",
    "127.0.0.1:PORT, evil.example",
    "127.1:PORT",
    "2130706433:PORT",
    "0.0.0.0:PORT",
    "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "127.0.0.1:0PORT",
    " ",
]


@pytest.mark.parametrize("host", WRONG_HOSTS)
@pytest.mark.parametrize("is_report", [False, True])
def test_another_host_is_refused(served: Served, host: str, *, is_report: bool) -> None:
    port = served.reports_port if is_report else served.port
    other = served.port if is_report else served.reports_port
    shown = host.replace("PORT", str(port)).replace("OTHER", str(other))
    path = "/latest/report.html" if is_report else "/"
    told = served.talk([f"GET {path} HTTP/1.1", f"Host: {shown}", "Connection: close"], port=port)
    refused(served, status_of(told), told)
    told = served.talk(
        ["POST /graphql HTTP/1.1", f"Host: {shown}", JSON, f"Content-Length: {len(MUTATION)}", "Connection: close"],
        MUTATION,
        port=port,
    )
    refused(served, status_of(told), told)


@pytest.mark.parametrize(
    "lines", [["GET / HTTP/1.1"], ["GET / HTTP/1.0"], ["GET /"], ["GET / HTTP/0.9"], ["GET / HTTP/2.0"]]
)
def test_no_host_is_refused(served: Served, lines: list[str]) -> None:
    told = served.talk(lines)
    assert "secret of the page" not in told
    assert status_of(told) in (0, 400)
    assert served.let_in == []


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("Host", "127.0.0.1:PORT", "evil.example"),
        ("Host", "evil.example", "127.0.0.1:PORT"),
        ("Host", "127.0.0.1:PORT", "127.0.0.1:PORT"),
        ("Origin", "http://127.0.0.1:PORT", "http://evil.example"),
        ("Sec-Fetch-Site", "same-origin", "cross-site"),
        ("Content-Type", "application/json", "text/plain"),
        ("Content-Type", "text/plain", "application/json"),
    ],
)
def test_a_header_given_twice_is_refused(served: Served, name: str, first: str, second: str) -> None:
    lines = [
        "POST /graphql HTTP/1.1",
        f"{name}: {first}",
        f"{name.upper()}: {second}",
        f"Content-Length: {len(MUTATION)}",
    ]
    lines += [
        f"{key}: {value}"
        for key, value in {"Host": "127.0.0.1:PORT", "Content-Type": "application/json"}.items()
        if key != name
    ]
    told = served.talk([line.replace("PORT", str(served.port)) for line in lines], MUTATION)
    refused(served, status_of(told), told)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:PORT/graphql",
        "http://evil.example/graphql",
        "//evil.example/graphql",
        "graphql",
        "*",
        "evil.example:443",
        "/../graphql",
        "/logs/../../btassets/toml",
        "/logs/%2e%2e/%2e%2e/btassets/toml",
        "/logs/..%2f..%2fbtassets/toml",
        "/logs/..\\..\\btassets/toml",
        "/logs/a%00/b",
    ],
)
def test_an_odd_target_is_refused(served: Served, target: str) -> None:
    for method in ("GET", "POST"):
        told = served.talk(
            [
                f"{method} {target.replace('PORT', str(served.port))} HTTP/1.1",
                f"Host: 127.0.0.1:{served.port}",
                JSON,
                f"Content-Length: {len(MUTATION)}",
                "Connection: close",
            ],
            MUTATION,
        )
        refused(served, status_of(told), told)


@pytest.mark.parametrize(
    "path",
    [QUERY, "/graphql/?query=mutation%7Ba%7D", "/%67raphql?query=mutation%7Ba%7D", "/graphql?query={a}", "/graphql?x"],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html", "image/avif,image/webp,*/*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_query_comes_by_address(served: Served, path: str, accept: str, method: str) -> None:
    refused(served, *served.ask(method, path, f"Accept: {accept}"))


def test_graphql_by_get_is_the_editor_alone(served: Served) -> None:
    refused(served, *served.ask("GET", "/graphql", "Accept: */*"))


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "text/plain; application/json",
        "text/plain;charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/graphql",
        "application/json-patch",
        "application/jsonx",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json; boundary=x",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/graphql", QUERY, "/report_asset_materialization/bars", "/"])
def test_only_json_is_posted(served: Served, kind: str | None, path: str) -> None:
    headers = [] if kind is None else [f"Content-Type: {kind}"]
    refused(served, *served.ask("POST", path, *headers, body=MUTATION))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    asked = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type", JSON)
    refused(served, *served.ask(method, "/graphql", *asked))
    refused(served, *served.ask(method, "/latest/report.html", *asked, port=served.reports_port))


ORIGINS = [
    "http://evil.example",
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:REPORTS",
    "https://127.0.0.1:PORT",
    "http://localhost:PORT",
    "http://127.0.0.1:PORT.evil.example",
    "file://",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_origin_is_refused(served: Served, origin: str) -> None:
    shown = origin.replace("PORT", str(served.port)).replace("REPORTS", str(served.reports_port))
    refused(served, *served.ask("POST", "/graphql", JSON, f"Origin: {shown}", body=MUTATION))
    refused(served, *served.ask("GET", "/", f"Origin: {shown}"))
    refused(served, *served.ask("GET", "/latest/report.html", f"Origin: {shown}", port=served.reports_port))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "else"])
@pytest.mark.parametrize("mode", ["no-cors", "cors", "navigate", "websocket"])
@pytest.mark.parametrize("dest", ["image", "script", "document", "iframe", "empty"])
def test_a_request_from_another_site_is_refused(served: Served, site: str, mode: str, dest: str) -> None:
    fetch = (f"Sec-Fetch-Site: {site}", f"Sec-Fetch-Mode: {mode}", f"Sec-Fetch-Dest: {dest}", "Sec-Fetch-User: ?1")
    refused(served, *served.ask("GET", "/", *fetch))
    refused(served, *served.ask("GET", "/reports/", *fetch))
    refused(served, *served.ask("POST", "/graphql", JSON, *fetch, body=MUTATION))
    refused(served, *served.ask("GET", "/latest/report.html?pass=guessed", *fetch, port=served.reports_port))
    refused(served, *served.ask("GET", "/", *fetch, port=served.reports_port))


def test_reports_are_only_read(served: Served) -> None:
    refused(served, *served.ask("POST", "/latest/report.html", JSON, body=MUTATION, port=served.reports_port))
    refused(served, *served.ask("POST", "/graphql", JSON, body=MUTATION, port=served.reports_port))


# ---- from the page to the reports
def test_the_page_sends_its_user_on_to_the_reports(served: Served) -> None:
    own = ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    status, told = served.ask("GET", "/reports/latest/report.html", *own)
    assert status == 303
    address = re.search(r"(?im)^location: http://127\.0\.0\.1:(\d+)(\S+)", told)
    assert address is not None
    assert int(address[1]) == served.reports_port
    # What the browser sends then: it still knows where the user came from.
    sent = ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    status, told = served.ask("GET", address[2], *sent, port=served.reports_port)
    assert status == 200
    assert "report of the book" in told
    # The same address inside another page's frame or as its image shows nothing.
    for other in ("iframe", "image", "object", "embed"):
        fetch = ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", f"Sec-Fetch-Dest: {other}")
        refused(served, *served.ask("GET", address[2], *fetch, port=served.reports_port))
    assert served.ask("GET", address[2], "Sec-Fetch-Site: cross-site", *sent[1:], port=served.reports_port)[0] == 403


def test_a_folder_of_a_report_keeps_the_pass(served: Served) -> None:
    _, told = served.ask("GET", "/reports/latest")
    address = re.search(r"(?im)^location: http://127\.0\.0\.1:\d+(\S+)", told)[1]
    status, told = served.ask("GET", address, port=served.reports_port)
    assert status == 303
    assert re.search(r"(?im)^location: /latest/report\.html\?pass=\S+", told)


# ---- WebSockets
def opened(served: Served, origin: str | None, path: str = "/graphql", port: int | None = None, **headers: str) -> str:
    url = f"ws://127.0.0.1:{port or served.port}{path}"
    with connect(url, origin=origin, additional_headers=headers, proxy=None) as socket:
        return str(socket.recv())


def test_the_page_may_subscribe(served: Served) -> None:
    assert opened(served, None) == "secret of the page"
    assert opened(served, f"http://127.0.0.1:{served.port}") == "secret of the page"


@pytest.mark.parametrize("origin", [origin for origin in ORIGINS if origin])
def test_another_origin_may_not_subscribe(served: Served, origin: str) -> None:
    shown = origin.replace("PORT", str(served.port)).replace("REPORTS", str(served.reports_port))
    with pytest.raises(InvalidStatus) as error:
        opened(served, shown)
    assert error.value.response.status_code == 403
    assert served.let_in == []


@pytest.mark.parametrize("host", [host for host in WRONG_HOSTS if host.strip()])
def test_a_subscription_under_another_host_is_refused(served: Served, host: str) -> None:
    lines = [
        "GET /graphql HTTP/1.1",
        f"Host: {host.replace('PORT', str(served.port)).replace('OTHER', str(served.reports_port))}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    told = served.talk(lines)
    assert status_of(told) not in (101, 200)
    assert served.let_in == []


@pytest.mark.parametrize(("path", "is_report"), [("/", False), ("/x", False), ("/graphql", True), ("/", True)])
def test_no_other_path_has_a_subscription(served: Served, path: str, *, is_report: bool) -> None:
    with pytest.raises(InvalidStatus):
        opened(served, None, path, served.reports_port if is_report else None)
    assert served.let_in == []


def test_a_subscription_from_another_site_is_refused(served: Served) -> None:
    with pytest.raises(InvalidStatus):
        opened(served, None, **{"Sec-Fetch-Site": "same-site"})
    assert served.let_in == []


# ---- the rules alone
_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    path=st.one_of(_TEXT, st.sampled_from(["/graphql", "/", "/logs/a.err"])),
    query=st.sampled_from([b"", b"query=mutation{a}"]),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"host", b"Host", b"origin", b"sec-fetch-site", b"content-type", b"accept"]),
            st.one_of(
                _TEXT.map(lambda text: text.encode("latin-1")),
                st.sampled_from([b"127.0.0.1:3000", b"http://127.0.0.1:3000", b"same-origin", b"application/json"]),
            ),
        ),
        max_size=6,
    ),
)
def test_what_is_let_in_keeps_every_rule(method, path, query, headers) -> None:
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query, "headers": headers,
        "server": ("127.0.0.1", 3000),
    }  # fmt: skip
    if refusal(scope, is_page=True) is not None:
        return
    given_headers = {name.lower(): value.decode("latin-1").strip().lower() for name, value in headers}
    assert given_headers[b"host"] in host_names(3000)
    assert given_headers.get(b"origin", f"http://{given_headers[b'host']}") == f"http://{given_headers[b'host']}"
    assert given_headers.get(b"sec-fetch-site", "none") in ("none", "same-origin")
    assert path.startswith("/")
    assert method != "PUT"
    assert method != "POST" or given_headers[b"content-type"].startswith("application/json")
    assert path.rstrip("/") != "/graphql" or method == "POST" or not query
