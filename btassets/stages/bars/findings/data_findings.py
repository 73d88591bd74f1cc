"""The important findings about a book's data, by harm: for the last lines of a run and the report.

Belongs here: choosing and grouping rows of `bar_problems`, and why nothing was ever eligible. Does not belong here:
finding them (`bar_problems.py`, `engine.market`), printing them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from btassets.errors import UnknownTableError
from btassets.graph.stage import Reads
from btassets.run.tables import Tables

READS = Reads(
    "data_findings", "btassets/stages/bars/findings/data_findings.py", reads=("bar_problems", "factor_signals")
)

MOST_SHOWN = 5

_HARM: dict[tuple[str, str], int] = {
    ("Q25", "warn"): 0,
    ("Q23", "block"): 1,
    ("Q8", "block"): 1,
    ("Q24", "warn"): 2,
    ("Q6", "block"): 2,
    ("Q27", "block"): 3,
    ("Q1", "warn"): 4,
    ("Q28", "warn"): 4,
    ("Q29", "warn"): 4,
    ("Q26", "warn"): 5,
    ("Q8", "warn"): 6,
    ("Q23", "warn"): 6,
    ("Q24", "quarantine"): 7,
    ("Q19", "block"): 8,
    ("Q7", "warn"): 9,
    ("Q27", "warn"): 10,
    ("Q2", "warn"): 11,
    ("Q4", "quarantine"): 12,
    ("Q5", "quarantine"): 12,
    ("Q2", "quarantine"): 12,
    ("Q3", "quarantine"): 12,
    ("Q3", "warn"): 13,
    ("Q6", "quarantine"): 13,
}
"""Important rules and severities; a smaller number harms more. Other blocks come after the first ones."""

_OTHER_BLOCK = 3

_FEW = 3
"""Up to this many findings of a kind are listed one by one; more are summarized by the first, with the other tickers'
names."""


@dataclass(frozen=True)
class DataFinding:
    """One finding, or one kind of finding about several tickers.

    Attributes
    ----------
    harm
        Rank; a smaller number harms more.
    rule, severity
        As in `bar_problems`.
    tickers
        Tickers concerned, in byte order; empty: the source or a day as a whole.
    text
        One sentence with ticker and date of the first case.
    """

    harm: int
    rule: str
    severity: str
    tickers: tuple[str, ...]
    text: str


def data_findings(tables: Tables) -> list[DataFinding]:
    """Important findings of the last reading, the most harmful first; empty before a run."""
    try:
        rows = tables["bar_problems"].read().to_pylist()
    except UnknownTableError:
        return []
    return [*_never_eligible(tables), *grouped(rows)]


def grouped(rows: Iterable[dict[str, Any]]) -> list[DataFinding]:
    """Group rows of `bar_problems` by rule and severity, and order them by harm."""
    groups: dict[tuple[str, str, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        key = (str(row["rule"]), str(row["severity"]))
        if key in _HARM or row["severity"] == "block":
            if key == ("Q7", "warn") and ": fall from " not in row["text"]:
                continue  # large moves are listed only in detailed views
            groups[*key, row["ticker"] == ""].append(row)
    found: list[DataFinding] = []
    has_look = {rule for rule, _, is_whole in groups if is_whole}
    for (rule, severity, is_whole), own in groups.items():
        harm = _HARM.get((rule, severity), _OTHER_BLOCK)
        if is_whole:
            found += [DataFinding(harm, rule, severity, (), f"{row['text']} [{rule}]") for row in own]
            continue
        if rule in has_look and rule in ("Q24", "Q25") and severity == "warn":
            continue  # summarized in one line
        if (rule, severity) == ("Q6", "quarantine") and "Q24" in has_look:
            continue
        tickers = tuple(sorted({row["ticker"] for row in own}, key=str.encode))
        if len(own) <= _FEW:
            found += [DataFinding(harm, rule, severity, (row["ticker"],), f"{row['text']} [{rule}]") for row in own]
            continue
        others = [ticker for ticker in tickers if ticker != own[0]["ticker"]]
        more = f" (and {len(others)} more: {', '.join(others[:3])}{', ...' if len(others) > 3 else ''})"
        text = f"{own[0]['text']} [{rule}]{more if others else ''}"
        found.append(DataFinding(harm, rule, severity, tickers, text))
    return sorted(found, key=lambda one: (one.harm, one.severity != "block", -len(one.tickers), one.text))


def first_refusals(footers: Mapping[str, Mapping[str, Any]], most: int = 3) -> list[str]:
    """Reasons for refused tickers: the first of each rule with the number of tickers, the most frequent rules first.

    Parameters
    ----------
    footers
        Facts of each ticker of `ohlcv_history`.
    """
    by_rule: dict[str, list[str]] = defaultdict(list)
    for facts in footers.values():
        blocks = [found for found in facts.get("problems", ()) if found[1] == "block"]
        if facts.get("blocked"):
            by_rule[blocks[0][0] if blocks else ""].append(str(facts["blocked"]))
    ordered = sorted(by_rule.values(), key=lambda texts: (-len(texts), texts[0]))
    return [f"{texts[0]}" + (f" ({len(texts)} tickers)" if len(texts) > 1 else "") for texts in ordered[:most]]


def _never_eligible(tables: Tables) -> list[DataFinding]:
    """Reasons why no ticker could be ranked at any date; empty if one could."""
    try:
        table = tables["factor_signals"].read(["eligible", "ineligible_reason"])
    except UnknownTableError:
        return []
    if any(part.as_py() for part in table["eligible"].unique()):
        return []
    reasons = Counter(str(reason) for reason in table["ineligible_reason"].to_pylist())
    shown = ", ".join(f"{reason} {n:,}" for reason, n in reasons.most_common(4))
    what = f"reasons: {shown}" if shown else "there is no as-of date with enough bars"
    text = f"no ticker was ever eligible for ranking ({table.num_rows:,} rows; {what}); see [quality] in btassets.toml."
    return [DataFinding(-1, "Q17", "warn", (), text)]


def finding_lines(findings: list[DataFinding], most: int = MOST_SHOWN) -> list[str]:
    """At most `most` lines, and one that counts the rest."""
    lines = [finding.text for finding in findings[:most]]
    if len(findings) > most:
        rest = len(findings) - most
        lines.append(f"... and {rest} more kinds of findings: `btassets export bar_problems --out problems.csv`")
    return lines
