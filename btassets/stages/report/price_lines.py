"""Closes beside today's setups and the best and worst trades, from the documents of their tickers' pages.

Belongs here: which closes a row shows. Does not belong here: the picture (`btassets.render.charts.price_line`).
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from btassets.render.report_types import Report
from btassets.render.sections.today import MOST_SETUPS

N_SESSIONS = 63
"""Of a setup: a quarter of a year up to the as-of date."""

N_BESIDE = 10
"""Sessions before the entry and after the exit of a trade."""


def add_price_lines(report: Report, pages: Mapping[str, Mapping[str, Any]]) -> None:
    """Give each shown row `closes`, in prices of the ticker's last bar; none where the ticker has no page.

    Parameters
    ----------
    pages
        Document of each ticker's page (`ticker_documents`).
    """
    for row in report["todays_setups"]["qualified"][:MOST_SETUPS]:
        if row["ticker"] in pages:
            prices = pages[row["ticker"]]["prices"]
            last = bisect_left(prices["dates"], report["todays_setups"]["as_of"] or prices["dates"][-1]) + 1
            row["closes"] = prices["close"][max(last - N_SESSIONS, 0) : last]
    own = report["trades"].get(report["main_policy"] or "")
    for row in (*own["best"], *own["worst"]) if own else ():
        if row["ticker"] in pages:
            prices = pages[row["ticker"]]["prices"]
            first, last = (bisect_left(prices["dates"], row[name]) for name in ("entry_date", "exit_date"))
            row["closes"] = prices["close"][max(first - N_BESIDE, 0) : last + N_BESIDE + 1]
