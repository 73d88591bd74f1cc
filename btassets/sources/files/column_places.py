"""Places of the columns in a file without a line of names, inferred from its values.

Belongs here: which column can be which role, by the order of the prices. Does not belong here: guesses by name
(`column_guess.py`), reading under a guess; a reader takes the settings.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.sources.universe.ticker_names import unsafe_reason
from btassets.sources.values.dates import read_days
from btassets.sources.values.numbers import decimal_sign, read_numbers
from btassets.sources.values.unreadable import UnreadableValueError

Floats = npt.NDArray[np.float64]

_MIN_ROWS = 5
_PRICES = 4
_MOST_LETTERS = 12
_CLEARLY_NEARER = 0.8


def column_places(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Settings of `[source.columns]` as places, `#1` and so on; empty unless every role of a bar is found.

    The date is the first column of dates; the prices are the first four columns in a row of which one is never below
    the others, and one never above; of the other two, the first is the open unless the second is nearer to the close
    before. The volume is the first column after them with whole numbers. A column of texts is the ticker; of several
    tickers, the rows of the first are looked at.

    Parameters
    ----------
    rows
        Rows of one file; a last row that may be cut off is the caller's to leave out.

    Examples
    --------
    >>> rows = [[f"2020-01-{day:02d}", "10", "12", "9", f"{day}", "100"] for day in (10, 10, 11, 11, 12)]
    >>> column_places(rows)["close"]
    '#5'
    """
    width = len(rows[0]) if rows else 0
    if len(rows) < _MIN_ROWS or any(len(row) != width for row in rows):
        return {}
    ticker = next((n for n in range(width) if _are_tickers([row[n] for row in rows])), None)
    if ticker is not None:
        rows = [row for row in rows if row[ticker] == rows[0][ticker]]
    columns = [pa.array([row[n] for row in rows]) for n in range(width)]
    date = next((n for n, column in enumerate(columns) if _are_dates(column)), None)
    if date is None:
        return {}
    decimal = decimal_sign(columns)
    numbers = {
        n: found for n, column in enumerate(columns) if n != date and (found := _numbers(column, decimal)) is not None
    }
    days = read_days(columns[date], "date")
    in_time = slice(None) if days[0] <= days[-1] else slice(None, None, -1)
    prices = _prices({n: values[in_time] for n, values in numbers.items()})
    if prices is None:
        return {}
    last = max(prices.values())
    volume = next((n for n in numbers if n > last and _are_counts(numbers[n])), None)
    if volume is None:
        return {}
    found = {"date": date, **prices, "volume": volume}
    if ticker is not None:
        found["ticker"] = ticker
    return {role: f"#{n + 1}" for role, n in found.items()}


def _are_dates(column: pa.Array) -> bool:
    try:
        days = read_days(column, "date")
    except UnreadableValueError:
        return False
    # Whole numbers such as volumes can read as dates; these are not in order.
    steps = np.diff(days)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _numbers(column: pa.Array, decimal: str) -> Floats | None:
    found = read_numbers(column, "", decimal=decimal)
    return None if len(found.text_rows) or not np.isfinite(found.values).any() else found.values


def _prices(numbers: dict[int, Floats]) -> dict[str, int] | None:
    for first in numbers:
        four = [first + k for k in range(_PRICES)]
        if any(n not in numbers for n in four):
            continue
        table = np.array([numbers[n] for n in four])
        if not (table > 0).all() or not (np.ptp(table, axis=0) > 0).any():
            continue
        highs = [n for n in four if (numbers[n] >= table.max(axis=0)).all()]
        lows = [n for n in four if (numbers[n] <= table.min(axis=0)).all()]
        if len(highs) != 1 or len(lows) != 1:
            continue
        one, other = (n for n in four if n not in {highs[0], lows[0]})
        is_turned = _gap(numbers, other, one) < _CLEARLY_NEARER * _gap(numbers, one, other)
        open_, close = (other, one) if is_turned else (one, other)
        return {"open": open_, "high": highs[0], "low": lows[0], "close": close}
    return None


def _gap(numbers: dict[int, Floats], open_: int, close: int) -> float:
    """Mean distance of an open from the close before."""
    return float(np.abs(numbers[open_][1:] - numbers[close][:-1]).mean())


def _are_counts(values: Floats) -> bool:
    return bool((values >= 0).all() and (values > 0).any() and (values == np.round(values)).all())


def _are_tickers(texts: Sequence[str]) -> bool:
    names = {text.strip() for text in texts}
    return all(text[:1].isalpha() and len(text) <= _MOST_LETTERS and unsafe_reason(text) is None for text in names)
