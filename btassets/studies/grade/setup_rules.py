"""Impossible dates of setups.

Belongs here: refusing setups of the future and of the far past. Does not belong here: reading columns and prices
(`rule_rows.py`).
"""

import datetime as dt

import numpy as np
import numpy.typing as npt

from btassets.engine.days import EPOCH
from btassets.errors import CandidateTableError

_TABLE = "candidates"
_FIRST = dt.date(1900, 1, 1)


def check_days(days: npt.NDArray[np.int32], name: str, today: dt.date | None = None) -> None:
    """Refuse dates in the future and before 1900.

    Parameters
    ----------
    days
        Days since 1970-01-01.
    name
        Column, for the message.
    today
        The last possible date is the day after; None: today in UTC.

    Raises
    ------
    CandidateTableError
        Names the first such date.
    """
    now = today or dt.datetime.now(dt.UTC).date()
    first, last = (_FIRST - EPOCH).days, (now - EPOCH).days + 1
    wrong = days[(days < first) | (days > last)]
    if len(wrong):
        problem = f"{name} = {np.datetime64(int(wrong[0]), 'D')} in {len(wrong)} row{'s' * (len(wrong) > 1)}"
        raise CandidateTableError(_TABLE, problem, f"a setup's date must be from {_FIRST} to {now}; correct the table.")
