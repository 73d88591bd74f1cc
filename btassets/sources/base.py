"""The seam behind which bars come from: what every source can do and how it refuses.

Belongs here: the `BarSource` protocol, and the refusal of one ticker. Does not belong here: any one
source, and the rules that judge bars after they were read (`engine.market.quality`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from btassets.engine.market.raw_bars import BASES, Basis, Problem, RawBars, Severity
from btassets.errors import EXIT_SOME_TICKERS, BtassetsError

__all__ = [
    "BASES",
    "BarSource",
    "Basis",
    "BlockedTickerError",
    "FetchFailedError",
    "FetchesSince",
    "Problem",
    "RawBars",
    "Severity",
    "announce",
    "changed_at",
    "source_problems",
]


@dataclass(eq=False)
class BlockedTickerError(BtassetsError):
    """One ticker cannot be accepted; the others go on.

    Parameters
    ----------
    ticker
        The name under which the source lists it.
    rule
        Number of the quality rule, e.g. "Q1".
    reason
        A whole sentence: what was observed; the rule; what to do.
    """

    exit_code = EXIT_SOME_TICKERS

    ticker: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.ticker}: {self.reason} [{self.rule}]"

    def as_problem(self) -> Problem:
        """Give the same finding as data, with severity "block"."""
        return Problem(self.ticker, self.rule, "block", None, 1, str(self))


class FetchFailedError(BlockedTickerError):
    """One ticker's bars did not arrive whole this time; the next run asks again."""


@runtime_checkable
class BarSource(Protocol):
    """Where bars come from.

    Attributes
    ----------
    name
        Short name of the kind of source, e.g. "files", "demo".
    basis
        What the prices that `fetch` returns already are: "raw" as printed, "split" adjusted for
        splits, "total" adjusted for splits and dividends.
    """

    name: str
    basis: Basis

    def tickers(self) -> list[str]:
        """Every name the source lists, sorted by bytes, those that `fetch` will refuse included.

        Raises `NoBarsError` when the source as a whole cannot be read or is empty.
        """
        ...

    def stamp(self, ticker: str) -> str:
        """Cheap marker that differs when the ticker's bars may have changed; "" when unknown."""
        ...

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker, in the source's order.

        Raises `BlockedTickerError` with rule and reason when they cannot be accepted.
        """
        ...


@runtime_checkable
class FetchesSince(Protocol):
    """A source whose change marker is no fingerprint of its content, and that can be asked for a part.

    Attributes
    ----------
    last_expected
        Date of the last bar that a living ticker should have, days since 1970-01-01; None when
        unknown. A ticker that is a few days behind it counts as late and is asked for again.
    """

    last_expected: int | None

    def fetch_since(self, ticker: str, first_date: int) -> RawBars:
        """Bars of one ticker from `first_date` (days since 1970-01-01), inclusive; may have no row.

        Raises as `BarSource.fetch` does.
        """
        ...


@runtime_checkable
class _Announced(Protocol):
    def announce(self, wanted: Mapping[str, int | None]) -> None: ...


def announce(source: BarSource, wanted: Mapping[str, int | None]) -> None:
    """Tell a source, if it cares, what will be asked and in which order, so that it can ask for many at once.

    Parameters
    ----------
    wanted
        Ticker to the first date that `fetch_since` will get; None: `fetch`.
    """
    if isinstance(source, _Announced):
        source.announce(wanted)


@runtime_checkable
class _ReportsProblems(Protocol):
    def problems(self) -> list[Problem]: ...


def source_problems(source: BarSource) -> list[Problem]:
    """List findings about the source as a whole, e.g. files that were passed over; often empty."""
    return source.problems() if isinstance(source, _ReportsProblems) else []


@runtime_checkable
class _TellsWhenChanged(Protocol):
    def changed_at(self, ticker: str) -> float | None: ...


def changed_at(source: BarSource, ticker: str) -> float | None:
    """When what the source holds of a ticker last changed, seconds since 1970-01-01 UTC.

    None: the source cannot tell, or hands out whole answers only; nothing of it is ever half-written.
    """
    return source.changed_at(ticker) if isinstance(source, _TellsWhenChanged) else None
