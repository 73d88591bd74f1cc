"""`make noise-audit`: how often the report claims something where there is nothing, and finds what is there.

Run as `python -m btassets_tests.bench.noise_audit`. Markets of two kinds without an edge (the demo's generator; real
bars with what beta does not explain sign-flipped by day where `BTASSETS_REAL_BARS` is set, else another generator) and
of one with a planted edge go through the stages that make a verdict, in this machine's cores, each in a book of its
own. The table has a line per family of claims with k of n and its 95% interval (Clopper and Pearson).

Bounds: a family's share at most 5%, its interval below 8% (with the markets that this takes), any claim of an edge
anywhere in a report at most 10%. Power (also at half of the edge, by universe and years) and coverage are printed, too.
Exit code 1 beyond a bound. CI runs `--reduced`: signals of generated markets alone, and a check that the same bound
catches a p-value too small by a third.

Seeds are in `JUDGING`: never used for developing a rule. Rules were developed on `DEVELOPMENT`.

Belongs here: which verdicts make a family, the bounds, the table. Does not belong here: the verdicts, and the
markets (`support.null_markets`).
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import beta as beta_distribution
from scipy.stats import kstest

from btassets.compiled import use_cache_folder

use_cache_folder()

from btassets.stages.report.report_excursions import level_verdict  # noqa: E402  (numba's folder comes first)
from btassets.stages.statistics.level_pairs import LEVELS  # noqa: E402
from btassets.stages.statistics.stat_signals import MAIN_HORIZON, PRIMARY  # noqa: E402
from btassets_tests.bench.audit_markets import (  # noqa: E402
    JUDGING,
    NAMED,
    Job,
    Market,
    Row,
    audited,
    claimed_in_year,
    planned,
    read_kept,
)
from btassets_tests.support.null_markets import second_kind  # noqa: E402

SUPPORTED = "supported"
MAX_FAMILY_FRAC, MAX_FAMILY_BOUND, MAX_ANY_FRAC = 0.05, 0.08, 0.10
MIN_SIGNAL_POWER, MIN_HEADLINE_POWER, MIN_KS_P = 0.75, 0.50, 0.01
SIZES = tuple((n_tickers, n_years) for n_tickers in (40, 80, 160, 320) for n_years in (3, 5, 10))
"""Tickers and years of the markets with a mean IC of 0.03."""

LEAST_FOR_BOUND = 120
"""Markets of a kind from which the upper bound is asked for too."""


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


def _moved_level(market: Market) -> bool:
    return any(level_verdict(row) == SUPPORTED for row in market.pairs if row["family"] == LEVELS)


FAMILIES: dict[str, Callable[[Market], bool]] = {
    "signals": _any_signal,
    "headline": _claimed("headline"),
    "list": _claimed("list"),
    "exits": _claimed("exit"),
    "floors": _claimed("gate"),
    "cutoffs": _claimed("cutoff"),
    "moved levels": _moved_level,
    "capacity": _claimed("capacity_15"),
    "raw cutoff": _claimed("cutoff_90"),
    "book": _claimed("expectancy", "random_pick", "benchmark", "robustness"),
    "book: expectancy": _claimed("expectancy"),
    "book: random picks": _claimed("random_pick"),
    "book: benchmark": _claimed("benchmark"),
    "book: robustness": _claimed("robustness"),
}
"""By name: whether a market's report claims anything in the family. Topics apart."""


def any_claim(market: Market) -> bool:
    """Whether a report claims an edge anywhere."""
    return any(speaks(market) for speaks in FAMILIES.values())


def interval(k: int, n: int) -> tuple[float, float]:
    """Exact 95% interval of a share (Clopper and Pearson, 1934).

    >>> tuple(round(x, 3) for x in interval(23, 300))
    (0.049, 0.113)
    """
    if n == 0:
        return 0.0, 1.0
    low = 0.0 if k == 0 else float(beta_distribution.ppf(0.025, k, n - k + 1))
    high = 1.0 if k == n else float(beta_distribution.ppf(0.975, k + 1, n - k))
    return low, high


