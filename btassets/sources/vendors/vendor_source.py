"""What every vendor's source answers alike: which tickers, how fresh, all bars or those since a date.

Belongs here: what follows from the tickers of a book and from its window, whoever the vendor is. Does not
belong here: asking one vendor (`alpaca.py` and its neighbours), its rows (`vendor_rows.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from btassets.sources.base import Basis, RawBars
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.vendor_rows import joined_rows, named_tickers, within


class VendorSource(ABC):
    """Base of the sources over the network: a `BarSource` that can be asked for a part (`FetchesSince`).

    Parameters
    ----------
    tickers
        What the book names.
    window
        Dates of a whole fetch.
    """

    name: str
    basis: Basis

    def __init__(self, tickers: Sequence[str], window: Window) -> None:
        self._tickers, self._window = list(tickers), window
        self.last_expected: int | None = window.last

    def tickers(self) -> list[str]:
        """Tickers that the book names."""
        return named_tickers(self.name, self._tickers)

    def stamp(self, ticker: str) -> str:
        """Last session that a bar is expected of; no request is made."""
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
        """Bars that the vendor gives from `first` on, None: of the whole window; more of them do no harm."""
