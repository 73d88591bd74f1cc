"""Signals as SQL: one SELECT of ticker, date and value over the table `bars`.

Belongs here: the header of a query, and its values. Does not belong here: the process in which it runs (`child.py`).
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.own.declare import check_header
from btassets.own.windows import FIELDS, TickerArrays

HEADER_KEYS = ("sign", "label", "description")

_HEADER = re.compile(r"^\s*(?:--|#)\s*(\w+)\s*:\s*(.*?)\s*$")
_VOLATILE = re.compile(
    r"\b(now|today|current_date|current_time|current_timestamp|localtime|localtimestamp|get_current_time|"
    r"get_current_timestamp|transaction_timestamp|random|setseed|uuid|gen_random_uuid|nextval|getenv)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)


def header(text: str, stem: str) -> dict[str, Any]:
    r"""Name, sign, label and description from the comment lines at the top of a query or a file.

    Raises
    ------
    ValueError
        If name or sign is out of bounds.

    >>> header("-- sign: -1\n-- label: Reversal\nselect 1", "reversal")["sign"]
    -1
    """
    found: dict[str, str] = {}
    for line in text.lstrip("\ufeff").splitlines():
        entry = _HEADER.match(line)
        if entry and entry[1].lower() in HEADER_KEYS:
            found.setdefault(entry[1].lower(), entry[2])
        elif not line.lstrip().startswith(("--", "#")):
            break
    written = found.get("sign", "1").lstrip("+")
    sign: object = int(written) if re.fullmatch(r"-?\d+", written) else written
    check_header(stem, sign)
    label = found.get("label") or stem.replace("_", " ").capitalize()
    return {"name": stem, "form": "sql", "lookback": 0, "sign": sign, "label": label,
            "description": found.get("description", "")}  # fmt: skip


def bare(text: str) -> str:
    """A query without comments and quoted text.

    >>> bare("select 'now()' -- now()").strip()
    'select'
    """
    return _QUOTED.sub(" ", text)


def values(
    text: str, bars: Sequence[TickerArrays], tickers: Sequence[str], dates: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Values of a query at (ticker, date), NaN where it has no row.

    Raises
    ------
    ValueError
        If it reads a clock or chance, has other columns, or two rows for one ticker and date.
    """
    import duckdb  # late: only a signal in SQL needs the database

    volatile = _VOLATILE.search(bare(text))
    if volatile:
        raise ValueError(f"{volatile[0]} gives another value at another time; a value may depend on the bars alone")
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    try:
        connection.register("bars_given", _relation(bars))
        connection.execute(
            "create table bars as select * replace (cast('1970-01-01' as date) + date as date) from bars_given"
        )
        connection.unregister("bars_given")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        found = connection.execute(f"select * from ({text.strip().rstrip(';')}\n)")  # noqa: S608  # the user's query
        columns = [entry[0].lower() for entry in found.description or ()]
        if sorted(columns) != ["date", "ticker", "value"]:
            raise ValueError(f"returns the columns {', '.join(columns)}; it must return ticker, date, value")
        rows = found.fetchall()
    finally:
        connection.close()
    at = [columns.index(name) for name in ("ticker", "date", "value")]
    by_key: dict[tuple[str, int], float] = {}
    epoch = np.datetime64("1970-01-01", "D")
    for row in rows:
        ticker, day, value = (row[k] for k in at)
        number = int((np.datetime64(day, "D") - epoch).astype(np.int64))
        if (ticker, number) in by_key:
            raise ValueError(f"two rows for {ticker} {day}; it must return one per ticker and date")
        by_key[ticker, number] = np.nan if value is None else float(value)
    out = np.array([by_key.get(key, np.nan) for key in zip(tickers, dates.tolist(), strict=True)], np.float64)
    if np.isinf(out).any():
        raise ValueError("returns an infinite value; NULL is no value")
    return out


def _relation(bars: Sequence[TickerArrays]) -> dict[str, Any]:
    """Columns of the table `bars`, as DuckDB scans them."""
    names = np.array([one.ticker for one in bars], dtype=object)
    lengths = [len(one.date) for one in bars]
    columns: dict[str, Any] = {"ticker": np.repeat(names, lengths)}
    columns["date"] = np.concatenate([one.date for one in bars]) if bars else np.empty(0, np.int32)
    for name in FIELDS:
        columns[name] = np.concatenate([one.columns[name] for one in bars]) if bars else np.empty(0)
    return columns
