"""A verdict that is checked every week: the last checks taken together.

A p-value holds for one check. Checked every week for a year, a true null is below .05 more often than that, and the
reader stops when it suits. A weekly series gives the verdict of every earlier check: the series up to that week.
So a verdict counts when the newest weekly check and most of the newest `LOOKS` give it, on the first run of a book as
on the hundredth (decisions 0026 and 0032 have sizes and power).

Belongs here: the looks, and the verdict of them together. Does not belong here: the verdict of one look (verdicts), and
what runs have said on earlier days (`run.verdict_history`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from btassets.engine.cross_section.rank_ic import WeeklyIc
from btassets.engine.statistics.verdicts import NOISE, Verdict

LOOKS = 8
"""Newest weekly checks that make a verdict together."""

MAJORITY = 5
"""How many of them must agree, the newest among them."""


def weekly_looks(weekly: WeeklyIc, n: int = LOOKS) -> Iterator[WeeklyIc]:
    """The series as it was at each of the last `n` weekly checks, newest first.

    The newest look is at the last week with a correlation of any signal: the weeks after it have no return yet.
    """
    known = np.flatnonzero(~np.isnan(weekly.ic).all(axis=(0, 1)))
    last = int(known[-1]) + 1 if len(known) else len(weekly.week)
    for stop in range(last, max(last - n, 0), -1):
        yield replace(
            weekly,
            week=weekly.week[:stop],
            ic=weekly.ic[:, :, :stop],
            spread=weekly.spread[:, :, :stop],
            size=weekly.size[:, :, :stop],
        )


def looks_agreeing(verdicts: Sequence[Verdict]) -> int:
    """How many of the newest `LOOKS` checks say what the newest one says; 0 where that is noise.

    >>> looks_agreeing(["supported", "supported", "not distinguishable from noise", "supported"])
    3
    """
    if not verdicts or verdicts[0] == NOISE:
        return 0
    return sum(verdict == verdicts[0] for verdict in verdicts[:LOOKS])


def lasting(verdicts: Sequence[Verdict]) -> Verdict:
    """Verdict of the newest checks together: the newest one where most say it, else noise.

    Parameters
    ----------
    verdicts
        Newest first; fewer than `MAJORITY` of them say nothing.
    """
    return verdicts[0] if looks_agreeing(verdicts) >= MAJORITY else NOISE
