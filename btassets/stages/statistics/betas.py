"""Betas of many rows from the stored bars, used to remove the benchmark's move.

Belongs here: reading bars bucket by bucket and finding each row's bar. Does not belong here: the beta itself
(`engine.statistics.beta`).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.statistics.beta import trailing_beta
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes, tickers_with_bars

Floats = npt.NDArray[np.float64]


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
    closes = read_benchmark_closes(tables, read_sessions(tables).last)
    if closes is None or not len(asof):
        return beta
    order = np.argsort(ticker_no, kind="stable")
    starts = np.searchsorted(ticker_no[order], np.arange(len(tickers) + 1))
    place = {ticker: k for k, ticker in enumerate(tickers)}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            k = place[item.ticker]
            rows = order[starts[k] : starts[k + 1]]
            if len(rows):
                days = item.bars.dates
                at = np.searchsorted(days, asof[rows], side="right") - 1
                beta[rows] = trailing_beta(item.bars.close, closes.on(days), at)
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
