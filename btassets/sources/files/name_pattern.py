"""Patterns of the part of a file's name or path that is the ticker.

Belongs here: patterns from names alone. Does not belong here: the rules of a ticker's name (`sources.universe`),
applying a pattern (`bar_folder.py`).
"""

import re
from collections.abc import Sequence

from btassets.sources.universe.ticker_names import ticker_of_stem, unsafe_reason

_MIN_STEMS = 3
_SIGNS = "-_ .=,"
_EXCHANGE_OR_CURRENCY = re.compile(r"[-.][A-Za-z]{1,4}")
_DATE_STEM = re.compile(r"\D*(?:19|20)\d{2}[-_.]?\d{2}[-_.]?\d{2}\D*")


def is_date(stem: str) -> bool:
    """Whether a name is that of a day.

    >>> is_date("bars_2020-01-02"), is_date("AAPL_D1")
    (True, False)
    """
    return _DATE_STEM.fullmatch(stem) is not None


def ticker_pattern(stems: Sequence[str]) -> str:
    r"""Pattern of the part of file names in which they differ; "" when the whole name is the ticker.

    A last part of up to four letters after a dot or dash is an exchange or a currency, and belongs to the ticker.

    Examples
    --------
    >>> ticker_pattern(["DA-AAPL-T-D1", "DA-MSFT-T-D1", "DA-X-T-D1"])
    '^DA-(.+)-T-D\\d$'
    >>> ticker_pattern(["AAPL_2020-01-02", "MSFT_2019-07-01", "X_2020-01-02"]), ticker_pattern(["A.DE", "B.DE", "C.DE"])
    ('^(.+)_\\d\\d\\d\\d-\\d\\d-\\d\\d$', '')
    """
    if len(stems) < _MIN_STEMS:
        return ""
    masked = [re.sub(r"[0-9]", "0", stem) for stem in stems]
    prefix = _common(stems)
    prefix = prefix[: max((prefix.rfind(sign) for sign in _SIGNS), default=-1) + 1]
    suffix = _common([stem[::-1] for stem in masked])[::-1]
    # Where several parts are common, the longest: from its first separator on.
    start = min((at for sign in _SIGNS if (at := suffix.find(sign)) >= 0), default=-1)
    suffix = suffix[start:] if start >= 0 else ""
    if _EXCHANGE_OR_CURRENCY.fullmatch(suffix):
        suffix = ""
    if not prefix and not suffix:
        return ""
    end = -len(suffix) if suffix else None
    tickers = [ticker_of_stem(stem[len(prefix) : end]) for stem in stems]
    if len({t.casefold() for t in tickers}) < len(tickers) or any(unsafe_reason(t) is not None for t in tickers):
        return ""
    escaped = (re.sub(r"\\([- _])", r"\1", re.escape(part)) for part in (prefix, suffix))
    before, after = escaped
    return f"^{before}(.+){after.replace('0', chr(92) + 'd')}$"


def _common(texts: Sequence[str]) -> str:
    """The letters with which all of them begin."""
    first, last = min(texts), max(texts)
    n = next((k for k, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:n]


def path_pattern(paths: Sequence[str]) -> str:
    r"""Pattern of the ticker in paths below a folder, without suffix; "" when no part of them differs in every path.

    The name of the file is preferred, then the folders from the first on; a day or a number is no ticker.

    Examples
    --------
    >>> path_pattern(["AAPL/daily", "MSFT/daily", "X/daily"]), path_pattern(["a/AAPL", "a/B", "b/C"])
    ('^([^/]+)/[^/]+$', '^[^/]+/([^/]+)$')
    >>> path_pattern(["ticker=A/part-0", "ticker=B/part-0", "ticker=C/part-0"]), path_pattern(["A/2019", "A/2020"])
    ('^ticker=([^/]+)/[^/]+$', '')
    """
    parts = [path.split("/") for path in paths]
    depths = {len(one) for one in parts}
    if len(depths) != 1:
        return (
            _inner(ticker_pattern(names) or "^(.+)$", "^(?:.*/)?", "$")
            if _are_tickers(names := [one[-1] for one in parts])
            else ""
        )
    depth = depths.pop()
    for at in (depth - 1, *range(depth - 1)):
        names = [one[at] for one in parts]
        inner = ticker_pattern(names)
        if inner or _are_tickers(names):
            before, after = "[^/]+/" * at, "/[^/]+" * (depth - 1 - at)
            return _inner(inner or "^(.+)$", f"^{before}", f"{after}$")
    return ""


def _inner(pattern: str, before: str, after: str) -> str:
    return before + pattern.removeprefix("^").removesuffix("$").replace("(.+)", "([^/]+)") + after


def _are_tickers(names: Sequence[str]) -> bool:
    tickers = [ticker_of_stem(name) for name in names]
    if len({t.casefold() for t in tickers}) < len(tickers) or any(unsafe_reason(t) is not None for t in tickers):
        return False
    return not all(name.isdigit() or is_date(name) for name in names)
