"""Columns of a broker's file of fills: by the settings, else by their usual names.

Belongs here: the head line of a CSV file and the column of each role. Does not belong here: the meaning of a row
(`btassets.studies.account.fill_rows`).
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from btassets.sources.files.column_guess import plain_name, same_name

ROLES = ("time", "ticker", "side", "shares", "price", "fee", "amount", "order")
REQUIRED = ("time", "ticker", "shares", "price")

USUAL_FILL_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        *(
            "executiontime",
            "exectime",
            "filltime",
            "filledtime",
            "tradetime",
            "datetime",
            "transactiontime",
            "timestamp",
        ),
        *("tradedate", "transactiondate", "rundate", "activitydate", "executedat", "filledat", "date", "time", "datum"),
    ),
    "ticker": ("ticker", "symbol", "sym", "instrument", "tickersymbol", "underlying", "security", "stock"),
    "side": ("side", "buysell", "action", "transactiontype", "trantype", "transcode", "type", "direction", "bs"),
    "shares": ("shares", "quantity", "qty", "filledqty", "filledquantity", "execqty", "size", "stuck", "units"),
    "price": ("price", "tprice", "fillprice", "avgprice", "averageprice", "execprice", "tradeprice", "filledprice"),
    "fee": ("fee", "fees", "commission", "commissions", "commfee", "feescomm", "feescommissions", "ibcommission"),
    "amount": ("netamount", "netcash", "amount", "net", "cash", "value", "total"),
    "order": ("orderid", "order", "ordernumber", "orderno", "iborderid", "orderref"),
}
"""Usual names per role, without case and punctuation; the first one found in a file is used."""

_MAX_HEAD_LINES = 30


class NoFillsError(ValueError):
    """A text without a head line of fills; the message says what is missing."""


@dataclass(frozen=True)
class FillTable:
    """Rows of a broker's file.

    Attributes
    ----------
    columns
        Column of each role that was found.
    rows
        Line number, cells by role, and the raw cells of each row behind the head line; blank lines are left out.
    skipped
        Lines before the head line, as text.
    """

    columns: dict[str, str]
    rows: list[tuple[int, dict[str, str], tuple[str, ...]]]
    skipped: tuple[str, ...]


def read_fill_table(text: str, named: Mapping[str, str]) -> FillTable:
    """The rows of a CSV text; brokers write a few lines of their own above the head line.

    Parameters
    ----------
    named
        Column of a role by the settings; empty: by the usual names.

    Raises
    ------
    NoFillsError
        If no line names every required column.
    """
    delimiter = max(",;\t|", key="\n".join(text.splitlines()[:_MAX_HEAD_LINES]).count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    skipped: list[str] = []
    nearest: tuple[int, str] | None = None
    for _ in range(_MAX_HEAD_LINES):
        head = next(reader, None)
        if head is None:
            break
        places = _places(head, named)
        missing = [role for role in REQUIRED if role not in places]
        if not missing:
            rows = [
                (reader.line_num, _cells(row, places), tuple(word.strip() for word in row))
                for row in reader
                if any(word.strip() for word in row)
            ]
            return FillTable({role: head[at].strip() for role, at in places.items()}, rows, tuple(skipped))
        if len(head) > 2 and (nearest is None or len(missing) < nearest[0]):
            nearest = len(missing), f"line {reader.line_num} has no column for {', '.join(missing)} ({', '.join(head)})"
        if any(word.strip() for word in head):
            skipped.append(delimiter.join(head))
    raise NoFillsError("it is empty" if not skipped else nearest[1] if nearest else "it has no line of column names")


def _places(head: list[str], named: Mapping[str, str]) -> dict[str, int]:
    """Position of the column of each role."""
    plain = [plain_name(word) for word in head]
    same = [same_name(word) for word in head]
    places: dict[str, int] = {}
    for role in ROLES:
        given = named.get(role, "")
        if given:
            if same_name(given) in same:
                places[role] = same.index(same_name(given))
            continue
        free = [k for k in range(len(head)) if k not in places.values()]
        at = next((k for usual in USUAL_FILL_NAMES[role] for k in free if plain[k] == usual), None)
        if at is not None:
            places[role] = at
    return places


def _cells(row: list[str], places: Mapping[str, int]) -> dict[str, str]:
    return {role: row[at].strip() if at < len(row) else "" for role, at in places.items()}
