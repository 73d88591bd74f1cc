"""Clocks in a source, by its text; what the hook refuses is tested in a process (`test_child.py`)."""

import pytest

from btassets.own.containment import ContainedError, Containment, clock_in


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import datetime\n\nx = datetime.datetime.now()", 3),
        ("from datetime import date\nx = date.today()", 2),
        ("import numpy as np\nx = np.datetime64('now')", 2),
        ("from pandas import Timestamp\nx = Timestamp('today')", 2),
        ("import datetime as dt\nclock = dt.datetime.now\nx = clock()", 2),
        ("from uuid import uuid1\nx = uuid1()", 2),
        ("import pandas as pd\nx = pd.to_datetime(arg='now')", 2),
        ("import numpy as np\nx = np.datetime64('2024-01-01')", None),
        ("class Day:\n    today = 1\nday = Day()\nx = day.today", None),
        ("def now(): return 1\nx = now()", None),
        ("x = (", None),
    ],
)
def test_a_clock_is_found_by_its_call(source: str, line: int | None) -> None:
    found = clock_in(source)
    assert (found and found[0]) == line


def test_the_first_refusal_is_remembered() -> None:
    contained = Containment({})
    for what in ("one", "two"):
        with pytest.raises(ContainedError, match=what):
            contained.refuse(what)
    assert contained.found == "one"
