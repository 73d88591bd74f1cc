"""Excursions: the heat of winners, what losers had won, and the results of other exits.

Belongs here: the section. Does not belong here: its numbers (`stages.report.report_excursions`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.claims import detectable, interval, out_of_sample
from btassets.render.format import esc, shown
from btassets.render.html_tables import Column, block, section, table
from btassets.render.labels import verdict_chip
from btassets.render.report_types import Report

_MOVES = {
    "stop_0.5": "Stop at half the distance",
    "stop_0.75": "Stop at three quarters",
    "target_0.5": "Target at half the distance",
    "target_0.75": "Target at three quarters",
    "as_planned": "Stop and target as planned",
    "trail_2": "Stop trailing by 2 ATR",
    "trail_3": "Stop trailing by 3 ATR",
    "breakeven_1": "Stop to the entry after 1R",
    "part_0.5": "Half sold at the target, the rest kept",
}
_LEVELS = (
    Column("member", "Exit", render=lambda row: esc(_MOVES.get(row["member"], row["member"]))),
    Column(
        "estimate", "Net R, difference", "r3", "mean per setup against the exits as traded, in R of the planned stop"
    ),
    Column("ci", "95% interval", render=lambda row: esc(interval(row))),
    Column("p_adj", "p", "num4", "two-sided, adjusted for all of these exits"),
    Column("n", "n", "n", "setups"),
    Column("family_size", "Tried", "n", "exits in the family"),
    Column("mde80", "Detectable", "text", "smallest effect with 80% power", render=lambda row: esc(detectable(row))),
    Column("oos", "Later weeks", "text", "test weeks", render=lambda row: esc(out_of_sample(row))),
    Column("verdict", "Verdict", render=lambda row: verdict_chip(row["verdict"])),
)


def excursions(report: Report) -> str:
    """The section; empty without a finished setup that qualifies."""
    found = report["excursions"]
    if not found["winners"]["n"] and not found["losers"]["n"]:
        return ""
    parts = [_words("winners", found["winners"]), _words("losers", found["losers"])]
    lead = " ".join(part for part in parts if part)
    rows = table(
        found["levels"],
        _LEVELS,
        json="excursions.levels",
        caption="Other exits",
        none="No qualified setup has a result.",
    )
    note = (
        "Every qualified setup graded again with one change: same size, fills and gaps; a setup that a moved level "
        "would not have let in counts as 0. A stop moves with the bars before each day. Evidence, no advice: a verdict "
        "takes the whole family into account; `btassets sweep exits.trail_atr=0:4:1` shows the portfolios."
    )
    return section("excursions", "During the trade", lead, block("Results of other exits", note, rows))


def _words(side: str, row: Mapping[str, Any]) -> str:
    if not row["n"]:
        return ""
    p50, p80, p95 = (shown(row[name], "num2") for name in ("p50_r", "p80_r", "p95_r"))
    if side == "winners":
        return (
            f"Half of the {row['n']:,} winners were never more than {p50}R below their fill, "
            f"80% never more than {p80}R, 95% never more than {p95}R; the low came on day {row['mean_day']} on average."
        )
    return (
        f"Half of the {row['n']:,} that were stopped had been at most {p50}R above their fill, 80% at most {p80}R, "
        f"95% at most {p95}R."
    )
