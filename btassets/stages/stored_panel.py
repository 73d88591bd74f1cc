"""The stored bars as one panel for the book: filled bucket by bucket, nothing stands in memory twice.

Belongs here: laying stored bars out ticker after ticker in byte order. Does not belong here: the
panel itself (`engine.portfolio.panel`), bars that are already in memory (`book_runs.bar_panel`).
"""

import numpy as np
import numpy.typing as npt

from btassets.engine.portfolio.panel import BarPanel
from btassets.stages.bars_view import n_bars_used, read_bucket_bars
from btassets.stages.book import Book
from btassets.stages.ohlcv_history import active_tickers


def stored_panel(book: Book, calendar: npt.NDArray[np.int32]) -> tuple[BarPanel, list[str]]:
    """Adjusted bars of the book's active tickers on `calendar`, and the tickers in their order.

    Tickers without a bar are left out.
    """
    used = n_bars_used(book, active_tickers(book))
    tickers = [ticker for ticker in active_tickers(book) if used[ticker]]
    n_rows = [used[ticker] for ticker in tickers]
    offsets = np.concatenate(([0], np.cumsum(n_rows, dtype=np.int64))).astype(np.int64)
    place = dict(zip(tickers, offsets[:-1].tolist(), strict=True))
    dates = np.empty(offsets[-1], np.int32)
    prices = [np.empty(offsets[-1]) for _ in range(4)]
    for bucket, group in book.lake.by_bucket(tickers).items():
        for item in read_bucket_bars(book, bucket, group):
            bars = item.bars
            rows = slice(place[item.ticker], place[item.ticker] + bars.n_bars)
            dates[rows] = bars.dates
            for column, values in zip(prices, (bars.open, bars.high, bars.low, bars.close), strict=True):
                column[rows] = values
    opens, highs, lows, closes = prices
    return BarPanel.from_dates(calendar, offsets, dates, opens, highs, lows, closes), tickers
