"""Formatting of numbers and words in the report: one place, so that page, Markdown and tests agree.

Belongs here: text of one value. Does not belong here: rounding of results (they are already rounded), markup, tables.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any

MISSING = "-"
"""Text of a missing value; a zero is a result."""


def _fixed(digits: int, *, suffix: str = "", is_signed: bool = False) -> Callable[[Any], str]:
    spec = f"{'+' if is_signed else ''},.{digits}f"

    def text(value: Any) -> str:
        # Adding zero turns -0.0 into 0.0.
        return f"{round(value, digits) + 0.0:{spec}}{suffix}"

    return text


def _price(value: Any) -> str:
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:,.4f}"


def _yes_no(value: Any) -> str:
    return "yes" if value else "no"


def _words(value: Any) -> str:
    return str(value).replace("_", " ")


def _compact(value: Any) -> str:
    for size, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:,.1f}{sign}"
    return f"{value:,.0f}"


KINDS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "words": _words,
    "yes": _yes_no,
    "n": _fixed(0),
    "num1": _fixed(1),
    "num2": _fixed(2),
    "num4": _fixed(4),
    "sn": _fixed(0, is_signed=True),
    "snum1": _fixed(1, is_signed=True),
    "snum2": _fixed(2, is_signed=True),
    "snum4": _fixed(4, is_signed=True),
    "usd": _fixed(2),
    "usd0": _fixed(0),
    "compact": _compact,
    "price": _price,
    "pct": _fixed(1, suffix="%"),
    "spct": _fixed(1, suffix="%", is_signed=True),
    "pct2": _fixed(2, suffix="%"),
    "pct0": _fixed(0, suffix="%"),
    "points": _fixed(1, is_signed=True),
    "r2": _fixed(2, suffix="R", is_signed=True),
    "r3": _fixed(3, suffix="R", is_signed=True),
    "r4": _fixed(4, suffix="R", is_signed=True),
    "g": lambda value: f"{value:g}",
}
"""Format of each kind of value; R multiples are signed, money and counts have commas."""


def shown(value: Any, kind: str = "text") -> str:
    """Plain text of a value.

    >>> shown(0.041, "r3"), shown(9695, "n"), shown(None, "pct")
    ('+0.041R', '9,695', '-')
    """
    if value is None or value == "":
        return MISSING
    return KINDS[kind](value)


def exit_words(name: str | None) -> str:
    """Exit rule in words.

    >>> exit_words("hold"), exit_words("hold_30"), exit_words("target"), exit_words(None)
    ('fixed hold', 'hold of 30 sessions', 'target exit', 'no portfolio')
    """
    if name is None:
        return "no portfolio"
    if name.startswith("hold_"):
        return f"hold of {name.removeprefix('hold_')} sessions"
    return "fixed hold" if name == "hold" else f"{name} exit"


def price_words(basis: str) -> str:
    """Price basis in words.

    >>> price_words("total")
    'adjusted for splits and dividends'
    """
    return {"total": "adjusted for splits and dividends", "split": "adjusted for splits", "raw": "as traded"}[basis]


def html(value: Any, kind: str = "text") -> str:
    """Text of a value, safe inside HTML and in its attributes."""
    return escape(shown(value, kind), quote=True)


_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def prose(text: object) -> str:
    """A sentence, safe inside HTML, with unbreakable dates."""
    return _DATE.sub(r'<span class="date">\g<0></span>', esc(text))


def esc(text: object) -> str:
    """Any text, safe inside HTML and in its attributes."""
    return escape(str(text), quote=True)
