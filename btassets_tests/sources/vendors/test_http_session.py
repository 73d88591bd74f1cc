"""The HTTP layer against a server on this machine: pace, retries, and answers that are none."""

import contextlib
import datetime as dt
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import format_datetime

import pytest

from btassets.errors import (
    EXIT_RATE_LIMITED,
    CredentialsError,
    RateLimitedError,
    SettingError,
    SourceUnreachableError,
)
from btassets.sources.vendors import http_session
from btassets.sources.vendors.http_session import BadAnswerError, HttpSession, TokenBucket
from btassets_tests.support.local_server import BROKEN, HTML, TOO_MANY, Answer, LocalServer, limited

KEY = "secret-key-0123456789"


class Sleeper:
    """A clock that advances only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(lambda _: Answer.of({"ok": [1, 2.5, None]})) as made:
        yield made


def session_of(server: LocalServer, sleeper: Sleeper | None = None, **options: float) -> HttpSession:
    sleeper = sleeper or Sleeper()
    headers = {"Authorization": f"Token {KEY}"}
    return HttpSession("vendor", server.url, headers, clock=sleeper.clock, sleep=sleeper.sleep, **options)


def test_an_answer(server: LocalServer) -> None:
    session = session_of(server)
    assert session.get_json("a/b", {"x": "1 2", "y": 3}) == {"ok": [1, 2.5, None]}
    request = server.requests[0]
    assert (request.path, request.query) == ("/a/b", {"x": "1 2", "y": "3"})
    assert request.headers["Authorization"] == f"Token {KEY}"
    assert request.headers["User-Agent"].startswith("btassets/")
    assert session.counts.n_requests == 1
    assert session.counts.n_bytes > 10


def test_500s_are_tried_again_with_growing_pauses(server: LocalServer) -> None:
    server.script = [BROKEN, Answer(b"", 503), Answer(b"bad gateway", 502)]
    sleeper = Sleeper()
    session = session_of(server, sleeper)
    assert session.get_json("x")["ok"]
    assert session.counts.n_retries == 3
    assert sleeper.naps == sorted(sleeper.naps)
    assert 0.4 < sum(sleeper.naps) < 10


def test_429_waits_as_long_as_it_says(server: LocalServer) -> None:
    at = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20), usegmt=True)
    server.script = [limited("7"), limited(at), limited("0")]
    sleeper = Sleeper()
    session = session_of(server, sleeper)
    assert session.get_json("x")["ok"]
    assert sleeper.naps[0] == 7
    assert 0 < sleeper.naps[1] <= 20
    assert session.counts.n_limited == 3


def test_a_long_retry_after_ends_the_run_and_nothing_more_is_asked(server: LocalServer) -> None:
    server.script = [limited("3600")]
    session = session_of(server)
    with pytest.raises(RateLimitedError, match=r"asking to wait 3600 s.*run the same command again"):
        session.get_json("x")
    with pytest.raises(RateLimitedError):
        session.get_json("y")
    assert server.n_requests == 1


def test_429_without_a_word_waits_through_a_minute_and_then_gives_up(server: LocalServer) -> None:
    server.script = [TOO_MANY] * 5
    sleeper = Sleeper()
    with pytest.raises(RateLimitedError) as caught:
        session_of(server, sleeper).get_json("x")
    assert sum(sleeper.naps) >= 60
    assert caught.value.exit_code == EXIT_RATE_LIMITED


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HTML, "HTML page instead of JSON"),
        (Answer(b'{"bars": [1, 2'), "truncated or broken after 14 bytes"),
        (Answer(b""), "empty response"),
        (Answer(b"  \n"), "empty response"),
        (Answer(b'{"a": "0123456789012345678901234567890123456789"}', is_cut=True), "was cut off"),
        (Answer(b"\xff\xfe{}"), "truncated or broken"),
        (Answer(b"[" * 100_000), "truncated or broken"),
    ],
)
def test_what_is_no_json_is_tried_again_and_then_named(server: LocalServer, answer: Answer, words: str) -> None:
    server.script = [answer] * 3
    assert session_of(server).get_json("x")["ok"]  # the fourth try
    server.script = [answer] * 5
    with pytest.raises(BadAnswerError, match=words) as caught:
        session_of(server).get_json("x")
    assert not caught.value.is_unknown


def test_unknown_is_not_tried_again(server: LocalServer) -> None:
    server.script = [Answer.of({"detail": "Not found."}, 404)]
    with pytest.raises(BadAnswerError, match="HTTP 404") as caught:
        session_of(server).get_json("x")
    assert caught.value.is_unknown
    assert server.n_requests == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_at_once_and_is_never_shown(server: LocalServer, status: int) -> None:
    server.script = [Answer.of({"message": f"key {KEY} is not valid"}, status)]
    with pytest.raises(CredentialsError) as caught:
        session_of(server).get_json("x")
    assert KEY not in str(caught.value)
    assert "***" in str(caught.value)
    assert server.n_requests == 1


def test_a_redirect_is_not_followed(server: LocalServer) -> None:
    server.script = [Answer(b"", 302, {"Location": "http://127.0.0.1:9/elsewhere"})]
    with pytest.raises(BadAnswerError, match="HTTP 302"):
        session_of(server).get_json("x")


def test_a_page_on_another_host_gets_no_key(server: LocalServer) -> None:
    with pytest.raises(BadAnswerError, match="another host"):
        session_of(server).get_json("http://127.0.0.2:1/next?cursor=1")
    assert server.n_requests == 0


def test_three_failures_in_a_row_stop_the_source(server: LocalServer) -> None:
    server.script = [BROKEN] * 15
    session = session_of(server)
    for _ in range(2):
        with pytest.raises(BadAnswerError):
            session.get_json("x")
    with pytest.raises(SourceUnreachableError, match="3 requests in a row failed"):
        session.get_json("x")


def test_nobody_listens() -> None:
    with LocalServer(lambda _: Answer.of({})) as server:
        url = server.url
    sleeper = Sleeper()
    session = HttpSession("vendor", url, clock=sleeper.clock, sleep=sleeper.sleep, n_tries=2)
    with pytest.raises(SourceUnreachableError, match=r"no connection to 127\.0\.0\.1"):
        session.get_json("x")


@pytest.mark.parametrize(
    "url",
    [
        "http://data.example.com",
        "ftp://127.0.0.1",
        "https://user:pw@example.com",
        "https://",
        "https://h/x?key=1",
        "no",
    ],
)
def test_addresses_that_would_leak_a_key_are_refused(url: str) -> None:
    with pytest.raises(SettingError) as caught:
        HttpSession("vendor", url)
    assert "pw" not in str(caught.value)


def test_the_bucket_keeps_the_pace() -> None:
    sleeper = Sleeper()
    bucket = TokenBucket(60.0, sleeper.clock, sleeper.sleep)
    for _ in range(66):
        bucket.take()
    assert sleeper.now == pytest.approx(60.0)
    free = TokenBucket(0.0, sleeper.clock, sleeper.sleep)
    assert free.take() == 0.0


def test_stops_survive_the_trip_between_processes() -> None:
    error = RateLimitedError("tiingo", "HTTP 429").after(3, 4)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert "(3 tickers read and kept, 4 left)" in str(again)
    assert isinstance(again, RateLimitedError)


class DrippingServer:
    """Sends the head of an answer, then a byte every 20 ms, forever."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.n_connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.n_connections += 1
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[")
                while True:
                    connection.sendall(b" ")
                    time.sleep(0.02)


def test_a_server_that_drips_meets_the_deadline_of_a_whole_answer() -> None:
    server = DrippingServer()
    session = HttpSession("vendor", server.url, timeout_s=0.1, n_tries=2, sleep=lambda _: None)
    started = time.monotonic()
    with pytest.raises(BadAnswerError, match=r"no complete response within 0.5 s"):
        session.get_json("x")
    assert time.monotonic() - started < 20
    assert server.n_connections == 2
    server.socket.close()


def test_an_answer_that_is_too_large_is_not_asked_for_again(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_session, "_MAX_ANSWER_BYTES", 1_000)
    server.script = [Answer.of(["x" * 2_000])]
    with pytest.raises(BadAnswerError, match="more than 1,000 bytes"):
        session_of(server).get_json("x")
    assert server.n_requests == 1
