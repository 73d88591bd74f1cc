"""Bars before they are in the lake: judged by every rule, and read from a real database.

Belongs here: CPU time of the quality rules over many raw rows, wall and CPU time of a book that reads PostgreSQL.
Does not belong here: reading files (the case `ingest` of the graph).
"""

import datetime as dt
import io
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.raw_bars import RawBars
from btassets_tests.bench.figures import Figure, Target
from btassets_tests.support.postgres_server import NoPostgresError, postgres_server

RAW_BARS = 4_800
"""Sessions of the raw rows: 19 years, so that 500 tickers are the 2.4 million rows of the S&P files."""

QUERY = "select symbol, day, open, high, low, close, volume from prices where day >= :since"


def raw_market(n_tickers: int, n_bars: int) -> list[RawBars]:
    """Raw bars with splits, dividends, the vendor's own adjusted close, and now and then a bad row."""
    made: list[RawBars] = []
    dates = np.busday_offset("2002-01-02", np.arange(n_bars), roll="forward").astype("datetime64[D]").astype(np.int32)
    for number in range(n_tickers):
        rng = np.random.default_rng([5, number])
        split, dividend = np.ones(n_bars), np.zeros(n_bars)
        split[rng.integers(1, n_bars, 2)] = 2.0
        dividend[63::63] = 0.2
        close = 60.0 * np.exp(np.cumsum(rng.normal(0.0002, 0.015, n_bars))) / np.cumprod(split)
        opens = close * (1.0 + rng.normal(0.0, 0.002, n_bars))
        high, low = np.maximum(opens, close) * 1.004, np.minimum(opens, close) * 0.996
        growth = (close[1:] * split[1:] + dividend[1:] * split[1:]) / close[:-1]
        adjusted = np.concatenate(([1.0], np.cumprod(growth)))
        low[rng.integers(0, n_bars, 2)] = np.nan
        volume = rng.integers(1e5, 1e6, n_bars).astype(float)
        made.append(RawBars(dates, opens, high, low, close, volume, dividend, split, adjusted))
    return made


def quality_figure(*, n_tickers: int, n_bars: int, has_targets: bool) -> Figure:
    """CPU time of every rule about one ticker's file, over all tickers."""
    market = raw_market(n_tickers, n_bars)
    best, n_dropped = float("inf"), 0
    for _ in range(2):
        started = time.process_time()
        found = [screen_bars(f"T{number}", bars) for number, bars in enumerate(market)]
        best = min(best, time.process_time() - started)
        n_dropped = sum(n for one in found for _, n in one.n_dropped)
    n_rows = n_tickers * n_bars
    return Figure(
        "quality rules",
        cpu_s=best,
        n_repeats=2,
        target=Target(cpu_s=10.0 * n_rows / 2_400_000) if has_targets else Target(),
        note=f"{n_rows:,} raw rows of {n_tickers} tickers; {n_dropped} rows taken out",
    )


def postgres_figures(folder: Path, *, n_tickers: int, n_bars: int) -> list[Figure]:
    """Wall and CPU time of reading a real server's table into the lake, and of the run after one more session.

    The server's own time is in the wall time only.
    """
    try:
        import psycopg2
    except ImportError as error:
        return [Figure("PostgreSQL", problem=str(error))]
    try:
        with postgres_server() as server:
            os.environ["BTASSETS_SQL_PASSWORD"] = server.password
            connection = psycopg2.connect(
                host="127.0.0.1", port=server.port, user="reader", password=server.password, dbname="postgres"
            )
            connection.autocommit = True
            last = _fill(connection.cursor(), n_tickers, n_bars)
            settings = {
                "source.kind": "sql",
                "source.url": server.url,
                "source.query": QUERY,
                "source.basis": "raw",
                "source.columns.ticker": "symbol",
                "source.columns.date": "day",
                "calendar": "data",
            }
            make_book(folder, settings)
            whole = _read(folder, f"{n_tickers} x {n_bars:,} bars")
            connection.cursor().execute(
                "insert into prices select symbol, %s, open, high, low, close, volume from prices where day = %s",
                (last + dt.timedelta(days=1), last),
            )
            part = _read(folder, "one session more: 10 sessions of overlap, new rows alone are added")
            connection.close()
            return [whole, part]
    except NoPostgresError as error:
        print(f"  PostgreSQL is left out: {error}", file=sys.stderr)
        return []
    finally:
        os.environ.pop("BTASSETS_SQL_PASSWORD", None)


def _fill(cursor: object, n_tickers: int, n_bars: int) -> dt.date:
    execute = cursor.execute  # pyright: ignore[reportAttributeAccessIssue]  (psycopg2 has no types)
    execute(
        "create table prices (symbol text, day date, open double precision, high double precision, "
        "low double precision, close numeric(12, 4), volume bigint)"
    )
    days = np.busday_offset("2016-04-20", np.arange(n_bars), roll="forward").astype(str)
    lines: list[str] = []
    for number in range(n_tickers):
        rng = np.random.default_rng([7, number])
        close = np.round(50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, n_bars))), 2)
        lines += [
            f"T{number:03d}\t{day}\t{c}\t{c + 0.5:.2f}\t{c - 0.5:.2f}\t{c}\t{1_000 + number}\n"
            for day, c in zip(days, close.tolist(), strict=True)
        ]
    cursor.copy_expert("copy prices from stdin", io.StringIO("".join(lines)))  # pyright: ignore[reportAttributeAccessIssue]
    execute("create index on prices (day)")
    execute("analyze prices")
    return dt.date.fromisoformat(days[-1])


def _read(folder: Path, work: str) -> Figure:
    wall, cpu = time.perf_counter(), time.process_time()
    book = open_book(folder, environ={})
    outcome = ingest(book, plan_ingest(book).stale)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    note = f"{work}; {outcome.n_bars_new:,} bars new"
    return Figure("PostgreSQL to the lake", wall_s=wall, cpu_s=cpu, n_repeats=1, note=note)


def figures(folder: Path, cases: Sequence[str], *, n_tickers: int, n_bars: int, has_targets: bool) -> list[Figure]:
    """Figures of the cases `quality` and `postgres` among `cases`."""
    found: list[Figure] = []
    if "quality" in cases:
        found.append(
            quality_figure(n_tickers=n_tickers, n_bars=4_800 if has_targets else n_bars, has_targets=has_targets)
        )
    if "postgres" in cases:
        found += postgres_figures(folder / "postgres", n_tickers=n_tickers, n_bars=n_bars)
    return found
