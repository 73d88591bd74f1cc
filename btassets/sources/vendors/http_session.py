"""HTTP requests to a vendor: paced, retried, bounded, and strict about JSON.

Belongs here: pace (token bucket), retries with `Retry-After`, timeouts, limits of a response. Does not belong here:
the meaning of a vendor's response.

Keys are sent in headers only; no message repeats a header or a query value. No key leaves for another host: redirects
are not followed, plain HTTP is refused beyond this machine.
"""

import ipaddress
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from btassets import __version__
from btassets.errors import CredentialsError, RateLimitedError, SettingError, SourceUnreachableError
from btassets.masking import mask, remember
from btassets.sources.vendors.json_fields import fields_once

RETRIED = (429, 500, 502, 503, 504)
"""Statuses worth a retry."""

_N_TRIES = 5
_MAX_BACKOFF_S = 30.0
_MAX_ANSWER_BYTES = 128_000_000
_FAILURES_IN_A_ROW = 3
_SHOWN = 120
_PIECE_BYTES = 262_144
_DEADLINE_TIMEOUTS = 5.0
"""Maximum time of a whole response, in multiples of the longest wait for one piece."""


class BadAnswerError(Exception):
    """One request has no usable response; the source adds the ticker.

    Parameters
    ----------
    status
        HTTP status; 0 without a response.
    problem
        Observed problem.
    """

    def __init__(self, status: int, problem: str) -> None:
        problem = mask(problem)
        super().__init__(status, problem)
        self.status, self.problem = status, problem

    def __str__(self) -> str:
        return self.problem

    @property
    def is_unknown(self) -> bool:
        """Whether the vendor reports that it does not exist."""
        return self.status in (400, 404, 422)


@dataclass(slots=True)
class HttpCounts:
    """Counts of a session so far."""

    n_requests: int = 0
    n_retries: int = 0
    n_limited: int = 0
    n_bytes: int = 0
    waited_s: float = 0.0