@dataclass(frozen=True)
class Line:
    """One line of the table: how many markets spoke, the interval of that share, and whether it is within the bound."""

    what: str
    k: int
    n: int
    bound: str
    is_within: bool | None

    def __str__(self) -> str:
        low, high = interval(self.k, self.n)
        share = f"{self.k} of {self.n}"
        words = {True: "ok", False: "BEYOND", None: ""}[self.is_within]
        percent = f"{100 * self.k / max(self.n, 1):5.1f}% ({100 * low:.1f}-{100 * high:.1f})"
        return f"{self.what:<44}{share:>12}  {percent:<22}{self.bound:<26}{words}".rstrip()


def family_line(name: str, k: int, n: int, most: float = MAX_FAMILY_FRAC) -> Line:
    """Line of a family without an edge: its share, and with enough markets its upper bound."""
    is_many = n >= LEAST_FOR_BOUND and most == MAX_FAMILY_FRAC
    is_within = k <= most * n and (not is_many or interval(k, n)[1] <= MAX_FAMILY_BOUND)
    bound = f"at most {100 * most:.0f}%" + (f", below {100 * MAX_FAMILY_BOUND:.0f}%" if is_many else "")
    return Line(f"no edge, {name}", k, n, bound, is_within)


def null_lines(kind: str, markets: Sequence[Market]) -> list[Line]:
    """Lines of the markets of one kind without an edge."""
    n = len(markets)
    lines = [family_line(f"{kind}: {name}", sum(map(speaks, markets)), n) for name, speaks in FAMILIES.items()]
    lines.append(family_line(f"{kind}: anything", sum(map(any_claim, markets)), n, MAX_ANY_FRAC))
    p = [c["p_raw"] for m in markets for c in m.claims if c["topic"] == "random_pick" and c["p_raw"] is not None]
    if p:
        found = float(kstest(p, "uniform").pvalue)
        within = sum(0.05 <= x <= 0.95 for x in p)
        bound = f"KS p {found:.3f}, above {MIN_KS_P:g}"
        lines.append(Line(f"{kind}: random pick p in .05-.95 (90%)", within, len(p), bound, found > MIN_KS_P))
    return lines


def edge_lines(kind: str, markets: Sequence[Market]) -> list[Line]:
    """Lines of the markets with a planted edge."""
    n = len(markets)

    def line(what: str, k: int, least: float | None) -> Line:
        if least is None:
            return Line(f"{kind}: {what}", k, n, "", None)
        return Line(f"{kind}: {what}", k, n, f"at least {100 * least:.0f}%", k >= least * n)

    return [
        line(f"{PRIMARY} over {MAIN_HORIZON}", sum(map(_signal, markets)), MIN_SIGNAL_POWER),
        line("headline", sum(map(FAMILIES["headline"], markets)), MIN_HEADLINE_POWER),
        line("list", sum(map(FAMILIES["list"], markets)), None),
        line("any signal", sum(map(_any_signal, markets)), None),
    ]


