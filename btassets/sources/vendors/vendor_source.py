"""Common methods of all vendor sources: tickers, freshness, all bars or those since a date.

Belongs here: what follows from the tickers of a book and from its window, for any vendor. Does not belong here:
requests to one vendor (`alpaca.py` and its neighbours), its rows (`vendor_rows.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from btassets.sources.base import Basis, RawBars
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.vendor_rows import joined_rows, named_tickers, within


class VendorSource(ABC):
    """Base of network sources: a `BarSource` with partial fetches (`FetchesSince`).

    Parameters
    ----------
    tickers
        Tickers named by the book.
    window
        Dates of a whole fetch.
    """

    name: str
    basis: Basis

    def __init__(self, tickers: Sequence[str], window: Window) -> None:
        self._tickers, self._window = list(tickers), window
        self.last_expected: int | None = window.last

    def tickers(self) -> list[str]:
        """Tickers named by the book."""
        return named_tickers(self.name, self._tickers)

    def stamp(self, ticker: str) -> str:
        """Last session with an expected bar; makes no request."""
        del ticker
        return f"to {self._window.last_iso}"

    def fetch(self, ticker: str) -> RawBars:
        """All bars of the window."""
        return joined_rows(ticker, self._asked(ticker, None), self._window)

    def fetch_since(self, ticker: str, first_date: int) -> RawBars:
        """Bars from `first_date` on."""
        return within(self._asked(ticker, first_date), self._window.since(first_date))

    @abstractmethod
    def _asked(self, ticker: str, first: int | None) -> RawBars:
        """The vendor's bars from `first` on, None: of the whole window; additional ones do no harm."""
