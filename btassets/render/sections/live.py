"""Shown setups and their results: the live verdict beside the backtest's own interval.

Belongs here: the section of the journal. Does not belong here: today's list (`today.py`).
"""

from btassets.counted import counted
from btassets.render.format import esc
from btassets.render.html_tables import Column, details, section, table
from btassets.render.report_types import Report

_MEASURES = {"net_r": "Net R", "hit_rate": "Hit rate", "fill_gap_r": "Fill gap, R"}
_VERDICT_COLUMNS = (
    Column(
        "measure",
        "Measure",
        hint="mean net R per setup; share of targets among targets and stops; how much worse the fill was, R",
        render=lambda row: esc(_MEASURES.get(row["measure"], row["measure"])),
    ),
    Column("verdict", "Verdict"),
    Column("live", "Live", "num2", "mean of the shown setups that are graded"),
    Column("live_lo", "from", "num2", "interval that holds at every check"),
    Column("live_hi", "to", "num2"),
    Column("tested", "Tested", "num2", "mean of the backtest when these rules were first shown"),
    Column("tested_lo", "from", "num2", "95% interval then"),
    Column("tested_hi", "to", "num2"),
    Column("n_setups", "Setups", "n", "graded setups of signal days under the current settings"),
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
    verdict = found["verdicts"][0]
    sentence = verdict["sentence"]
    lists = counted(found["n_lists"], "list")
    judged = f", {verdict['n_setups']:,} of them on signal days under the current settings" if found["n_graded"] else ""
    lead = (
        f"{sentence[:1].upper()}{sentence[1:]} {lists} shown{span}: {found['n_graded']:,} setups graded{judged}, "
        f"{found['n_open']:,} open, {found['n_not_filled']:,} not filled. A shown list is never changed."
    )
    if found["n_noted"]:
        lead += f" The source has since changed bars of {counted(found['n_noted'], 'shown setup')}: see their notes."
    parts = [table(found["verdicts"], _VERDICT_COLUMNS, json="journal.verdicts", caption="Live against tested")]
    if found["results"]:
        newest = table(found["results"], _RESULT_COLUMNS, json="journal.results", caption="Newest results")
        parts.append(details(f"The newest {len(found['results'])} results", newest))
    return section("live", "Live", lead, *parts)