def coverage_lines(kind: str, markets: Sequence[Market]) -> list[Line]:
    """Share of intervals that cover the mean over the markets of the kind, by family of pairs; shown, not judged.

    The best cutoff is left out: it was picked by its estimate, so its interval is of a number that leans.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for market in markets:
        for row in market.pairs:
            if row["se"] and row["ci_lo"] is not None and (row["family"] != "cutoffs" or row["against"] == "current"):
                groups.setdefault((row["family"], row["member"], row["against"]), []).append(row)
    counts: dict[str, list[int]] = {}
    for (family, _, _), rows in groups.items():
        if len(rows) < 10:
            continue
        truth = sum(row["estimate"] for row in rows) / len(rows)
        count = counts.setdefault(family, [0, 0])
        count[0] += sum(row["ci_lo"] <= truth <= row["ci_hi"] for row in rows)
        count[1] += len(rows)
    return [Line(f"{kind}: coverage, {name}", k, n, "93-97% wanted", None) for name, (k, n) in counts.items()]


def year_lines(what: str, markets: Sequence[Market]) -> list[Line]:
    """Lines of a year of weekly checks of the signals, and with them at the headline; none where no year was asked."""
    asked = [market for market in markets if market.year is not None]
    if not asked:
        return []
    named, anything = (sum(claimed_in_year(m, name) for m in asked) for name in (NAMED, None))
    return [
        family_line(f"{what}: {PRIMARY}, a year of looks", named, len(asked), MAX_ANY_FRAC),
        family_line(f"{what}: any signal, a year of looks", anything, len(asked), MAX_ANY_FRAC),
    ]


def table(kind: str, found: Sequence[tuple[Job, Market]]) -> list[Line]:
    """Lines of everything that was run; `kind` is the second one without an edge."""
    whole = {k: [m for job, m in found if job.kind == k and not job.is_signals_only] for k in ("own", kind, "edge")}
    lines: list[Line] = []
    for name in ("own", kind):
        lines += [*null_lines(name, whole[name]), *coverage_lines(name, whole[name])]
    own = [m for job, m in found if job.kind == "own"]
    both = [*own, *whole[kind]]
    lines.append(family_line("own: signals, all", sum(map(_any_signal, own)), len(own)))
    lines.append(family_line("both: signals, all", sum(map(_any_signal, both)), len(both)))
    lines += year_lines("both", both)
    return [*lines, *edge_lines("edge", whole["edge"]), *size_lines(found)]


def size_lines(found: Sequence[tuple[Job, Market]]) -> list[Line]:
    """Power at a mean IC of 0.03 by size of the universe and length of the history."""
    lines = []
    for n_tickers, n_years in SIZES:
        some = [m for job, m in found if (job.kind, job.n_tickers, job.n_years) == ("half_edge", n_tickers, n_years)]
        if some:
            what = f"half_edge: {PRIMARY}, {n_tickers} x {n_years} y"
            lines.append(Line(what, sum(map(_signal, some)), len(some), "", None))
    return lines


def main(words: Sequence[str] | None = None) -> int:
    """Run the audit and print its table; 1 when a share is beyond its bound."""
    parser = argparse.ArgumentParser(prog="noise_audit", description=__doc__.splitlines()[0])
    parser.add_argument("--null", type=int, default=180, metavar="N", help="markets of each kind (default: 180)")
    parser.add_argument("--edge", type=int, default=90, metavar="N", help="markets with a mean IC of 0.06 (90)")
    parser.add_argument("--half", type=int, default=25, metavar="N", help="markets with 0.03, of each size (25)")
    parser.add_argument("--year", type=int, default=60, metavar="N", help="of each kind with a year of looks (60)")
    parser.add_argument("--tickers", type=int, default=80, metavar="N", help="tickers of each (default: 80)")
    parser.add_argument("--shift", type=int, default=0, metavar="N", help="added to every seed: other markets")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="markets side by side (default: 1)")
    parser.add_argument(
        "--keep", type=Path, default=None, metavar="FILE", help="add each market there; continue from it"
    )
    parser.add_argument("--only-kept", action="store_true", help="the table of what FILE has, nothing run")
    parser.add_argument("--reduced", action="store_true", help="what CI runs: under a minute and a half")
    asked = parser.parse_args(words)
    if asked.reduced:
        from btassets_tests.bench.reduced_audit import reduced_audit

        return reduced_audit()
    kind = second_kind()
    jobs = planned(_jobs(asked, kind))
    if asked.only_kept:
        known = set(dict(read_kept(asked.keep)))
        jobs = [job for job in jobs if job in known]
    lines = table(kind, list(audited(jobs, asked.jobs, asked.keep)))
    print(f"verdict 'supported' in markets of {asked.tickers} tickers x 5 years; share with its 95% interval")
    for line in lines:
        print(line)
    return 0 if all(line.is_within is not False for line in lines) else 1


def _jobs(asked: argparse.Namespace, kind: str) -> dict[str, list[Job]]:
    """Markets to run by group."""
    n = {"own": asked.null, kind: asked.null, "edge": asked.edge}
    first = {name: JUDGING[name] + asked.shift for name in (*n, "half_edge")}
    nulls = ("own", kind)
    jobs = {
        name: [
            Job(name, first[name] + k, asked.tickers, has_year=name in nulls and k < asked.year) for k in range(count)
        ]
        for name, count in n.items()
    }
    half = (
        Job("half_edge", first["half_edge"] + k, n_tickers, is_signals_only=True, n_years=n_years)
        for n_tickers, n_years in SIZES
        for k in range(asked.half)
    )
    return jobs | {"half_edge": list(half)}


if __name__ == "__main__":
    sys.exit(main())
