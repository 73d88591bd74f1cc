"""Shown setups and their results: the live verdict beside the backtest's own interval.

Belongs here: the section of the journal. Does not belong here: today's list (`today.py`).
"""

from btassets.render.html_tables import Column, details, section, table
from btassets.render.report_types import Report

_VERDICT_COLUMNS = (
    Column("measure", "Measure", "words", "mean net R per setup; share of targets hit; how much worse the fill was, R"),
    Column("verdict", "Verdict"),
    Column("live", "Live", "snum2", "mean of the shown setups that are graded"),
    Column("live_lo", "from", "snum2", "interval that holds at every check"),
    Column("live_hi", "to", "snum2"),
    Column("tested", "Tested", "snum2", "mean of the backtest when these rules were first shown"),
    Column("tested_lo", "from", "snum2", "95% interval then"),
    Column("tested_hi", "to", "snum2"),
    Column("n_setups", "Setups", "n"),
    Column("more_setups", "More needed", "n", "setups until `as tested`, should they earn what the backtest did"),
)
_RESULT_COLUMNS = (
    Column("as_of", "Shown"),
    Column("ticker", "Ticker"),
    Column("direction", "Side"),
    Column("outcome", "Outcome", "words"),
    Column("fill_gap_r", "Fill gap", "snum2", "how much worse than the shown entry, R"),
    Column("net_r", "Net R", "snum2"),
    Column("note", "Note"),
)


def live(report: Report) -> str:
    """The verdict, its three measures, and the newest results."""
    found = report["journal"]
    span = f" from {found['first']} to {found['last']}" if found["first"] else ""
    lists = f"{found['n_lists']:,} {'list' if found['n_lists'] == 1 else 'lists'}"
    lead = (
        f"{found['verdicts'][0]['sentence'].capitalize()} {lists} shown{span}: {found['n_graded']:,} setups graded, "
        f"{found['n_open']:,} open, {found['n_not_filled']:,} not filled. A list is never written again; "
        f"{found['n_noted']:,} carry a note of what the source changed since."
    )
    parts = [table(found["verdicts"], _VERDICT_COLUMNS, json="journal.verdicts", caption="Live against tested")]
    if found["results"]:
        newest = table(found["results"], _RESULT_COLUMNS, json="journal.results", caption="Newest results")
        parts.append(details(f"The newest {len(found['results'])} results", newest))
    return section("live", "Live", lead, *parts)