class TokenBucket:
    """Pace of requests: `per_minute` on average, with a small burst after a pause.

    Parameters
    ----------
    per_minute
        0: no limit.
    clock, sleep
        Clock in seconds, and a sleep function; tests pass their own.
    """

    def __init__(
        self,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate = per_minute / 60.0
        self._size = max(1.0, per_minute / 10.0)
        self._tokens = self._size
        self._clock, self._sleep = clock, sleep
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Wait until a request may go out; return the seconds waited."""
        if self._rate <= 0.0:
            return 0.0
        with self._lock:
            now = self._clock()
            self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
            self._at = now
            self._tokens -= 1.0
            wait = max(0.0, -self._tokens / self._rate)
        if wait:
            self._sleep(wait)
        return wait


class HttpSession:
    """Requests of one source; thread-safe.

    Parameters
    ----------
    source
        Kind of the source, for messages.
    base_url
        Scheme and host, with a path if the vendor is below one.
    headers
        Sent with every request; the key is one of them.
    calls_per_minute
        0: no limit of our own.
    timeout_s
        Longest wait for a connection and between two pieces of a response; a whole response may take five times as
        long.
    max_wait_s
        A longer `Retry-After` ends the run as rate-limited instead of sleeping through it.
    backoff_s
        First pause between tries without a `Retry-After`; it doubles.
    n_tries
        Attempts per response, including the first.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        calls_per_minute: float = 0.0,
        timeout_s: float = 30.0,
        max_wait_s: float = 60.0,
        backoff_s: float = 0.5,
        n_tries: int = _N_TRIES,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.source = source
        self.base_url = base_url.rstrip("/") + "/"
        self.counts = HttpCounts()
        self._origin = _checked_origin(self.base_url)
        self._max_wait_s, self._backoff_s, self._n_tries, self._sleep = max_wait_s, backoff_s, n_tries, sleep
        self._bucket = TokenBucket(calls_per_minute, clock, sleep)
        self._lock = threading.Lock()
        self._n_failed = 0
        self._limited: RateLimitedError | None = None
        remember(*(word for value in (headers or {}).values() for word in value.split() if len(word) > 5))
        agent = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"btassets/{__version__}",
        }
        options: dict[str, Any] = {
            "headers": {**agent, **(headers or {})},
            "timeout": urllib3.Timeout(connect=min(timeout_s, 10.0), read=timeout_s),
            "maxsize": 4,
            "retries": False,
        }
        proxy = proxy_of(self.base_url)
        self._deadline_s = _DEADLINE_TIMEOUTS * timeout_s
        self._pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)

    def get_json(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """Response of one GET request, parsed.

        Parameters
        ----------
        path
            Below `base_url`, or a complete URL on the same host (the next page).

        Raises
        ------
        BadAnswerError
            A response that stays unusable: another status, no JSON, truncated.
        RateLimitedError, SourceUnreachableError, CredentialsError
            The source as a whole has stopped; when rate-limited, every later call fails at once in the same way.
        """
        address = self._address(path, parameters)
        try:
            answer = self._tried(address)
        except BadAnswerError as error:
            if error.is_unknown:
                self._n_failed = 0
                raise
            with self._lock:
                self._n_failed += 1
                has_stopped = self._n_failed >= _FAILURES_IN_A_ROW
            if has_stopped:
                problem = f"{_FAILURES_IN_A_ROW} requests in a row failed, the last with: {error.problem}"
                raise SourceUnreachableError(self.source, problem) from error
            raise
        self._n_failed = 0
        return answer

    def _address(self, path: str, parameters: Mapping[str, str | int] | None) -> str:
        address = urljoin(self.base_url, path.lstrip("/") if "://" not in path else path)
        if _origin_of(address) != self._origin:
            host = urlsplit(address).hostname
            problem = f"the next page is on another host ({host}); the key is only sent to {self._origin[1]}"
            raise BadAnswerError(0, problem)
        return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}" if parameters else address

    def _tried(self, address: str) -> Any:
        pauses = urllib3.Retry(total=self._n_tries, backoff_factor=self._backoff_s, backoff_max=_MAX_BACKOFF_S)
        outcome = _Outcome(None, BadAnswerError(0, "no answer"), None)
        for turn in range(self._n_tries):
            if self._limited is not None:
                raise self._limited
            if turn:
                self.counts.n_retries += 1
            outcome = self._outcome(address, pauses)
            if outcome.problem is None:
                return outcome.answer
            status, wait = outcome.problem.status, outcome.wait_s
            if status in (401, 403):
                raise CredentialsError(self.source, f"it returned {outcome.problem}")
            if status not in (*RETRIED, 0, 200) or outcome.is_final:
                raise outcome.problem
            is_limited = status == 429
            self.counts.n_limited += is_limited
            if is_limited and wait is not None and wait > self._max_wait_s:
                break
            if turn + 1 < self._n_tries:
                pauses = pauses.increment("GET", address, error=urllib3.exceptions.ResponseError("again"))
                if wait is None:
                    # Quotas are usually per minute: after a 429 without Retry-After, wait through one in four steps.
                    wait = self._max_wait_s * (turn + 1) / 4 if is_limited else pauses.get_backoff_time()
                self._pause(min(wait, self._max_wait_s))
        raise self._last_word(outcome)

    def _last_word(self, outcome: "_Outcome") -> Exception:
        """Error for this request, or for the source as a whole, after the last attempt."""
        problem = outcome.problem or BadAnswerError(0, "no answer")
        if problem.status == 429:
            said = "" if outcome.wait_s is None else f", asking to wait {outcome.wait_s:.0f} s"
            self._limited = RateLimitedError(self.source, f"HTTP 429{said}")
            return self._limited
        return SourceUnreachableError(self.source, problem.problem) if outcome.is_unreachable else problem

    def _outcome(self, address: str, pauses: urllib3.Retry) -> "_Outcome":
        """One attempt: a response, or its problem."""
        body = b""
        try:
            status, retry_after, body = self._once(address)
            if status != 200:
                problem = BadAnswerError(status, f"HTTP {status}{self._said(body)}")
                return _Outcome(None, problem, _seconds(pauses, retry_after))
            return _Outcome(_parsed(body), None, None)
        except _NotJsonError as error:
            problem = BadAnswerError(200, f"{error}{self._said(body) if error.is_shown else ''}")
            return _Outcome(None, problem, None, is_final=error.is_final)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            problem = BadAnswerError(0, f"no connection to {self._origin[1]}:{self._origin[2]} ({_first(error)})")
            return _Outcome(None, problem, None, is_unreachable=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            what = str(error) if isinstance(error, TimeoutError) and error.args else type(error).__name__
            return _Outcome(None, BadAnswerError(0, f"the response was cut off ({what})"), None)

    def _once(self, address: str) -> tuple[int, str | None, bytes]:
        waited = self._bucket.take()
        with self._lock:
            self.counts.n_requests += 1
            self.counts.waited_s += waited
        response = self._pool.request("GET", address, redirect=False, preload_content=False)
        try:
            body = self._read(response)
        finally:
            response.release_conn()
        self.counts.n_bytes += len(body)
        return response.status, response.headers.get("Retry-After"), body

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """The whole response, within its deadline: a server may send a byte before each timeout, forever."""
        deadline = time.monotonic() + self._deadline_s
        parts: list[bytes] = []
        n_bytes = 0
        # One piece as it arrives: a read of a fixed size waits until that much is available.
        while part := response.read1(_PIECE_BYTES, decode_content=True):
            parts.append(part)
            n_bytes += len(part)
            if n_bytes > _MAX_ANSWER_BYTES:
                response.close()
                raise _NotJsonError(f"a response of more than {_MAX_ANSWER_BYTES:,} bytes", is_final=True)
            if time.monotonic() > deadline:
                response.close()
                raise TimeoutError(f"no complete response within {self._deadline_s:g} s")
        return b"".join(parts)

    def _said(self, body: bytes) -> str:
        """Start of a response's text, on one line and without the key."""
        text = " ".join(body[:2_000].decode("utf-8", "replace").split())
        return f" ({mask(text)[:_SHOWN]})" if text else ""

    def _pause(self, seconds: float) -> None:
        if seconds > 0.0:
            self.counts.waited_s += seconds
            self._sleep(seconds)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Result of one attempt: the parsed response, or a problem with the wait requested by the server."""

    answer: Any
    problem: BadAnswerError | None
    wait_s: float | None
    is_unreachable: bool = False
    is_final: bool = False


class _NotJsonError(Exception):
    """A response that is not JSON; `is_shown`: its first words are informative.

    `is_final`: another attempt would give the same.
    """

    def __init__(self, problem: str, *, is_shown: bool = False, is_final: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.is_shown, self.is_final = problem, is_shown, is_final

    def __str__(self) -> str:
        return self.problem


def _parsed(body: bytes) -> Any:
    if not (start := body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")):
        raise _NotJsonError("an empty response instead of JSON")
    if start.startswith(b"<"):
        raise _NotJsonError("an HTML page instead of JSON", is_shown=True)
    try:
        return json.loads(body, object_pairs_hook=fields_once)
    except (ValueError, RecursionError) as error:
        raise _NotJsonError(f"JSON that is truncated or broken after {len(body):,} bytes") from error


def _seconds(retry: urllib3.Retry, retry_after: str | None) -> float | None:
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry.parse_retry_after(retry_after)))
    except urllib3.exceptions.InvalidHeader:
        return None


def _first(error: Exception) -> str:
    cause = error.__cause__
    return str(getattr(cause, "strerror", None) or type(cause or error).__name__)


def _origin_of(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default


def _checked_origin(base_url: str) -> tuple[str, str, int | None]:
    rule = "must be a URL such as https://host, without user, password or query"
    try:
        parts = urlsplit(base_url)
        origin = _origin_of(base_url)
    except ValueError as error:
        raise SettingError("source.base_url", "...", rule, "settings") from error
    if parts.username or parts.password or parts.query or not parts.hostname or origin[0] not in ("http", "https"):
        raise SettingError("source.base_url", f"{origin[0]}://{origin[1]}", rule, "settings")
    if origin[0] == "http" and not is_this_machine(origin[1]):
        rule = "must begin with https: keys are sent unencrypted only to this machine"
        raise SettingError("source.base_url", f"{origin[0]}://{origin[1]}", rule, "settings")
    return origin


def is_this_machine(host: str) -> bool:
    """Whether a host is a loopback address or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def proxy_of(base_url: str) -> str | None:
    """Proxy from the environment for this URL; none for this machine itself."""
    scheme, host, _ = _origin_of(base_url)
    if is_this_machine(host) or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(scheme)
