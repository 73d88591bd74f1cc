"""One setup graded over bars typed by hand."""

import math

import numpy as np

from btassets.engine.market.bars import Bars
from btassets.engine.replay.candidate_columns import LABELS
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups

QUIET = (100.0, 100.5, 99.5, 100.0)


def story(*ahead, n=40, gap_after=None):
    """Bars: one as-of bar at 100, then the given (open, high, low, close), then quiet ones."""
    rows = [QUIET, *ahead, *[QUIET] * n][: n + 1]
    dates = np.arange(1000, 1000 + len(rows), dtype=np.int32)
    if gap_after is not None:
        dates[gap_after + 1 :] += 40
    prices = [np.array([row[k] for row in rows]) for k in range(4)]
    return Bars(dates, *prices, np.full(len(rows), 1e6))


def graded(bars, *, sign=1, entry=100.0, stop=95.0, target=110.0, rr=2.0, i=0, session_no=None, last=None, **options):
    session_no = np.arange(bars.n_bars, dtype=np.int32) if session_no is None else session_no
    bench = np.linspace(100.0, 200.0, bars.n_bars)
    options.setdefault("is_ended", False)
    columns = grade_setups(
        AlignedBars(bars, bench - 1.0, bench, session_no),
        int(session_no[-1]) if last is None else last,
        GivenPrices(
            np.array([i], dtype=np.int32),
            np.array([sign], dtype=np.int8),
            *(np.array([value]) for value in (entry, stop, target, rr, 1.0)),
        ),
        **options,
    )
    row = {}
    for name, column in columns.items():
        value = column[0].item()
        if name in LABELS:
            value = LABELS[name][value] if value >= 0 else None
        elif isinstance(value, float) and math.isnan(value):
            value = None
        row[name] = value
    return row
