"""Mask secrets in text from outside: one function for errors, logs, tables and settings.

Belongs here: which text counts as a secret, its encodings, and its replacement. Does not belong here: reading keys for
use (`btassets.sources`), deciding what is printed.

Three kinds of secrets are masked: known values (`remember`, and those of environment variables with telling names,
`remember_environment`), the password of any URL, and the value beside a name such as `apikey=` or `"password":`. Known
values are found in every encoding in which a server or a library may echo them: plain, percent-encoded, base64 at any
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
"""Replacement of a secret."""

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

_HINTS = (
    *("apikey", "api-key", "api_key", "token", "password", "passwd", "pwd", "secret", "signature", "apca-api-"),
    "authorization",
)
"""In lower case, a part of every name that the patterns above look for: most text has none, and is not searched."""

_remembered: set[str] = set()


def remember(*secrets: str) -> None:
    """Add secrets of this process; `mask` hides them in all later text.

    Parameters
    ----------
    secrets
        Values without the surrounding words ("Bearer ..."). Empty ones are ignored.
    """
    _remembered.update(secret.strip() for secret in secrets if secret.strip())


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Text with every secret replaced by `***`.

    Parameters
    ----------
    text
        Text that came from outside, or contains such text.
    secrets
        Further values to hide.

    Notes
    -----
    Values of fewer than 6 characters are hidden only as a separate word, and those of fewer than 3 not at all. A value
    truncated at the end of the text is hidden from its sixth character on.

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
    if ("=" in text or ":" in text) and _may_name_a_secret(text):
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        text = _QUOTED.sub(rf"\1{HIDDEN}\4", text)
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
        text = _X_HEADER.sub(rf"\1{HIDDEN}", text)
    return text


def _may_name_a_secret(text: str) -> bool:
    """False if none of the patterns by name can match."""
    if not text.isascii():
        return True  # a pattern that ignores case also takes the long s (U+017F) for s
    lower = text.lower()
    return any(hint in lower for hint in _HINTS)


def masked_bytes(data: bytes) -> bytes:
    """Lines of a stream through `mask`; bytes that are not UTF-8 are left unchanged."""
    return mask(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def mask_known(data: bytes) -> tuple[bytes, int]:
    """Bytes of a stream with known values hidden, and how many bytes at the end may begin another value.

    The caller holds back that many bytes until more arrive. Values that are not one line of UTF-8 text are not detected
    in parts; `mask` handles all other cases.
    """
    known = frozenset(_remembered)
    if not known:
        return data, 0
    pattern, forms = _compiled(known)
    text = pattern.sub(HIDDEN, data.decode("utf-8", "surrogateescape"))
    masked = text.encode("utf-8", "surrogateescape")
    return masked, max((_begins(text, form, 1) for form in forms), default=0)


def remember_environment(environ: Mapping[str, str]) -> None:
    """Add the secrets of a process's environment; each of our programs calls it at start."""
    _remembered.update(environment_secrets(environ))


def environment_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Secrets among the values of an environment, chosen by their variables' names.

    Names that end in KEY, KEY_ID, SECRET, TOKEN, PASSWORD, CREDENTIALS or WEBHOOK hold a secret of at least 8
    characters; ours (BTASSETS_...) and PGPASSWORD one of any length. A URL holds its password.
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
    """One pattern over all encodings, longest first, and the encodings that may be split across reads."""
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
    """Characters of a secret inside the base64 of a longer text, `offset` bytes after a multiple of 3.

    Only those that do not depend on surrounding bytes; the base64 of the secret alone, with its padding, contains them.
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
