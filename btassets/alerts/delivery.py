"""One message to one destination: attempts with growing pauses, and why it was not accepted.

Belongs here: HTTP and SMTP, what is worth another attempt, secrets from the environment. Does not belong here: the
forms (`messages.py`), which facts are new (`ledger.py`).
"""

import os
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from btassets import __version__
from btassets.alerts.messages import Message, body_of, email_of, url_of
from btassets.masking import mask, remember
from btassets.settings.account_settings import AlertRule
from btassets.sources.vendors.http_session import is_this_machine, proxy_of

_MAX_WAIT_S = 20.0
"""A server that asks for a longer pause is tried again at a later tick."""

_MAX_REASON = 200


class _RefusedError(Exception):
    """One attempt failed; `wait_s` is the pause the server asks for."""

    def __init__(self, reason: str, *, is_final: bool = False, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.is_final, self.wait_s = is_final, wait_s


@dataclass(frozen=True)
class Delivery:
    """Result of a delivery.

    Attributes
    ----------
    is_accepted
        Whether the destination accepted the message.
    is_final
        Whether another attempt is of no use.
    n_tries
        Attempts made.
    reason
        Why it was not accepted, secrets masked; "" when it was.
    """

    is_accepted: bool
    is_final: bool
    n_tries: int
    reason: str = ""


def deliver(
    rule: AlertRule,
    message: Message,
    *,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    until: float | None = None,
) -> Delivery:
    """Send a message, with at most `rule.tries` attempts.

    Parameters
    ----------
    environ
        Holds the secret; None: the process's environment.
    until
        Time of `clock` after which no further attempt begins; None: no limit.
    """
    environ = os.environ if environ is None else environ
    secret = environ.get(rule.secret_env, "").strip() if rule.secret_env else ""
    if rule.secret_env and not secret:
        return Delivery(False, False, 0, f"the environment variable {rule.secret_env} is not set")  # noqa: FBT003
    _remember(secret)
    reason, pause = "", rule.pause_s
    for n in range(1, rule.tries + 1):
        try:
            _send(rule, message, secret)
        except _RefusedError as error:
            reason = mask(" ".join(str(error).split()), [secret] if secret else [])[:_MAX_REASON]
            wait = max(pause, error.wait_s or 0.0)
            is_out_of_time = until is not None and clock() + wait >= until
            if error.is_final or n == rule.tries or wait > _MAX_WAIT_S or is_out_of_time:
                return Delivery(False, error.is_final, n, reason)  # noqa: FBT003
            sleep(wait)
            pause *= 2.0
        else:
            return Delivery(True, True, n)  # noqa: FBT003
    return Delivery(False, False, rule.tries, reason)  # noqa: FBT003


def _remember(secret: str) -> None:
    """Hide a secret in all later text: the whole of it, and the path of a URL, which holds its token."""
    if not secret:
        return
    path = urlsplit(secret).path.strip("/") if "://" in secret else ""
    remember(secret, *(part for part in (path, path.rpartition("/")[2]) if len(part) >= 8))


def _send(rule: AlertRule, message: Message, secret: str) -> None:
    if rule.form == "smtp":
        _mail(rule, message, secret)
    else:
        _post(rule, message, secret)


def _post(rule: AlertRule, message: Message, secret: str) -> None:
    url = url_of(rule, secret)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise _RefusedError("the address is no URL", is_final=True) from error
    if parts.scheme not in ("http", "https") or not host:
        raise _RefusedError("the address is no http or https URL", is_final=True)
    if secret and parts.scheme == "http" and not is_this_machine(host):
        problem = "the address begins with http:; secrets are sent unencrypted only to this machine"
        raise _RefusedError(problem, is_final=True)
    timeout = urllib3.Timeout(connect=min(rule.timeout_s, 10.0), read=rule.timeout_s)
    proxy = proxy_of(f"{parts.scheme}://{parts.netloc}")
    pool = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
    try:
        answer = pool.request(
            "POST",
            url,
            json=body_of(rule, message),
            headers={"User-Agent": f"btassets/{__version__}"},
            timeout=timeout,
            retries=False,
            redirect=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise _RefusedError(f"{host}: {type(error).__name__}: {error}") from error
    finally:
        pool.clear()
    if 200 <= answer.status < 300:
        return
    said = " ".join(answer.data[:300].decode("utf-8", "replace").split())
    is_final = answer.status < 500 and answer.status not in (408, 425, 429)
    raise _RefusedError(
        f"{host} answered {answer.status} {said}".rstrip(),
        is_final=is_final,
        wait_s=_seconds(answer.headers.get("Retry-After")),
    )


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else max(float(text), 0.0)
    except ValueError:
        return None


def _mail(rule: AlertRule, message: Message, secret: str) -> None:
    context = ssl.create_default_context()
    try:
        server = (
            smtplib.SMTP_SSL(rule.host, rule.port, timeout=rule.timeout_s, context=context)
            if rule.tls == "tls"
            else smtplib.SMTP(rule.host, rule.port, timeout=rule.timeout_s)
        )
        with server:
            if rule.tls == "starttls":
                server.starttls(context=context)
            if rule.user:
                if rule.tls == "none" and not is_this_machine(rule.host):
                    problem = "tls is none; passwords are sent unencrypted only to this machine"
                    raise _RefusedError(problem, is_final=True)
                server.login(rule.user, secret)
            refused = server.send_message(email_of(rule, message))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _RefusedError(f"{rule.host} refused all recipients: {codes}", is_final=min(codes) >= 500) from error
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise _RefusedError(
            f"{rule.host} answered {error.smtp_code} {said}", is_final=error.smtp_code >= 500
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _RefusedError(f"{rule.host}: {error}", is_final=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _RefusedError(f"{rule.host}: {type(error).__name__}: {error}") from error
    if refused:
        # The others have it: another attempt would send it to them twice.
        raise _RefusedError(f"{rule.host} refused {', '.join(sorted(refused))}; the others have it", is_final=True)
