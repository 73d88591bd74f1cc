"""The seam behind which bars come from: what every source can do and how it refuses.

Belongs here: the `BarSource` protocol, and the refusal of one ticker. Does not belong here: any one
source, and the rules that judge bars after they were read (`engine.market.quality`).
"""

from typing import Protocol, runtime_checkable

from btassets.engine.market.raw_bars import BASES, Basis, Problem, RawBars, Severity
from btassets.errors import EXIT_SOME_TICKERS, BtassetsError

__all__ = [
    "BASES",
    "BarSource",
    "Basis",
    "BlockedTickerError",
    "Problem",
    "RawBars",
    "Severity",
    "source_problems",
]


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

    def __init__(self, ticker: str, rule: str, reason: str) -> None:
        super().__init__(ticker, rule, reason)
        self.ticker = ticker
        self.rule = rule
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.ticker}: {self.reason} [{self.rule}]"

    def as_problem(self) -> Problem:
        """Give the same finding as data, with severity "block"."""
        return Problem(self.ticker, self.rule, "block", None, 1, str(self))


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
class _ReportsProblems(Protocol):
    def problems(self) -> list[Problem]: ...


def source_problems(source: BarSource) -> list[Problem]:
    """List findings about the source as a whole, e.g. files that were passed over; often empty."""
    return source.problems() if isinstance(source, _ReportsProblems) else []
