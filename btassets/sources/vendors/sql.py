"""Bars from a database: a SQLAlchemy URL and a query that returns one row per ticker and session.

Belongs here: queries for many tickers at once, and for new rows only. Does not belong here: the meaning of columns
(`column_mapping.py`), screening bars (`engine.market.quality`).

The user's query is used as a subquery that is filtered by date, so that the database does the selection. A `:since`
inside it, if present, is bound to the first date wanted. One grouped query returns the tickers and the extent of each
(the change marker: last date and number of rows), so a run with nothing to read fetches no bar. Changes of the past
without a new row are detected in the last 10 sessions, and beyond them by `ingest --full`.

The settings never contain a password: `BTASSETS_SQL_PASSWORD`, or the whole URL in `BTASSETS_SQL_URL`, comes from the
environment.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from btassets.engine.days import iso_day
from btassets.errors import NoBarsError, SettingError, UsageError
from btassets.masking import mask, remember
from btassets.settings.models import Settings
from btassets.sources.base import Basis, BlockedTickerError, RawBars
from btassets.sources.files.column_mapping import ColumnNames, LocatedColumns, concatenated, raw_bars_of
from btassets.sources.universe.ticker_names import canonical_ticker, case_collisions, unsafe_reason
from btassets.storage.lake import Lake

URL_NAME, PASSWORD_NAME = "BTASSETS_SQL_URL", "BTASSETS_SQL_PASSWORD"
"""Environment variables: the whole URL, or the password only."""

_FIRST_EVER = -62_091  # 1800-01-01, as in values/dates.py
_ROWS_AT_ONCE = 50_000
_READ_ONLY = {"postgresql": {"postgresql_readonly": True}}
_FEW_TICKERS = 200
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class _Known:
    """One ticker as listed by the database."""

    spelled: tuple[str, ...]
    last: str
    n_rows: int


class SqlSource:
    """Bars of a query over any database supported by SQLAlchemy; SQLite and PostgreSQL are tested.

    Parameters
    ----------
    url
        URL without a password, e.g. `postgresql+psycopg2://reader@host/market` or `sqlite:////bars.db`.
    query
        One SELECT with the columns of `columns`; `columns.ticker` names the one with the ticker.
    columns
        The query's column names; unset ticker: "ticker".
    basis
        Basis of the prices.
    folder
        Base of the relative path of a SQLite file; the current folder if None.

    Raises
    ------
    SettingError
        For an empty or invalid URL or query, or a password in the URL.
    """

    name = "sql"

    def __init__(
        self,
        url: str,
        query: str,
        columns: ColumnNames | None = None,
        basis: Basis = "total",
        folder: Path | None = None,
    ) -> None:
        self.basis: Basis = basis
        names = columns or ColumnNames()
        self._columns = replace(names, ticker=names.ticker or "ticker")
        self._query = query.strip().rstrip(";").strip()
        if not self._query:
            rule = "must be one SELECT that returns ticker, date, open, high, low, close and volume"
            raise SettingError("source.query", query, rule, "settings")
        self._url = _address(url, folder)
        self.last_expected: int | None = None
        self._engine: sa.Engine | None = None
        self._inventory: dict[str, _Known] | None = None
        self._refused: dict[str, BlockedTickerError] = {}
        self._lock = threading.Lock()
        self._wanted: dict[str, int | None] = {}
        self._ready: dict[str, RawBars | BlockedTickerError] = {}

    def tickers(self) -> list[str]:
        """Every ticker of the query, sorted by bytes.

        Raises
        ------
        NoBarsError
            If the database is unreachable, rejects the query, or returns no row.
        """
        return sorted(self._found(), key=str.encode)

    def stamp(self, ticker: str) -> str:
        """Last date and number of rows; "" for an unknown ticker."""
        known = self._found().get(ticker)
        return "" if known is None else f"{known.last} {known.n_rows}"

    def announce(self, wanted: Mapping[str, int | None]) -> None:
        """Store the announced fetches: one query then covers all of them."""
        with self._lock:
            self._wanted = dict(wanted)
            self._ready.clear()

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker, in the order of their dates."""
        return self._answer(ticker, None)

    def fetch_since(self, ticker: str, first_date: int) -> RawBars:
        """Bars from `first_date` on."""
        bars = self._answer(ticker, first_date)
        return bars if not len(bars) or bars.dates.min() >= first_date else _since(bars, first_date)

    def _answer(self, ticker: str, first: int | None) -> RawBars:
        known = self._found()
        if ticker in self._refused:
            raise self._refused[ticker]
        if ticker not in known:
            reason = (
                "the query returns no such ticker; a ticker needs at least one bar; check it with `btassets doctor`."
            )
            raise BlockedTickerError(ticker, "Q1", reason)
        with self._lock:
            is_announced = ticker in self._wanted and self._wanted[ticker] == first
            if not is_announced or ticker not in self._ready:
                alike = {t: f for t, f in self._wanted.items() if (f is None) == (first is None)}
                self._read(
                    {t: f for t, f in alike.items() if t not in self._ready} if is_announced else {ticker: first}
                )
            found = self._ready.pop(ticker, None)
            self._wanted.pop(ticker, None)
        if isinstance(found, BlockedTickerError):
            raise found
        return _no_rows() if found is None else found

    def _read(self, group: Mapping[str, int | None]) -> None:
        """Put the bars of a group of tickers into `_ready`, by one query."""
        starts = [first for first in group.values() if first is not None]
        first = min(starts) if len(starts) == len(group) else _FIRST_EVER
        known = self._found()
        spelled = {name: ticker for ticker in group if ticker in known for name in known[ticker].spelled}
        names = self._columns
        ticker_column = sa.column(str(names.ticker))
        roles = [field.name for field in fields(names) if getattr(names, field.name) is not None]
        chosen = [sa.column(getattr(names, role)).label(role) for role in roles]
        rows = self._rows(first)
        statement = sa.select(*chosen).select_from(rows)
        statement = statement.where(sa.column(names.date) >= self._bound(first))
        if len(spelled) <= _FEW_TICKERS and len(group) < len(known):
            statement = statement.where(ticker_column.in_(list(spelled)))
        statement = statement.order_by(ticker_column, sa.column(names.date))
        try:
            for text, table in _by_ticker(self._batches(statement, roles)):
                ticker = spelled.get(text)
                if ticker is not None:
                    self._ready[ticker] = self._bars(ticker, table)
        except SQLAlchemyError as error:
            raise self._refusal(error) from error

    def _bars(self, ticker: str, table: pa.Table) -> RawBars | BlockedTickerError:
        names = self._columns
        roles = {role: getattr(names, role) for role in table.column_names}
        try:
            bars = raw_bars_of(table, LocatedColumns(roles, ()), ticker)
        except BlockedTickerError as error:
            return error
        earlier = self._ready.get(ticker)
        return concatenated([earlier, bars]) if isinstance(earlier, RawBars) else bars

    def _batches(self, statement: Any, roles: Sequence[str]) -> Iterator[pa.Table]:
        with self._connected() as connection:
            # A server-side cursor: the result need not fit into memory twice.
            result = connection.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE).execute(statement)
            for rows in result.partitions(_ROWS_AT_ONCE):
                columns = [_column(values) for values in zip(*rows, strict=True)]
                yield pa.table(columns, names=list(roles))

    def _found(self) -> dict[str, _Known]:
        if self._inventory is None:
            with self._lock:
                if self._inventory is None:
                    self._inventory = self._look()
        return self._inventory

    def _look(self) -> dict[str, _Known]:
        names = self._columns
        ticker, date = sa.column(str(names.ticker)), sa.column(names.date)
        grouped = sa.select(ticker, sa.func.max(date), sa.func.count()).select_from(self._rows(_FIRST_EVER))
        try:
            with self._connected() as connection:
                answer = connection.execute(grouped.group_by(ticker)).all()
        except SQLAlchemyError as error:
            raise self._refusal(error) from error
        known: dict[str, _Known] = {}
        for text, last, n_rows in answer:
            if not isinstance(text, str):
                if text is None:
                    continue
                problem = f"column {names.ticker} holds {type(text).__name__}, e.g. {text!r}"
                advice = "tickers must be text (TRUE, 0700); cast it to text in source.query."
                raise NoBarsError("source sql", problem, advice)
            name = canonical_ticker(text)
            before = known.get(name)
            if before is not None:
                spellings = (*before.spelled, text)
                reason = f"{' and '.join(spellings)} are one ticker; each may occur once; correct source.query."
                self._refused[name] = BlockedTickerError(name, "Q2", reason)
            known[name] = _Known((*(before.spelled if before else ()), text), str(last), int(n_rows))
        if not known:
            raise NoBarsError("source sql", "the query returns no row", "correct source.query.")
        self._refuse_names(known)
        return known

    def _refuse_names(self, known: Mapping[str, _Known]) -> None:
        for ticker in known:
            if (reason := unsafe_reason(ticker)) is not None:
                text = f"{reason}; a ticker must be a safe name; rename it in source.query."
                self._refused[ticker] = BlockedTickerError(ticker, "Q2", text)
        for ticker, spellings in case_collisions(known).items():
            text = f"{' and '.join(spellings)} differ only in case; tickers must be unique ignoring case; keep one."
            self._refused[ticker] = BlockedTickerError(ticker, "Q2", text)

    def _rows(self, first: int) -> Any:
        """Use the user's query as a table, its `:since` bound."""
        text = sa.text(f"(\n{self._query}\n) AS bars_of_source")
        return text.bindparams(since=self._bound(first)) if "since" in text.compile().params else text

    def _bound(self, day: int) -> Any:
        """A date in the database's comparison format: SQLite has no dates, only text."""
        return iso_day(day) if self._url.get_backend_name() == "sqlite" else np.datetime64(day, "D").item()

    def _connected(self) -> Any:
        if self._engine is None:
            try:
                self._engine = sa.create_engine(self._url, poolclass=sa.pool.NullPool)
            except ModuleNotFoundError as error:
                problem = f"source sql: no driver for {self._url.drivername} ({error.name} is not installed)"
                raise UsageError(problem, 'pip install "btassets[postgres]", or your database\'s driver.') from error
            except SQLAlchemyError as error:
                raise self._refusal(error) from error
        # Read-only: a mistake in the query changes nothing.
        if self._url.get_backend_name() != "sqlite":
            return self._engine.connect().execution_options(**_READ_ONLY.get(self._url.get_backend_name(), {}))
        if self._url.database not in (None, "", ":memory:") and not Path(str(self._url.database)).is_file():
            raise NoBarsError(f"source {self._url}", "there is no such file", "correct source.url.")
        connection = self._engine.connect()
        connection.exec_driver_sql("pragma query_only = on")
        return connection

    def _refusal(self, error: Exception) -> NoBarsError:
        """The database's message, without the URL's password and the statement."""
        cause = getattr(error, "orig", None) or error
        lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [type(cause).__name__]
        said = mask(lines[0], [str(self._url.password)] if self._url.password else ())[:200]
        shown = self._url.render_as_string(hide_password=True)
        return NoBarsError(f"source {shown}", f"the database says: {said}", "correct source.url or source.query.")


