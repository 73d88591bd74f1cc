"""Decorators with which own code declares its signals, setup rules and stages.

Belongs here: names, bounds and the list of what a module declared. Does not belong here: calling the functions
(`child.py`). It imports nothing heavy: every file of `own/` imports it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

MAX_LOOKBACK = 1260
"""Longest lookback of an own signal, bars: five years."""

RULE = "setup_rule"
"""Form of a setup rule."""

STAGE = "stage"
"""Form of a stage."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Declared:
    """One signal, setup rule or stage as own code declares it.

    Attributes
    ----------
    name
        Name in tables and report.
    form
        `window` (one ticker's bars), `cross_section` (all tickers of one as-of date), `setup_rule` or `stage`.
    function
        Called once per as-of row or as-of date.
    lookback
        Bars before the as-of bar that the function reads; a row with fewer has no value.
    sign
        Sign of the rank correlation with the next returns that the author expects; of a rule 1.
    label, description
        Label on the report's page, and meaning of a value.
    """

    name: str
    form: str
    function: Callable[..., Any]
    lookback: int
    sign: int
    label: str
    description: str
    min_lookback: int | None = None
    """Of a rule: bars before the as-of bar below which it is not called; None: `lookback`."""

    @property
    def least(self) -> int:
        """Bars before the as-of bar below which it is not called."""
        return self.lookback if self.min_lookback is None else self.min_lookback


_declared: list[Declared] = []


def take_declared() -> list[Declared]:
    """Signals, rules and stages declared since the last call."""
    found, _declared[:] = list(_declared), []
    return found


def check_header(name: str, sign: object, lookback: object = 0, what: str = "signal") -> None:
    """Refuse a name, sign or lookback out of bounds.

    Raises
    ------
    ValueError
        Names the value and the rule.
    """
    if not _NAME.fullmatch(name):
        rule = "lower-case letters, digits and underscores, a letter first, at most 40"
        raise ValueError(f'a {what} is named "{name}"; a name has {rule}')
    if sign not in (1, -1) or isinstance(sign, bool):
        raise ValueError(f"{what} {name}: sign is {sign!r}; it must be 1 or -1")
    if not isinstance(lookback, int) or isinstance(lookback, bool) or not 0 <= lookback <= MAX_LOOKBACK:
        raise ValueError(f"{what} {name}: lookback is {lookback!r}; it must be a whole number from 0 to {MAX_LOOKBACK}")


def _declare(form: str, lookback: int, sign: int, label: str, description: str) -> Callable[[F], F]:
    def register(function: F) -> F:
        name = getattr(function, "__name__", "?")
        check_header(name, sign, lookback)
        about = description or (function.__doc__ or "").strip().partition("\n")[0]
        shown = label or name.replace("_", " ").capitalize()
        _declared.append(Declared(name, form, function, lookback, sign, shown, about))
        return function

    return register


def signal(*, lookback: int, sign: int = 1, label: str = "", description: str = "") -> Callable[[F], F]:
    """Declare a function of one ticker's bars as a signal.

    The function takes a `Window` of the `lookback` bars before the as-of bar and that bar, and returns a number; NaN or
    None is no value. Its name is the signal's.

    Parameters
    ----------
    lookback
        Bars before the as-of bar, 0 to 1260.
    sign
        Expected sign of the rank correlation with the next returns, 1 or -1.
    label, description
        Label on the report's page (default: the name), and meaning of a value (default: the docstring's first line).
    """
    return _declare("window", lookback, sign, label, description)


def cross_section(*, lookback: int, sign: int = 1, label: str = "", description: str = "") -> Callable[[F], F]:
    """Declare a function of all tickers at one as-of date as a signal.

    The function takes a `CrossSection`, whose matrices have a row per ticker and `lookback` + 1 columns, and returns
    one number per ticker.

    Parameters
    ----------
    lookback, sign, label, description
        As for `signal`.
    """
    return _declare("cross_section", lookback, sign, label, description)


def setup_rule(
    *, lookback: int, min_lookback: int | None = None, label: str = "", description: str = ""
) -> Callable[[F], F]:
    """Declare a function of one ticker's bars as a setup rule, which a book uses by `setup.rule`.

    The function takes a `Window` of at most `lookback` bars before the as-of bar and that bar, and returns None, a
    `btassets.Setup`, a dict of its fields, or one long and one short of them. Its name is the rule's.

    Parameters
    ----------
    lookback
        Most bars before the as-of bar, 0 to 1260.
    min_lookback
        Least bars before it; with fewer the rule is not called. Default: `lookback`.
    label, description
        Label (default: the name) and meaning (default: the docstring's first line).
    """

    def register(function: F) -> F:
        name = getattr(function, "__name__", "?")
        check_header(name, 1, lookback, "setup rule")
        check_header(name, 1, lookback if min_lookback is None else min_lookback, "setup rule")
        if min_lookback is not None and min_lookback > lookback:
            raise ValueError(f"setup rule {name}: min_lookback is {min_lookback}; at most lookback, {lookback}")
        about = description or (function.__doc__ or "").strip().partition("\n")[0]
        shown = label or name.replace("_", " ").capitalize()
        _declared.append(Declared(name, RULE, function, lookback, 1, shown, about, min_lookback))
        return function

    return register


def stage(*, reads: Sequence[str], settings: Sequence[str] = (), description: str = "") -> Callable[[F], F]:
    """Declare a function of tables of the book as a stage: its result is a table with the function's name.

    The function takes `tables` and `settings`, and returns a pandas frame or an Arrow table. `tables["NAME"]` is a
    pandas frame of a declared table, `tables.arrow("NAME")` an Arrow table; `settings.costs.per_side_frac` is the value
    of a declared setting.

    Parameters
    ----------
    reads
        Tables that it reads, of the book or of other own stages; written out, because they are read from the text.
    settings
        Dotted settings, or sections of them, that it reads; written out as well.
    description
        Meaning of a row (default: the docstring's first line).
    """

    def register(function: F) -> F:
        name = getattr(function, "__name__", "?")
        check_header(name, 1, 0, "stage")
        for what, names in (("reads", reads), ("settings", settings)):
            if isinstance(names, str) or not all(isinstance(one, str) for one in names):
                raise ValueError(f"stage {name}: {what} is {names!r}; it must be a list of names")
        about = description or (function.__doc__ or "").strip().partition("\n")[0]
        _declared.append(Declared(name, STAGE, function, 0, 1, name, about))
        return function

    return register
