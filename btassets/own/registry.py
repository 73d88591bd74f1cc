"""Every signal of a book by name: the built-in ones and own ones, under one rule for names.

Belongs here: the entries, and refusing a second signal of one name. Does not belong here: finding sources
(`discover.py`), computing values (`engine.features.factors`, `evaluate.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from btassets.engine.floors import BUILT_IN_RANKING
from btassets.engine.signals import SIGNALS

BUILT_IN = "btassets"
"""Origin of the built-in signals."""


@dataclass(frozen=True)
class SignalEntry:
    """One signal.

    Attributes
    ----------
    name, label, description, sign, lookback
        As of `engine.signals.Signal`.
    form
        `compiled`, `window`, `cross_section`, `sql` or `file`.
    origin
        `btassets`, or the name of the own source.
    """

    name: str
    label: str
    description: str
    sign: int
    lookback: int
    form: str
    origin: str

    @property
    def is_own(self) -> bool:
        """Whether it comes from outside this package."""
        return self.origin != BUILT_IN


class Registry:
    """Signals by name, in the order in which they were added; the built-in ones come first.

    Parameters
    ----------
    reserved
        Names that no further signal may have: other columns of the signals' table.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._entries: dict[str, SignalEntry] = {}
        for own in SIGNALS:
            entry = SignalEntry(own.name, own.label, own.description, own.sign, own.lookback, "compiled", BUILT_IN)
            self.add(entry)
        self._reserved = frozenset(reserved) - self._entries.keys()

    _reserved: frozenset[str] = frozenset()

    def add(self, entry: SignalEntry) -> None:
        """Add a signal.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        taken = self._entries.get(entry.name)
        if taken is not None:
            other = "built in" if taken.origin == BUILT_IN else f"declared in {taken.origin}"
            raise ValueError(f"the signal {entry.name} is already {other}; give this one another name")
        if entry.name == BUILT_IN_RANKING:
            raise ValueError(f"{entry.name} is the built-in ranking of the gate; give the signal another name")
        if entry.name in self._reserved:
            raise ValueError(f"{entry.name} is a column of factor_signals; give the signal another name")
        self._entries[entry.name] = entry

    def __iter__(self) -> Iterator[SignalEntry]:
        return iter(self._entries.values())

    def __getitem__(self, name: str) -> SignalEntry:
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries
