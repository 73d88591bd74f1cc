"""Yahoo through yfinance (`pip install "btassets[yahoo]"`): prices already adjusted for splits.

Belongs here: fetching one ticker at a time through yfinance and checking the result. Does not belong here: yfinance's
own work.

Facts, from yfinance 1.7: `auto_adjust=False` leaves out the dividends but not the splits, so the basis is "split" and
the recorded splits must not be applied again; `end` is exclusive; retries are off by default; a bulk download makes one
request per ticker anyway and swallows every error, which loses names silently. So each ticker is fetched alone and
every refusal is reported. A share class is written with a dash (BRK-B). A split changes the whole past: the overlap of
the next fetch detects it and the ticker is read again in full.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from btassets.engine.days import iso_day
from btassets.errors import RateLimitedError, SourceUnreachableError, UsageError
from btassets.settings.models import Settings
from btassets.sources.base import Basis, BlockedTickerError, FetchFailedError, RawBars
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.http_session import TokenBucket
from btassets.sources.vendors.vendor_rows import no_bars
from btassets.sources.vendors.vendor_settings import tickers_and_window
from btassets.sources.vendors.vendor_source import VendorSource
from btassets.storage.lake import Lake

CALLS_PER_MINUTE = 60.0

_COLUMNS = ("Open", "High", "Low", "Close", "Volume")
_FAILURES_IN_A_ROW = 3
_MIN_RATIO = 1.2
_RETRIES = 3


def yahoo_spelling(ticker: str) -> str:
    """Spell a ticker as Yahoo does; a suffix of more than one letter is an exchange and keeps its dot.

    >>> yahoo_spelling("BRK.B"), yahoo_spelling("SAP.DE"), yahoo_spelling("^GSPC")
    ('BRK-B', 'SAP.DE', '^GSPC')
    """
    stem, dot, suffix = ticker.rpartition(".")
    return f"{stem}-{suffix}" if dot and len(suffix) == 1 else ticker


class YahooSource(VendorSource):
    """Yahoo as a `BarSource` of split-adjusted prices with dividends.

    Parameters
    ----------
    tickers, window
        Those of every `VendorSource`.
    calls_per_minute
        Pace.
    timeout_s
        Longest wait for an answer.
    library
        Replacement for the module `yfinance`; unset: the installed one.

    Raises
    ------
    UsageError
        If yfinance is not installed.
    """

    name = "yahoo"
    basis: Basis = "split"

    def __init__(
        self,
        tickers: Sequence[str],
        window: Window,
        *,
        calls_per_minute: float = CALLS_PER_MINUTE,
        timeout_s: float = 30.0,
        library: Any = None,
    ) -> None:
        super().__init__(tickers, window)
        self._timeout_s = timeout_s
        self._bucket = TokenBucket(calls_per_minute)
        self._library = library
        self._n_failed = 0
        self._limited = False

    def _yfinance(self) -> Any:
        if self._library is None:
            try:
                import yfinance  # pyright: ignore[reportMissingImports]  (an extra)
            except ImportError as error:
                raise UsageError("source yahoo: yfinance is not installed", 'pip install "btassets[yahoo]".') from error
            yfinance.config.debug.hide_exceptions = False
            yfinance.config.network.retries = _RETRIES
            self._library = yfinance
        return self._library

    def _asked(self, ticker: str, first: int | None) -> RawBars:
        window = self._window.since(first)
        yf = self._yfinance()
        if self._limited:
            raise RateLimitedError(self.name, "it rejected further requests")
        self._bucket.take()
        wrong = yf.exceptions
        try:
            frame = yf.Ticker(yahoo_spelling(ticker)).history(
                start=window.first_iso,
                end=iso_day(window.last + 1),
                interval="1d",
                auto_adjust=False,
                actions=True,
                timeout=self._timeout_s,
            )
        except wrong.YFRateLimitError as error:
            self._limited = True
            raise RateLimitedError(self.name, "it rejected further requests") from error
        except wrong.YFTickerMissingError as error:
            self._n_failed = 0
            raise no_bars(ticker, window) from error
        except (
            wrong.YFException,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
        ) as error:
            # yfinance fails on unexpected responses with arbitrary exceptions.
            self._n_failed += 1
            problem = f"yfinance failed ({type(error).__name__})"
            if self._n_failed >= _FAILURES_IN_A_ROW:
                raise SourceUnreachableError(self.name, f"{problem} for {self._n_failed} tickers in a row") from error
            reason = f"{problem}; partial bars are not used; run again: only missing bars are fetched."
            raise FetchFailedError(ticker, "Q1", reason) from error
        self._n_failed = 0
        return self._checked(ticker, frame)

    def _checked(self, ticker: str, frame: Any) -> RawBars:
        """Bars of a frame, after validating it."""
        missing = [name for name in _COLUMNS if name not in frame.columns]
        if missing:
            reason = f"the response lacks {', '.join(missing)}; a bar has five numbers; update yfinance."
            raise FetchFailedError(ticker, "Q1", reason)
        stamps = frame.index.tz_localize(None) if frame.index.tz is not None else frame.index
        numbers = {name: frame[name].to_numpy(dtype=np.float64) for name in _COLUMNS}
        n = len(frame)
        has = frame.columns
        splits = frame["Stock Splits"].to_numpy(dtype=np.float64) if "Stock Splits" in has else np.zeros(n)
        dividends = frame["Dividends"].to_numpy(dtype=np.float64) if "Dividends" in has else np.zeros(n)
        bars = RawBars(
            dates=stamps.to_numpy().astype("datetime64[D]").astype(np.int32),
            open=numbers["Open"],
            high=numbers["High"],
            low=numbers["Low"],
            close=numbers["Close"],
            volume=numbers["Volume"],
            dividend=np.nan_to_num(dividends, nan=0.0),
            split=np.where(np.nan_to_num(splits) > 0.0, splits, 1.0),
        )
        _refuse_unadjusted(ticker, bars)
        return bars


def _refuse_unadjusted(ticker: str, bars: RawBars) -> None:
    """Refuse prices that fall by a recorded split, because they are not on the declared basis."""
    for row in np.flatnonzero(np.maximum(bars.split, 1.0 / bars.split) >= _MIN_RATIO):
        if row == 0:
            continue
        fall = bars.close[row - 1] / bars.open[row]
        if abs(np.log(fall / bars.split[row])) < 0.25 * abs(np.log(bars.split[row])):
            reason = (
                f"{iso_day(int(bars.dates[row]))}: the price falls by the recorded split {bars.split[row]:g}, but "
                "Yahoo's prices must be split-adjusted; read it again later, or use another source."
            )
            raise BlockedTickerError(ticker, "Q8", reason)


def open_yahoo(settings: Settings, folder: Path, lake: Lake | None) -> YahooSource:
    """Source of a book whose settings name this vendor; it takes no key."""
    tickers, window = tickers_and_window(settings, folder, lake)
    pace = settings.source.calls_per_minute or CALLS_PER_MINUTE
    return YahooSource(tickers, window, calls_per_minute=pace, timeout_s=settings.source.timeout_s)
