"""Hide secrets in text that comes from outside: one function for errors, logs, tables and settings.

Belongs here: which text counts as a secret, in which spellings it can come back, and replacing it.
Does not belong here: reading keys for use (`btassets.sources`), deciding what is printed.

Three things are hidden: the values of secrets that this process knows (`remember`, and those of
environment variables whose name says that they hold one, `remember_environment`), the password of any
URL, and the value beside a name such as `apikey=` or `"password":`. Known values are found in every
spelling in which a server or a library may echo them: as they are, percent-encoded, base64 at any
offset, hexadecimal, and escaped for JSON or HTML; letter case is ignored.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"
"""What stands in place of a secret."""

_MIN_LENGTH = 3
_MIN_INSIDE_WORDS = 6
_MIN_BASE64_BYTES = 6
_MIN_CUT = 6

_SECRET_NAME = re.compile(
    r"(^|_)(API_?KEY|KEY|KEY_ID|ACCESS_KEY|SECRET|TOKEN|PASSWORD|PASSWD|PGPASSWORD|CREDENTIALS?|WEBHOOK)$",
    re.IGNORECASE,
)
_MIN_NAMED = 8
_URL_PASSWORD = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@\"'<>]*):([^\s\"'<>]*)@", re.IGNORECASE)
_NAMES = (
    r"api[-_]?key|apikey|access[-_]?token|auth[-_]?token|token|password|passwd|pwd|secret|client[-_]?secret|signature|"
    r"apca-api-[a-z-]+|x-api-key"
)
_NAMED = re.compile(rf"(?<![a-z0-9])((?:{_NAMES})=)([^\s&\"'<>;,)\\]+)", re.IGNORECASE)
_QUOTED = re.compile(rf"(?<![a-z0-9])((?:{_NAMES})(\\*[\"'])\s*:\s*\2)((?:(?!\2).)+)(\2)", re.IGNORECASE)
_HEADER = re.compile(
    r"(authorization\\*[\"']?\s*[:=]\s*\\*[\"']?(?:bearer |token |basic )?)([^\s\"'\\]+)", re.IGNORECASE
)
_X_HEADER = re.compile(r"((?:x-api-key|apca-api-[a-z-]+):\s*)([^\s\"'\\]+)", re.IGNORECASE)

_remembered: set[str] = set()


def remember(*secrets: str) -> None:
    """Add secrets of this process; each is hidden in all text that passes `mask` from now on.

    Parameters
    ----------
    secrets
        Values, without the words around them ("Bearer ..."). Empty ones are ignored.
    """
    _remembered.update(secret.strip() for secret in secrets if secret.strip())


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Text with every secret replaced by `***`.

    Parameters
    ----------
    text
        Anything that came from outside, or holds something that did.
    secrets
        More values to hide than those that the process knows.

    Notes
    -----
    Values of fewer than 6 characters are hidden only where they are a word of their own, and those of
    fewer than 3 not at all. A value that is cut off at the end of the text is hidden from its sixth
    character on.

    >>> mask("no answer from postgresql://reader:s3cret@host/market")
    'no answer from postgresql://reader:***@host/market'
    >>> mask("HTTP 403 (bad key a1b2c3d4e5)", ["a1b2c3d4e5"])
    'HTTP 403 (bad key ***)'
    """
    known = frozenset(_remembered).union(secrets)
    if known:
        pattern, forms = _compiled(known)
        text = pattern.sub(HIDDEN, text)
        text = _without_cut_end(text, forms)
    if "://" in text and "@" in text:
        text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    if "=" in text or ":" in text:
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        text = _QUOTED.sub(rf"\1{HIDDEN}\4", text)
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
        text = _X_HEADER.sub(rf"\1{HIDDEN}", text)
    return text


