"""Important findings about the data: the last lines of `run` and `ingest`.

Belongs here: collecting important findings, ordering them by harm, at most five lines. Does not belong here: screening
bars (`btassets.engine.market`, `btassets.stages.bars`). A new kind of finding is one function in `_LOOKS`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from btassets.arrivals.of_book import active_tickers, data_findings
from btassets.book.book import Book
from btassets.counted import counted
from btassets.engine.days import EPOCH
from btassets.stages.bars.bar_store import TABLE

MAX_SHOWN = 5

WRONG_NUMBERS, LOST_ROWS, NOTE = 100, 50, 10
"""Harm: numbers of the report are likely wrong; rows are missing from it; worth knowing."""

_TOLD_WITH_REASON = frozenset({"Q24"})
"""Rules of dropped rows whose own sentence includes the remedy."""


@dataclass(frozen=True)
class Finding:
    """One line about the data.

    Attributes
    ----------
    harm
        How much it can mislead a reader of the report; the highest comes first.
    text
        Observed values, with ticker and date, the rule in brackets, and what to do if that is not obvious.
    """

    harm: int
    text: str


def _dropped_rows(book: Book) -> Iterable[Finding]:
    footers = book.lake.ticker_footers(TABLE)
    for ticker in active_tickers(book):
        for rule, severity, day, n, _text in footers[ticker]["problems"]:
            if severity == "quarantine" and rule not in _TOLD_WITH_REASON:
                date = "" if day is None else f" {EPOCH + dt.timedelta(days=day)}"
                first = "" if n == 1 or not date else ", first"
                yield Finding(LOST_ROWS, f"{counted(n, 'row')} dropped: {ticker}{first}{date} [{rule}]")


def _data(book: Book) -> Iterable[Finding]:
    """Findings over tickers and over the source as a whole; refused tickers are listed separately."""
    for found in data_findings(book):
        is_listed = found.severity == "block" and found.tickers
        if not is_listed and (found.severity != "quarantine" or found.rule in _TOLD_WITH_REASON):
            yield Finding(WRONG_NUMBERS - found.harm, found.text)


def _benchmark(book: Book) -> Iterable[Finding]:
    footer = book.lake.footer("benchmark_closes")
    facts = {} if footer is None else footer.facts
    for text in facts.get("warnings", []):
        is_harmful = text in facts.get("harmful", []) or (footer is not None and not footer.n_rows)
        yield Finding(WRONG_NUMBERS if is_harmful else NOTE, text)


_LOOKS: list[Callable[[Book], Iterable[Finding]]] = [_benchmark, _data, _dropped_rows]


def run_findings(book: Book) -> list[Finding]:
    """Findings about the book's data, the most harmful first."""
    found = [finding for look in _LOOKS for finding in look(book)]
    return sorted(found, key=lambda finding: -finding.harm)


def refused_signals(book: Book) -> list[str]:
    """Why own signals of the book were refused, one sentence each."""
    footer = book.lake.footer("own_signal_proofs", book.replay)
    return [] if footer is None else list(footer.facts.get("refused", ()))


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Lines to print: the first five findings, then the number of others.

    >>> finding_lines([Finding(NOTE, "a")] * 7)[-1]
    '... and 2 more: `btassets export bar_problems --out problems.csv`'
    """
    lines = [finding.text for finding in findings[:MAX_SHOWN]]
    if len(findings) > MAX_SHOWN:
        lines.append(f"... and {len(findings) - MAX_SHOWN:,} more: `btassets export bar_problems --out problems.csv`")
    return lines
