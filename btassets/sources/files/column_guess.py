"""Usual column names: hints for a refusal, and defaults written by `init`.

Belongs here: the usual names of each role. Does not belong here: reading with guessed names. Readers use only the names
in the settings.
"""

import re
from collections.abc import Sequence

_SIGNS = re.compile(r"[^a-z0-9]+")
_NUMBER_BEFORE = re.compile(r"^\s*\d+\.\s+")

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "date": (
        "date",
        "timestamp",
        "datetime",
        "time",
        "day",
        "tradedate",
        "tradingdate",
        "tradingday",
        "pricedate",
        "sessiondate",
        "session",
        "windowstart",
        "datum",
        "fecha",
        "gmttime",
        "localtime",
        "dt",
        "indexlevel0",
        "t",
    ),
    "open": ("open", "openprice", "openingprice", "pxopen", "erffnung", "eroeffnung", "apertura", "ouverture", "o"),
    "high": ("high", "highprice", "highestprice", "pxhigh", "hoch", "h"),
    "low": ("low", "lowprice", "lowestprice", "pxlow", "tief", "l"),
    "close": (
        "close",
        "closeprice",
        "closingprice",
        "closelast",
        "last",
        "lastprice",
        "pxlast",
        "settle",
        "price",
        "schlusskurs",
        "schluss",
        "cierre",
        "c",
    ),
    "volume": (
        "volume",
        "vol",
        "tickvol",
        "tickvolume",
        "tradedvolume",
        "totaltradedquantity",
        "tottrdqty",
        "pxvolume",
        "shares",
        "qty",
        "volumen",
        "v",
    ),
    "ticker": ("ticker", "symbol", "sym", "code", "tickersymbol", "instrument", "secid"),
    "dividend": ("dividend", "dividends", "dividendamount", "divcash", "cashdividend", "dividendcash", "exdividend"),
    "split": ("split", "splits", "stocksplits", "splitcoefficient", "splitfactor", "splitratio"),
    "adjusted_close": ("adjclose", "adjustedclose", "closeadj", "adjcloseprice", "closeadjusted", "adjustedcloseprice"),
}
"""Usual names per role, without case and punctuation; the first one found in a file is used."""


def plain_name(name: str) -> str:
    """A column's name without case and punctuation.

    >>> plain_name(" <Adj_Close> ")
    'adjclose'
    """
    return _SIGNS.sub("", name.casefold())


def same_name(name: str) -> str:
    """Normalized column name for comparison: without case, brackets and spaces.

    >>> same_name(" <CLOSE>"), same_name("Stock Splits")
    ('close', 'stock splits')
    """
    text = name.strip().strip("\ufeff'\"").strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    return text.casefold()


def guessed_column(role: str, available: Sequence[str]) -> str | None:
    """The column that usually holds `role`, with or without a number before it ("1. open"); None if no name matches."""
    plain = {plain_name(_NUMBER_BEFORE.sub("", name)): name for name in reversed(available)}
    return next((plain[usual] for usual in USUAL_NAMES[role] if usual in plain), None)