def masked_bytes(data: bytes) -> bytes:
    """Whole lines of a stream through `mask`; bytes that are no UTF-8 stay as they are."""
    return mask(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def mask_known(data: bytes) -> tuple[bytes, int]:
    """Bytes of a stream with known values hidden, and how many bytes at the end may begin another.

    The caller keeps that many bytes back until more arrive. Values that are no UTF-8 text of one line
    cannot be met in parts; everything else about a stream's text is `mask`'s.
    """
    known = frozenset(_remembered)
    if not known:
        return data, 0
    pattern, forms = _compiled(known)
    text = pattern.sub(HIDDEN, data.decode("utf-8", "surrogateescape"))
    masked = text.encode("utf-8", "surrogateescape")
    return masked, max((_begins(text, form, 1) for form in forms), default=0)


def remember_environment(environ: Mapping[str, str]) -> None:
    """Add the secrets of a process's environment; each program of ours calls it when it starts."""
    _remembered.update(environment_secrets(environ))


def environment_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Secrets among the values of an environment, chosen by their variables' names.

    A name that ends in KEY, KEY_ID, SECRET, TOKEN, PASSWORD, CREDENTIALS or WEBHOOK holds one of at
    least 8 characters; one of ours (BTASSETS_...) and PGPASSWORD of any length. An address holds its
    password.
    """
    found: set[str] = set()
    for name, raw in environ.items():
        value = raw.strip()
        if _SECRET_NAME.search(name):
            is_ours = name.startswith("BTASSETS_") or name == "PGPASSWORD"
            if is_ours or len(value) >= _MIN_NAMED:
                found.add(value)
        elif "://" in value and "@" in value:
            for match in _URL_PASSWORD.finditer(value):
                found.update({match[2], unquote(match[2])})
    return frozenset(secret for secret in found if secret)


@lru_cache(maxsize=64)
def _compiled(known: frozenset[str]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """One pattern over all spellings, longest first, and the spellings that may be met in parts."""
    patterns: dict[str, str] = {}
    for secret in known:
        if len(secret) < _MIN_LENGTH:
            continue
        for form in _spellings(secret):
            escaped = re.escape(form)
            is_whole_word = len(form) < _MIN_INSIDE_WORDS
            patterns[form] = rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])" if is_whole_word else escaped
    forms = sorted(patterns, key=len, reverse=True)
    joined = "|".join(patterns[form] for form in forms) or r"(?!)"
    return re.compile(joined, re.IGNORECASE), tuple(form.lower() for form in forms)


def _spellings(secret: str) -> set[str]:
    encoded = secret.encode("utf-8", "surrogateescape")
    escaped = json.dumps(secret)[1:-1]
    forms = {
        secret,
        quote(encoded, safe=""),
        quote(encoded),
        quote_plus(encoded),
        "".join(f"%{byte:02x}" for byte in encoded),
        quote(quote(encoded, safe=""), safe=""),
        escaped,
        json.dumps(escaped)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        repr(secret)[1:-1],
    }
    if len(encoded) >= _MIN_BASE64_BYTES:
        forms.add(encoded.hex())
        for offset in range(3):
            forms |= _base64_inside(encoded, offset)
    return forms


def _base64_inside(secret: bytes, offset: int) -> set[str]:
    """Characters that a secret gives in the base64 of a longer text, `offset` bytes after a multiple of 3.

    Only those that depend on no byte around it; the same text alone, with its padding, contains them.
    """
    first, last = -(-offset * 8 // 6), (offset + len(secret)) * 8 // 6
    padded = b"\0" * offset + secret + b"\0\0\0"
    return {
        coded[first:last] for coded in (base64.b64encode(padded).decode(), base64.urlsafe_b64encode(padded).decode())
    }


def _without_cut_end(text: str, forms: Iterable[str]) -> str:
    n_cut = max((_begins(text, form, _MIN_CUT) for form in forms), default=0)
    return text[: len(text) - n_cut] + HIDDEN if n_cut else text


def _begins(text: str, form: str, least: int) -> int:
    """How many characters at the end of `text` begin `form` without completing it; 0 below `least`."""
    end = text[-len(form) :].lower()
    for n in range(min(len(form) - 1, len(end)), least - 1, -1):
        if form.startswith(end[-n:]):
            return n
    return 0
