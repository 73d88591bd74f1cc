"""A grid over settings: the arguments of a sweep as axes, and the settings of each of its cells.

Belongs here: parsing `gates.min_rr=1:3:0.25`, and checking each value by its setting's own rule. Does not belong here:
the settings that a sweep can vary (`btassets.studies.sweep`).
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from btassets.errors import UnknownSettingError, UsageError
from btassets.settings.load import KEYS, parse_value, with_values
from btassets.settings.models import Settings, flatten

MOST_CELLS = 20_000
"""Maximum number of cells of a sweep; the best of more would be luck."""

_OFF = ("off", "none", "unset")
_EXAMPLE = "write it as gates.min_rr=1:3:0.25 or exits.hold_days=10,21,30."
_WHERE = "command line"


@dataclass(frozen=True)
class Axis:
    """One setting and its values.

    Attributes
    ----------
    key
        Dotted setting.
    values
        As in the settings, in the given order.
    labels
        The same as text, one each.
    """

    key: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_ordered(self) -> bool:
        """Whether a value has neighbours: numbers do, switches and text do not."""
        # A floor that is off is below its lowest value.
        return len(self.values) > 1 and all(_number(v) is not None for v in self.values if v is not None)


def _number(value: Any) -> float | None:
    if isinstance(value, tuple):
        members = cast(tuple[Any, ...], value)
        return _number(members[0]) if len(members) == 1 else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def parse_grid(words: Sequence[str], base: Settings) -> list[Axis]:
    """Axes of a sweep from its arguments; numbers ascend, duplicates count once.

    Parameters
    ----------
    words
        `key=first:last:step`, both ends included, or `key=a,b,c`; `off` unsets an optional setting. A value of a
        setting that is a list may be a list: `gates.floors=["vol_6m <= 80", "high_52w >= 50"],off`.
    base
        Base settings of every cell.

    Raises
    ------
    UsageError, UnknownSettingError, SettingError
        Names the argument, its rule and what to write instead.

    Examples
    --------
    >>> [axis.labels for axis in parse_grid(["gates.min_rr=1:2:0.5", "exits.hold_days=30,10"], Settings())]
    [('1', '1.5', '2'), ('10', '30')]
    """
    if not words:
        raise UsageError("sweep: no setting to vary", _EXAMPLE)
    axes: list[Axis] = []
    for word in words:
        key, equals, text = word.partition("=")
        key = key.strip()
        if not equals or not key or not text.strip():
            raise UsageError(f"sweep {word}: no values", _EXAMPLE)
        if key not in KEYS:
            raise UnknownSettingError(key, KEYS, _WHERE)
        if any(axis.key == key for axis in axes):
            raise UsageError(f"sweep {word}: {key} is given twice", "put all its values into one argument.")
        axes.append(_axis(key, [v for part in _alternatives(text) for v in _values(word, part.strip())], base))
    n_cells = 1
    for axis in axes:
        n_cells *= len(axis)
    if n_cells > MOST_CELLS:
        problem = f"sweep: {n_cells:,} cells, more than {MOST_CELLS:,}"
        raise UsageError(problem, "the best of so many is luck; use wider steps or fewer settings.")
    return axes


def _alternatives(text: str) -> list[str]:
    """The values between commas; a list in brackets is one value.

    >>> _alternatives('off,["vol_6m <= 80", "high_52w >= 50"]')
    ['off', '["vol_6m <= 80", "high_52w >= 50"]']
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def cells(axes: Sequence[Axis]) -> Iterator[tuple[int, ...]]:
    """Position of each cell on every axis, the last axis varying fastest."""
    return itertools.product(*(range(len(axis)) for axis in axes))


def settings_of(base: Settings, axes: Sequence[Axis], places: Sequence[int]) -> Settings:
    """Settings of one cell; the values were checked when the axes were built."""
    settings = base
    for axis, place in zip(axes, places, strict=True):
        section, _, leaf = axis.key.partition(".")
        if not leaf:
            settings = settings.model_copy(update={section: axis.values[place]})
            continue
        part = getattr(settings, section).model_copy(update={leaf: axis.values[place]})
        settings = settings.model_copy(update={section: part})
    return settings


def _values(word: str, part: str) -> list[Any]:
    if ":" not in part or part.startswith("["):
        return [None if part.lower() in _OFF else parse_value(part)]
    try:
        first, last, step = (Decimal(piece.strip()) for piece in part.split(":"))
    except (InvalidOperation, ValueError) as error:
        raise UsageError(f"sweep {word}: {part} is not a range", f"first:last:step, {_EXAMPLE}") from error
    if not all(n.is_finite() for n in (first, last, step)) or step <= 0 or last < first:
        raise UsageError(f"sweep {word}: {part} is an empty range", f"first:last:step ascends, {_EXAMPLE}")
    n = int((last - first) / step) + 1
    if n > MOST_CELLS:
        raise UsageError(f"sweep {word}: {n:,} values, more than {MOST_CELLS:,}", "use wider steps.")
    # Decimals: 1 + 7 * 0.1 must be 1.7, which a sum of binary fractions is not.
    numbers = [first + k * step for k in range(n)]
    is_whole = all(piece == piece.to_integral_value() for piece in (first, step))
    return [int(x) if is_whole else float(x) for x in numbers]


def _axis(key: str, raw: list[Any], base: Settings) -> Axis:
    is_list = isinstance(flatten(base)[key], tuple)
    checked: list[Any] = []
    for value in raw:
        if is_list and not isinstance(value, list):
            value = [value]  # noqa: PLW2901
        held = flatten(with_values(base, {key: value}, _WHERE))[key]
        if held not in checked:
            checked.append(held)
    if all(_number(value) is not None for value in checked if value is not None):
        checked.sort(key=lambda value: (value is not None, _number(value) or 0.0))
    return Axis(key, tuple(checked), tuple(label(value) for value in checked))


def label(value: Any) -> str:
    """Text of a setting's value in tables and charts.

    >>> label(1.50), label(None), label(True), label((10,)), label(())
    ('1.5', 'off', 'yes', '10', 'off')
    """
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        members = cast(tuple[Any, ...], value)
        return "+".join(label(member) for member in members) or "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
