"""The interface of a source of bars: its methods and its refusals.

Belongs here: the `BarSource` protocol, and the refusal of one ticker. Does not belong here: any one source, and the
rules that screen bars after reading (`engine.market.quality`).
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
    """One ticker is refused; the others continue.

    Parameters
    ----------
    ticker
        The name listed by the source.
    rule
        Number of the quality rule, e.g. "Q1".
    reason
        A whole sentence: observed values; the rule; what to do.
    """

    exit_code = EXIT_SOME_TICKERS

    ticker: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.ticker}: {self.reason} [{self.rule}]"

    def as_problem(self) -> Problem:
        """The same finding as data, with severity "block"."""
        return Problem(self.ticker, self.rule, "block", None, 1, f"{self.ticker}: {self.reason}")


class FetchFailedError(BlockedTickerError):
    """One ticker's bars arrived incomplete; the next run requests them again."""


@runtime_checkable
class BarSource(Protocol):
    """A source of bars.

    Attributes
    ----------
    name
        Short name of the kind of source, e.g. "files", "demo".
    basis
        Basis of the prices returned by `fetch`: "raw" as printed, "split" adjusted for splits, "total" adjusted for
        splits and dividends.
    """

    name: str
    basis: Basis

    def tickers(self) -> list[str]:
        """Every name listed by the source, sorted by bytes, including those that `fetch` will refuse.

        Raises `NoBarsError` if the source as a whole cannot be read or is empty.
        """
        ...

    def stamp(self, ticker: str) -> str:
        """Cheap marker that differs if the ticker's bars may have changed; "" if unknown."""
        ...

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker, in the source's order.

        Raises `BlockedTickerError` with rule and reason if they cannot be accepted.
        """
        ...


@runtime_checkable
class FetchesSince(Protocol):
    """A source whose change marker is not a fingerprint of its content, and that supports partial fetches.

    Attributes
    ----------
    last_expected
        Expected date of a current ticker's last bar, days since 1970-01-01; None if unknown. A ticker a few days behind
        it counts as late and is fetched again.
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
    """Announce to a source which tickers will be fetched and in which order, so that it can batch requests.

    Parameters
    ----------
    wanted
        Ticker to the first date passed to `fetch_since`; None: `fetch`.
    """
    if isinstance(source, _Announced):
        source.announce(wanted)


@runtime_checkable
class _ReportsProblems(Protocol):
    def problems(self) -> list[Problem]: ...


def source_problems(source: BarSource) -> list[Problem]:
    """Findings about the source as a whole, e.g. skipped files; often empty."""
    return source.problems() if isinstance(source, _ReportsProblems) else []


@runtime_checkable
class _TellsWhenChanged(Protocol):
    def changed_at(self, ticker: str) -> float | None: ...


def changed_at(source: BarSource, ticker: str) -> float | None:
    """Time of the last change of a ticker's data, seconds since 1970-01-01 UTC.

    None: unknown, or the source only returns complete responses, so nothing is ever half-written.
    """
    return source.changed_at(ticker) if isinstance(source, _TellsWhenChanged) else None
