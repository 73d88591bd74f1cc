"""Names shared by several sections: curves, the portfolio shown on the page, verdicts as chips.

Belongs here: words and small markup used by more than one section. Does not belong here: a section.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from btassets.render.format import esc
from btassets.render.html_tables import Column
from btassets.render.report_types import Report

CURVE_NAMES = {
    "hold": "Portfolio, fixed hold",
    "target": "Portfolio, target exit",
    "equal_weight_hold": "Equal weight",
    "equal_weight_renewed": "Equal weight, rebalanced",
}

_WORDS = {
    "supported": "clear",
    "not distinguishable from noise": "likely luck",
    "contradicted": "the opposite is clear",
}
_CSS = {"supported": "yes", "not distinguishable from noise": "open", "contradicted": "no"}


def verdict_word(verdict: str | None) -> str:
    """Verdict of a claim in the report's words; an untested one has too little data.

    >>> verdict_word("supported"), verdict_word(None)
    ('clear', 'too little data')
    """
    return _WORDS.get(verdict or "", "too little data")


def ticker_column(report: Report) -> Column:
    """Column of tickers that links to the page of each ticker that has one."""
    pages = report["ticker_pages"]
    return Column("ticker", "Ticker", link=lambda row: quote(pages.get(row["ticker"], "")))


def curve_name(report: Report, curve: str) -> str:
    """Display name of a curve; the benchmark by its own name."""
    if curve == "benchmark":
        return report["book"]["benchmark"] or "Benchmark"
    return CURVE_NAMES.get(curve, curve)


def verdict_chip(words: str | None, *, is_denial: bool = False) -> str:
    """Verdict as a chip in plain words; an untested claim reads "too little data".

    Parameters
    ----------
    is_denial
        The claim is that something adds nothing, so a supported one is not good news and has no colour.
    """
    css = _CSS.get(words or "", "none")
    if is_denial and css in ("yes", "no"):
        css = "none"
    return f'<span class="chip {css}" data-verdict="{esc(words or "")}">{verdict_word(words)}</span>'


def main_portfolio(report: Report) -> tuple[str, Mapping[str, Any]]:
    """Location in the document of the portfolio shown by the tiles, and its row."""
    rows = report["portfolio_sim"]["policies"]
    for at, row in enumerate(rows):
        if row["policy"] == report["main_policy"]:
            return f"portfolio_sim.policies.{at}", row
    return "portfolio_sim.policies.none", {}
