"""Spelling of tickers, and their conversion to file names and back.

Belongs here: the canonical dot-class spelling, rule Q2 (safe names), the escaping of file names. Does not belong here:
the tickers of a source.

A ticker is text, always: TRUE, NAN, NULL and CON are tickers.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

MAX_TICKER_LENGTH = 32

_SAFE = re.compile(r"\^?[A-Za-z0-9](?:[A-Za-z0-9.^=_&+$#!*~:@-]*[A-Za-z0-9_^=&+$#!*~])?")
_CLASS = re.compile(r"([A-Za-z0-9]+)[-/]([A-Za-z])")
# Names reserved by Windows for devices, with any extension.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)


def canonical_ticker(name: str) -> str:
    """Spell a share class with a dot; everything else is unchanged, including case.

    A class is one letter after a dash or a slash, so BRK-B becomes BRK.B and BTC-USD stays.

    Examples
    --------
    >>> [canonical_ticker(name) for name in ("BRK-B", "BF/B", " BRK.B ", "BTC-USD", "TRUE")]
    ['BRK.B', 'BF.B', 'BRK.B', 'BTC-USD', 'TRUE']
    """
    text = name.strip()
    found = _CLASS.fullmatch(text)
    return f"{found[1]}.{found[2]}" if found else text


def unsafe_reason(ticker: str) -> str | None:
    """Why a ticker is not a safe name (rule Q2); None if it is.

    Examples
    --------
    >>> unsafe_reason("BRK.B") is None
    True
    >>> unsafe_reason("../x")
    "the name '../x' has characters beyond letters, digits and . - _ = ^ & + $ # ! * ~ : @"
    """
    if not ticker:
        return "the name is empty"
    if len(ticker) > MAX_TICKER_LENGTH:
        return f"the name {ticker[:MAX_TICKER_LENGTH]!r}... is longer than {MAX_TICKER_LENGTH} characters"
    if _SAFE.fullmatch(ticker) is None or ".." in ticker:
        return f"the name {ticker!r} has characters other than letters, digits and . - _ = ^ & + $ # ! * ~ : @"
    return None


def case_collisions(tickers: Iterable[str]) -> dict[str, list[str]]:
    """Map each ticker that differs from another only in case to all spellings, sorted.

    Examples
    --------
    >>> case_collisions(["AAPL", "aapl", "MSFT"])
    {'AAPL': ['AAPL', 'aapl'], 'aapl': ['AAPL', 'aapl']}
    """
    spellings: dict[str, list[str]] = {}
    for ticker in sorted(set(tickers)):
        spellings.setdefault(ticker.casefold(), []).append(ticker)
    return {name: group for group in spellings.values() if len(group) > 1 for name in group}


def file_stem(ticker: str) -> str:
    """Escape a ticker into a file name without extension that is valid on every file system.

    Anything but letters, digits, dot, dash and underscore is percent-encoded, and so is the first letter of a name
    reserved by Windows.

    Examples
    --------
    >>> [file_stem(ticker) for ticker in ("BRK.B", "CON", "^GSPC", "ES=F")]
    ['BRK.B', '%43ON', '%5EGSPC', 'ES%3DF']
    """
    stem = quote(ticker, safe="").replace("~", "%7E")
    if _DEVICE.match(stem) or stem.startswith("."):
        stem = f"%{ord(stem[0]):02X}{stem[1:]}"
    return f"{stem[:-1]}%2E" if stem.endswith(".") else stem


def ticker_of_stem(stem: str) -> str:
    """Undo `file_stem` and spell the ticker canonically.

    Examples
    --------
    >>> [ticker_of_stem(stem) for stem in ("%43ON", "BRK-B", "AAPL")]
    ['CON', 'BRK.B', 'AAPL']
    """
    return canonical_ticker(unquote(stem))
