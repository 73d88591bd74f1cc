"""A source of bars: a SQLite file with prices in cents, days as YYYYMMDD, and a second table of actions."""

import sqlite3
from contextlib import closing
from typing import Any

import btassets as bt


class SqliteSource(bt.Source):
    """Bars of the tables `prices` and `events`; the option `path` names the file, relative to the book's folder."""

    def tickers(self) -> list[str]:
        """Every code with a price."""
        return [code for (code,) in self._rows("select distinct code from prices order by code")]

    def stamp(self, ticker: str) -> str:
        """Number and sum of its rows, which change with a new or corrected bar."""
        prices = "select count(*), sum(day), sum(close_cents), sum(shares) from prices where code = ?"
        events = "select count(*), sum(day), sum(amount) from events where code = ?"
        return str([self._rows(query, ticker) for query in (prices, events)])

    def bars(self, ticker: str) -> dict[str, Any]:
        """Columns of one ticker."""
        rows = self._rows(_BARS, ticker)
        day, *cents, volume = map(list, zip(*rows, strict=True))
        found: dict[str, Any] = {"date": [f"{d // 10_000}-{d // 100 % 100:02}-{d % 100:02}" for d in day]}
        found |= {name: [value / 100.0 for value in part] for name, part in zip(_PRICES, cents, strict=True)}
        events = {(kind, d): amount for d, kind, amount in self._rows(_EVENTS, ticker)}
        found["volume"] = volume
        found["dividend"] = [events.get(("dividend", d), 0.0) for d in day]
        found["split"] = [events.get(("split", d), 1.0) for d in day]
        return found

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder / self.options['path']}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()


_PRICES = ("open", "high", "low", "close")
_BARS = """
select day, open_cents, high_cents, low_cents, close_cents, shares from prices
where code = ? order by day
"""
_EVENTS = "select day, kind, amount from events where code = ?"
