"""Matches ticker names as spelled by users with those of a source.

Belongs here: the known ticker for a given name. Does not belong here: the canonical spelling itself
(`sources.universe.ticker_names`), and the tickers of a source.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.sources.values.unreadable import UnreadableValueError

_Value = TypeVar("_Value")

_CLASS_BEFORE_SUFFIX = re.compile(r"(?<=[a-z0-9])[-/ ](?=[a-z](?:\.|$))")


def spelling_key(name: str) -> str:
    """Common key of all spellings of one ticker, ignoring case and the sign before a share class.

    >>> {spelling_key(name) for name in ("BRK-B", "BRK/B", "BRK B", " brk.b")}
    {'brk.b'}
    >>> spelling_key("NOVO-B.CO"), spelling_key("BTC-USD")
    ('novo.b.co', 'btc-usd')
    """
    return _CLASS_BEFORE_SUFFIX.sub(".", name.strip().casefold())


def read_ticker(value: Any) -> str:
    """Canonical spelling of one given name; "" for an empty value.

    Raises
    ------
    UnreadableValueError
        If the value is a number or a boolean: True is not a ticker, "TRUE" is one.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableValueError(f"ticker {value!r} is not text; tickers must be text (TRUE, 0700); write it as text")
    return canonical_ticker(value)


class TickerNames:
    """Known tickers, found under any of their spellings.

    Parameters
    ----------
    known
        Canonical names, e.g. those of a source.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = dict.fromkeys(known)
        by_key: dict[str, set[str]] = {}
        for name in self._known:
            by_key.setdefault(spelling_key(name), set()).add(name)
        self._by_key: Mapping[str, set[str]] = by_key

    def find(self, name: str) -> str | None:
        """The known ticker for `name`; None if there is none, or more than one."""
        canonical = canonical_ticker(name)
        if canonical in self._known:
            return canonical
        found = self._by_key.get(spelling_key(name), set())
        return next(iter(found)) if len(found) == 1 else None

    def or_canonical(self, name: str) -> str:
        """The known ticker for `name`, else its canonical spelling."""
        return self.find(name) or canonical_ticker(name)

    def near(self, name: str) -> str | None:
        """A known ticker similar to `name`; None without one."""
        close = difflib.get_close_matches(canonical_ticker(name), self._known, n=1)
        return close[0] if close else None


class BySpelling(Mapping[str, _Value]):
    """Values by ticker, found under any spelling of it; iterates over the given spellings.

    >>> by = BySpelling({"BRK-B": 1})
    >>> by["brk.b"], list(by), "BRK/A" in by
    (1, ['BRK-B'], False)
    """

    def __init__(self, values: Mapping[str, _Value]) -> None:
        self._values = dict(values)
        self._names = {spelling_key(name): name for name in self._values}

    def __getitem__(self, name: str) -> _Value:
        return self._values[self._names[spelling_key(name)]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
