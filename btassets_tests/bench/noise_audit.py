"""`make noise-audit`: how often the report claims something where there is nothing, and finds what is there.

Run as `python -m btassets_tests.bench.noise_audit`. Every market goes through the command line
(`btassets demo`, standard profile) into a book of its own; the audit reads the tables that the book's owner
would read. 40 markets without an edge and 20 with one, of 80 tickers x 5 years, take about six minutes on two
cores. Exit code 1 when a share is beyond its bound.

Belongs here: which verdicts make a family, the bounds, the table. Does not belong here: the verdicts.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from btassets.book.book import open_book
from btassets.cli.main import main as command
from btassets.stages.statistics.stat_signals import MAIN_HORIZON, PRIMARY

SUPPORTED = "supported"
FIRST_NULL_SEED, FIRST_EDGE_SEED = 1_000, 2_000
MOST_NULL_FRAC, LEAST_EDGE_FRAC, MOST_HEADLINES = 0.10, 0.70, 1

Row = dict[str, Any]


@dataclass(frozen=True)
class Market:
    """What one book says: rows of `stat_claims` and `stat_signals`."""

    claims: list[Row]
    signals: list[Row]


def read_market(folder: Path) -> Market:
    """Verdicts of a book that has run."""
    lake = open_book(folder, environ={}).lake
    return Market(lake.read("stat_claims").to_pylist(), lake.read("stat_signals").to_pylist())


def says_there_is_nothing(claim: Row) -> bool:
    """Whether a claim denies an edge: a floor or a hold adds nothing, the book lags, the best 5% made it all.

    Without an edge that is true, after costs: being sure of it is no false alarm.
    """
    return claim["claim_kind"] == "negligible" or claim["seed_rule_says"] in ("lags", "warning")


def _claimed(*topics: str) -> Callable[[Market], bool]:
    """Whether an edge is claimed under one of the topics."""

    def is_claimed(market: Market) -> bool:
        return any(
            claim["topic"] in topics and claim["verdict"] == SUPPORTED and not says_there_is_nothing(claim)
            for claim in market.claims
        )

    return is_claimed


def _any_signal(market: Market) -> bool:
    return any(row["verdict"] == SUPPORTED for row in market.signals)


def _signal(market: Market) -> bool:
    return any(
        row["verdict"] == SUPPORTED
        for row in market.signals
        if row["signal"] == PRIMARY and row["horizon_days"] == MAIN_HORIZON
    )


_BESIDE_RESEARCH = ("headline", "expectancy", "random_pick", "exit", "gate", "cutoff", "benchmark", "robustness")


def _variants(market: Market) -> bool:
    return _claimed(*({claim["topic"] for claim in market.claims} - set(_BESIDE_RESEARCH)))(market)


FAMILIES: dict[str, Callable[[Market], bool]] = {
    "signals": _any_signal,
    "exits": _claimed("exit"),
    "floors": _claimed("gate"),
    "cutoffs": _claimed("cutoff"),
    "variants": _variants,
    "book": _claimed("expectancy", "random_pick", "benchmark", "robustness"),
}
"""By name: whether a market's report claims anything in the family."""

HEADLINE = _claimed("headline")


def _sure_of_nothing(market: Market) -> bool:
    return any(claim["verdict"] == SUPPORTED and says_there_is_nothing(claim) for claim in market.claims)


def audit_market(preset: str, tickers: int, years: float, seed: int) -> Market:
    """Run one market through the command line in a folder that is deleted, and read its verdicts.

    Raises
    ------
    RuntimeError
        When the command fails; the text is what it said.
    """
    with tempfile.TemporaryDirectory(prefix="noise-audit-") as folder:
        words = ["demo", "--book", f"{folder}/book", "--preset", preset, "--tickers", tickers, "--years", years]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = command([*map(str, words), "--seed", str(seed), "--quiet"])
        if code:
            message = f"market {preset} {seed}: exit code {code}: {err.getvalue()}"
            raise RuntimeError(message)
        return read_market(Path(folder) / "book")


def audit_markets(preset: str, seeds: Iterable[int], tickers: int, years: float, jobs: int) -> Iterator[Market]:
    """Several markets, side by side, in the order of their seeds."""
    work = partial(audit_market, preset, tickers, years)
    if jobs == 1:
        yield from map(work, seeds)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from pool.map(work, seeds)


@dataclass(frozen=True)
class Line:
    """One line of the table: how many markets spoke, and whether that is within the bound."""

    what: str
    n_speaking: int
    n_markets: int
    bound: str
    is_within: bool | None

    def __str__(self) -> str:
        share = f"{self.n_speaking} of {self.n_markets} ({100 * self.n_speaking / max(self.n_markets, 1):.1f}%)"
        verdict = {True: "ok", False: "BEYOND", None: ""}[self.is_within]
        return f"{self.what:<46}{share:>18}  {self.bound:<14}{verdict}".rstrip()


def audit_lines(null: Sequence[Market], edge: Sequence[Market]) -> list[Line]:
    """The table over markets without an edge and with a planted one."""

    def count(markets: Sequence[Market], speaks: Callable[[Market], bool]) -> int:
        return sum(map(speaks, markets))

    lines = []
    for name, speaks in FAMILIES.items():
        n = count(null, speaks)
        lines.append(Line(f"no edge: {name}", n, len(null), "at most 10%", n <= MOST_NULL_FRAC * len(null)))
    n = count(null, HEADLINE)
    lines.append(Line("no edge: headline", n, len(null), "at most one", n <= MOST_HEADLINES))
    n = count(edge, _signal)
    found = f"edge: {PRIMARY} over {MAIN_HORIZON} sessions"
    lines.append(Line(found, n, len(edge), "at least 70%", n >= LEAST_EDGE_FRAC * len(edge)))
    lines.append(Line("edge: any signal", count(edge, _any_signal), len(edge), "", None))
    lines.append(Line("edge: headline", count(edge, HEADLINE), len(edge), "", None))
    lines.append(Line("no edge: sure that something adds nothing", count(null, _sure_of_nothing), len(null), "", None))
    return lines


def main(words: Sequence[str] | None = None) -> int:
    """Run the audit and print its table; 1 when a share is beyond its bound."""
    parser = argparse.ArgumentParser(prog="noise_audit", description=__doc__.splitlines()[0])
    parser.add_argument("--null", type=int, default=40, metavar="N", help="markets without an edge (default: 40)")
    parser.add_argument("--edge", type=int, default=20, metavar="N", help="markets with a planted edge (default: 20)")
    parser.add_argument("--tickers", type=int, default=80, metavar="N", help="tickers of each (default: 80)")
    parser.add_argument("--years", type=float, default=5.0, metavar="N", help="length of each (default: 5)")
    parser.add_argument("--shift", type=int, default=0, metavar="N", help="added to every seed: other markets")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="markets side by side")
    asked = parser.parse_args(words)
    found = []
    for preset, first, n in (("null", FIRST_NULL_SEED, asked.null), ("edge", FIRST_EDGE_SEED, asked.edge)):
        seeds = range(first + asked.shift, first + asked.shift + n)
        found.append(list(audit_markets(preset, seeds, asked.tickers, asked.years, asked.jobs)))
    lines = audit_lines(*found)
    print(f"verdict 'supported' in markets of {asked.tickers} tickers x {asked.years:g} years")
    for line in lines:
        print(line)
    return 0 if all(line.is_within is not False for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
