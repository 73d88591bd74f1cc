"""Betas of many rows from the stored bars, used to remove the benchmark's move.

Belongs here: reading bars bucket by bucket, finding each row's bar, and keeping the betas of week ends for the stages
that follow. Does not belong here: the beta itself
(`engine.statistics.beta`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.statistics.beta import trailing_beta
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes, tickers_with_bars
from btassets.storage.hashing import digest

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _WeekBetas:
    """Betas of every ticker with bars at every week end of the calendar.

    Attributes
    ----------
    key
        What they were computed from.
    tickers
        In byte order.
    days
        Ascending int32 days.
    beta
        Shape (n_tickers, n_days).
    """

    key: str
    tickers: pa.Array
    days: npt.NDArray[np.int32]
    beta: Floats

    def of(self, tickers: pa.Array, ticker_no: npt.NDArray[np.integer], asof: npt.NDArray[np.int32]) -> Floats | None:
        """Beta of each row; None if a row is of another ticker or day."""
        place = pc.fill_null(pc.index_in(tickers, self.tickers), -1).to_numpy()[ticker_no]
        at = np.minimum(np.searchsorted(self.days, asof), len(self.days) - 1)
        if (place < 0).any() or (self.days[at] != asof).any():
            return None
        return self.beta[place, at]


_lock = Lock()
_kept: list[_WeekBetas] = []
"""The last ones of this process: three stages of a run need the same, each by a pass over all bars."""


def _week_betas(tables: Tables, settings: Settings) -> _WeekBetas | None:
    """Betas at week ends, from the bars at the first request; None without any."""
    sessions = read_sessions(tables)
    days = sessions.days[sessions.is_week]
    # Of every ticker of the lake: the stages that share them differ in the universe that they declare.
    tickers = [ticker for ticker, facts in tables.bucketed("ohlcv_history").footers().items() if facts["n_rows"]]
    if not len(days) or not tickers:
        return None
    versions = (tables.version(name) for name in ("ohlcv_history", "sessions", "benchmark_closes"))
    key = digest(str(tables.spill_folder), *versions, settings.basis)
    with _lock:
        if not _kept or _kept[0].key != key:
            _kept.clear()
            beta = np.ones((len(tickers), len(days)))
            for k, item, closes in _bars_of(tables, settings, tickers):
                at = np.searchsorted(item.bars.dates, days, side="right") - 1
                beta[k] = trailing_beta(item.bars.close, closes.on(item.bars.dates), at)
            _kept.append(_WeekBetas(key, pa.array(tickers, pa.string()), days, beta))
        return _kept[0]


def _bars_of(
    tables: Tables, settings: Settings, tickers: Sequence[str]
) -> Iterator[tuple[int, TickerBars, BenchmarkCloses]]:
    """Number and bars of each ticker, with the benchmark's closes; nothing without a benchmark."""
    closes = read_benchmark_closes(tables, read_sessions(tables).last)
    if closes is None:
        return
    place = {ticker: k for k, ticker in enumerate(tickers)}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            yield place[item.ticker], item, closes


def row_betas(
    tables: Tables,
    settings: Settings,
    tickers: Sequence[str],
    ticker_no: npt.NDArray[np.integer],
    asof: npt.NDArray[np.int32],
) -> Floats:
    """Beta of each row's ticker over the 252 bars up to its as-of date, shape (n_rows,); 1.0 if unknown.

    Parameters
    ----------
    tickers
        Names by number.
    ticker_no, asof
        Shape (n_rows,), any order; `asof` in int32 days.
    """
    beta = np.ones(len(asof))
    if not len(asof):
        return beta
    week_betas = _week_betas(tables, settings)
    if week_betas is not None:
        found = week_betas.of(pa.array(tickers, pa.string()), ticker_no, asof)
        if found is not None:
            return found
    order = np.argsort(ticker_no, kind="stable")
    starts = np.searchsorted(ticker_no[order], np.arange(len(tickers) + 1))
    for k, item, closes in _bars_of(tables, settings, tickers):
        rows = order[starts[k] : starts[k + 1]]
        if len(rows):
            at = np.searchsorted(item.bars.dates, asof[rows], side="right") - 1
            beta[rows] = trailing_beta(item.bars.close, closes.on(item.bars.dates), at)
    return beta


class BetaTable:
    """Betas of every ticker at the as-of dates of a grid, looked up by rows.

    Parameters
    ----------
    days
        Ascending int32 days: the dates of later rows.
    """

    def __init__(self, tables: Tables, settings: Settings, days: npt.NDArray[np.int32]) -> None:
        self._tickers = list(tickers_with_bars(tables, settings))
        self._days = days
        n_days, n_tickers = len(days), len(self._tickers)
        shared = _week_betas(tables, settings)
        if shared is not None and np.array_equal(shared.days, days):
            own = pc.index_in(pa.array(self._tickers, pa.string()), shared.tickers).to_numpy()
            self._beta = shared.beta[own].astype(np.float32)
            return
        places = np.repeat(np.arange(n_tickers), n_days)
        beta = row_betas(tables, settings, self._tickers, places, np.tile(days, n_tickers))
        self._beta = beta.astype(np.float32).reshape(n_tickers, n_days)

    def of(self, ticker: pa.ChunkedArray, asof: npt.NDArray[np.int32]) -> Floats:
        """Beta of each row, shape (n_rows,); 1.0 for a ticker or date missing from the table."""
        found = np.ones(len(asof))
        names = pc.fill_null(pc.index_in(ticker.cast(pa.string()), pa.array(self._tickers, pa.string())), -1)
        place = names.to_numpy()
        at = np.minimum(np.searchsorted(self._days, asof), len(self._days) - 1)
        known = (place >= 0) & (self._days[at] == asof) if len(self._days) else np.zeros(len(asof), np.bool_)
        found[known] = self._beta[place[known], at[known]]
        return found
