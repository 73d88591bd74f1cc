"""Signals as SQL: one SELECT of ticker, date and value over the table `bars`.

Belongs here: the header of a query, and its values. Does not belong here: the process in which it runs (`child.py`).
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.own.declare import check_header
from btassets.own.windows import FIELDS, Floats, TickerArrays

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


def volatile_word(query: str) -> str:
    """First function of a query (without comments and quoted text) that reads a clock or chance; empty without one.

    >>> volatile_word("select NOW() as t")
    'NOW'
    """
    found = _VOLATILE.search(query)
    return found[0] if found else ""


def values(
    text: str, bars: Sequence[TickerArrays], tickers: Sequence[str], dates: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Values of a query at (ticker, date), NaN where it has no row.

    Raises
    ------
    ValueError
        If it is not one SELECT, reads a clock or chance, has other columns, or two rows for one ticker and date.
    """
    import duckdb  # late: only a signal in SQL needs the database

    volatile = volatile_word(bare(text))
    if volatile:
        raise ValueError(f"{volatile} gives another value at another time; a value may depend on the bars alone")
    # DuckDB aborts the process on a text without a statement.
    has_words = bool(bare(text).strip(" ;\r\n\t\ufeff"))
    kinds = [statement.type.name for statement in duckdb.extract_statements(text)] if has_words else []
    if kinds != ["SELECT"]:
        raise ValueError(f"a signal is one SELECT; this is {', '.join(kinds) or 'nothing'}")
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    try:
        _give(connection, "bars", _relation(bars))
        asked = {"ticker": np.array(tickers, dtype=object), "date": dates, "row_no": np.arange(len(dates))}
        _give(connection, "asked", asked)
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        rows, given = _answer(connection, f"({text.strip().rstrip(';')}\n)")
    finally:
        connection.close()
    n_given = np.bincount(rows, minlength=len(tickers))
    if (n_given > 1).any():
        first = int(np.argmax(n_given > 1))
        place = f"{tickers[first]} {dates[first].astype('datetime64[D]')}"
        raise ValueError(f"{n_given[first]} rows for {place}; it must return one per ticker and date")
    out = np.full(len(tickers), np.nan)
    out[rows] = given
    if np.isinf(out).any():
        raise ValueError("returns an infinite value; NULL is no value")
    return out


def _give(connection: Any, name: str, columns: dict[str, Any]) -> None:
    """Create a table from arrays; its day numbers become dates."""
    connection.register("given", columns)
    connection.execute(
        f"create table {name} as select * replace (cast('1970-01-01' as date) + date as date) from given"  # noqa: S608
    )
    connection.unregister("given")


def _answer(connection: Any, query: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """Row numbers of the asked rows that a query has a row for, and its values; NaN for NULL."""
    columns = [entry[0] for entry in connection.execute(f"describe select * from {query}").fetchall()]  # noqa: S608
    if sorted(name.lower() for name in columns) != ["date", "ticker", "value"]:
        raise ValueError(f"returns the columns {', '.join(columns)}; it must return ticker, date, value")
    found = connection.execute(
        f"""
        select asked.row_no, cast(given.value as double) as value
        from asked inner join {query} as given
        on given.ticker = asked.ticker and cast(given.date as date) = asked.date
        """  # noqa: S608  # the query is the user's own
    ).fetchnumpy()
    values_found = np.ma.filled(np.ma.asarray(found["value"], np.float64), np.nan)
    return np.asarray(found["row_no"], np.int64), values_found


def _relation(bars: Sequence[TickerArrays]) -> dict[str, Any]:
    """Columns of the table `bars`, as DuckDB scans them."""
    names = np.array([one.ticker for one in bars], dtype=object)
    lengths = [len(one.date) for one in bars]
    columns: dict[str, Any] = {"ticker": np.repeat(names, lengths)}
    columns["date"] = np.concatenate([one.date for one in bars]) if bars else np.empty(0, np.int32)
    for name in FIELDS:
        columns[name] = np.concatenate([one.columns[name] for one in bars]) if bars else np.empty(0)
    return columns
