"""Betas of many rows from the stored bars: what the statistics take the benchmark's move away with.

Belongs here: reading bars bucket by bucket and finding each row's bar. Does not belong here: the beta itself
(`engine.statistics.beta`).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from btassets.engine.statistics.beta import trailing_beta
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes

Floats = npt.NDArray[np.float64]


def row_betas(
    tables: Tables,
    settings: Settings,
    tickers: Sequence[str],
    ticker_no: npt.NDArray[np.integer],
    asof: npt.NDArray[np.int32],
) -> Floats:
    """Beta of each row's ticker over the 252 bars up to its as-of date, shape (n_rows,); 1.0 where none is known.

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
