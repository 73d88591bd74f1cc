"""Place of a book's definitions in a deployment: prefix of the asset keys, names of everything else.

Belongs here: names, and giving a step its book under the resource key of the placement. Does not belong here: building
the definitions (`btassets.defs.build`, `btassets.defs.embed`).
"""

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from btassets.errors import UsageError
from btassets.instance.ticker_ranges import PARTITIONS

BOOK, DUCKDB = "book", "duckdb"
"""Resource keys of a book that is alone in its code location; also the parameters of a step."""

_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@functools.cache
def _partitions(name: str) -> dg.DynamicPartitionsDefinition:
    return dg.DynamicPartitionsDefinition(name=name)


@dataclass(frozen=True)
class Placement:
    """Names of one book's definitions.

    Attributes
    ----------
    prefix
        Parts before every asset key; joined by `_` they precede every other name. Empty: the book is alone.
    """

    prefix: tuple[str, ...] = ()

    @property
    def is_alone(self) -> bool:
        """Whether the book has its code location, and normally its instance, to itself."""
        return not self.prefix

    @property
    def partitions(self) -> str:
        """Name of the book's partitions definition."""
        return self.name(PARTITIONS)

    @property
    def tickers(self) -> dg.DynamicPartitionsDefinition:
        """The book's partitions: one per ticker."""
        return _partitions(self.partitions)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of every job of the book, which tell its runs from those of others in the deployment."""
        return {} if self.is_alone else {"btassets/book": self.name(BOOK)}

    def owns(self, run: dg.DagsterRun) -> bool:
        """Whether a run is of this book: of one of its jobs, or of its assets chosen on the page."""
        if self.is_alone or self.tags.items() <= run.tags.items():
            return True
        chosen = run.asset_selection or ()
        return any(tuple(key.path[:-1]) == self.prefix for key in chosen)

    def name(self, own: str) -> str:
        """Name of a job, step, group, schedule, sensor, resource or partitions definition.

        >>> Placement(("desk", "us")).name("everything")
        'desk_us_everything'
        """
        return "_".join((*self.prefix, own))

    def key(self, table: str) -> dg.AssetKey:
        """Asset key of a table."""
        return dg.AssetKey([*self.prefix, table])

    def config(self, values: dict[str, Any]) -> dict[str, Any]:
        """Run config of the book's resource."""
        return {"resources": {self.name(BOOK): {"config": values}}}

    def bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` with its parameters `book` and `duckdb` called as the placement's resources.

        Dagster finds a resource by the name of the parameter.
        """
        if self.is_alone:
            return function
        own = {name: self.name(name) for name in (BOOK, DUCKDB)}
        back = {placed: name for name, placed in own.items()}
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*words: Any, **named: Any) -> Any:
            return function(*words, **{back.get(key, key): value for key, value in named.items()})

        @functools.wraps(function)
        def produce(*words: Any, **named: Any) -> Any:
            yield from call(*words, **named)

        placed: Any = produce if inspect.isgeneratorfunction(function) else call
        placed.__signature__ = signature.replace(
            parameters=[p.replace(name=own.get(p.name, p.name)) for p in signature.parameters.values()]
        )
        placed.__annotations__ = {own.get(name, name): kind for name, kind in function.__annotations__.items()}
        return placed


ALONE = Placement()


def placed(key_prefix: str | Sequence[str]) -> Placement:
    """Placement under a prefix.

    Raises
    ------
    UsageError
        If a part is not a name: letters, digits and `_`, not starting with a digit.
    """
    parts = (key_prefix,) if isinstance(key_prefix, str) else tuple(key_prefix)
    for part in parts:
        if not _PART.fullmatch(part):
            raise UsageError(
                f"key_prefix: {part!r} is not a name of letters, digits and _ that starts with none of the digits",
                "choose another, such as us_stocks.",
            )
    return Placement(parts)