def _address(url: str, folder: Path | None) -> sa.URL:
    given = os.environ.get(URL_NAME, "").strip()
    rule = "must be a SQLAlchemy URL such as postgresql+psycopg2://reader@host/market or sqlite:////bars.db"
    try:
        address = sa.make_url(given or url)
    except (ArgumentError, ValueError) as error:
        shown = "(from the environment)" if given else ("..." if "@" in url else url)
        raise SettingError("source.url", shown, rule, f"environment {URL_NAME}" if given else "settings") from error
    if address.get_backend_name() == "sqlite" and address.database and address.database != ":memory:":
        return address.set(database=str((folder or Path()) / address.database))
    if given:
        return address
    if address.password:
        rule = f"must not contain a password: set {PASSWORD_NAME}, or the whole URL in {URL_NAME}"
        raise SettingError("source.url", address.render_as_string(hide_password=True), rule, "settings")
    password = os.environ.get(PASSWORD_NAME, "")
    remember(password)
    return address.set(password=password) if password else address


def _column(values: Sequence[Any]) -> pa.Array:
    if any(isinstance(value, Decimal) for value in values[:_LOOKED_AT]):
        # Not Arrow's cast: it turns the decimal 50.37 into 50.370000000000005.
        return pa.array([float(v) if isinstance(v, Decimal) else v for v in values], from_pandas=True)
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers and text in one column
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _by_ticker(batches: Iterator[pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each ticker from batches ordered by it; without the ticker's column."""
    held: list[pa.Table] = []
    current: str | None = None
    for batch in batches:
        texts = batch.column("ticker").to_pylist()
        start = 0
        for end in range(1, len(texts) + 1):
            if end < len(texts) and texts[end] == texts[start]:
                continue
            if current is not None and texts[start] != current:
                yield current, _stacked(held)
                held = []
            current = texts[start]
            if current is not None:
                held.append(batch.slice(start, end - start).drop_columns(["ticker"]))
            start = end
    if current is not None and held:
        yield current, _stacked(held)


def _stacked(parts: Sequence[pa.Table]) -> pa.Table:
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts, promote_options="permissive")


def _since(bars: RawBars, first: int) -> RawBars:
    return bars.take(np.flatnonzero(bars.dates >= first))


def _no_rows() -> RawBars:
    none = np.empty(0)
    return RawBars(np.empty(0, np.int32), none, none, none, none, none, none, none)


def open_sql(settings: Settings, folder: Path, lake: Lake | None) -> SqlSource:
    """Source of a book whose settings name a database; a relative SQLite file starts from the book's folder."""
    del lake
    source = settings.source
    return SqlSource(source.url, source.query, ColumnNames(**source.columns.model_dump()), source.basis, folder)
