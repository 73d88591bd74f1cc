"""Values that no setup can have.

Belongs here: refusing a table of setups with impossible prices, dates, or columns. Does not belong here: reading its
columns (`given_setups.py`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.errors import CandidateTableError

_TABLE = "candidates"
_EPOCH = dt.date(1970, 1, 1)
_FIRST = dt.date(1900, 1, 1)


def check_columns(table: pa.Table) -> None:
    """Refuse a table whose columns have no distinct, readable names.

    Raises
    ------
    CandidateTableError
        With the column that is there twice, or that the names are not UTF-8.
    """
    try:
        names = table.column_names
    except UnicodeDecodeError as error:
        raise CandidateTableError(
            _TABLE, f"the names of its columns are not UTF-8 ({error.reason})", "save the table as UTF-8."
        ) from error
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise CandidateTableError(_TABLE, f"column {twice[0]} is there twice", "give each column once.")


def check_prices(prices: Mapping[str, npt.NDArray[np.float64]]) -> None:
    """Refuse prices that are zero, negative or infinite; NaN is missing and judged elsewhere.

    Raises
    ------
    CandidateTableError
        With the column, the first such value and how many there are.
    """
    for name, values in prices.items():
        wrong = np.flatnonzero(~np.isnan(values) & ~((values > 0) & np.isfinite(values)))
        if len(wrong):
            more = "" if len(wrong) == 1 else f" and {len(wrong) - 1} more"
            problem = f"{name} = {values[wrong[0]]:g} in one row{more}"
            raise CandidateTableError(_TABLE, problem, "a price is a finite number above 0; correct the table.")


def check_days(days: npt.NDArray[np.int32], name: str, today: dt.date | None = None) -> None:
    """Refuse dates in the future and before 1900.

    Parameters
    ----------
    days
        Days since 1970-01-01.
    today
        The last possible date is the day after; None: today in UTC.

    Raises
    ------
    CandidateTableError
        With the first such date.
    """
    now = today or dt.datetime.now(dt.UTC).date()
    first, last = (_FIRST - _EPOCH).days, (now - _EPOCH).days + 1
    wrong = days[(days < first) | (days > last)]
    if len(wrong):
        problem = f"{name} = {np.datetime64(int(wrong[0]), 'D')} in {len(wrong)} row{'s' * (len(wrong) > 1)}"
        raise CandidateTableError(_TABLE, problem, f"a setup has a date from {_FIRST} to {now}; correct the table.")
