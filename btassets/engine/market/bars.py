"""One ticker's daily bars as arrays.

Belongs here: the bar arrays used by every stage of the engine. Does not belong here: reading, adjusting or screening
bars (sources and stages do that; the engine trusts its arrays).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Bars:
    """Daily bars of one ticker, every array of shape (n_bars,), oldest first.

    Attributes
    ----------
    dates
        Exchange dates as days since 1970-01-01, strictly increasing.
    open, high, low, close
        Prices of one adjustment basis, finite, `0 < low <= min(open, close)` and
        `high >= max(open, close)`.
    volume
        Shares on the same basis, `>= 0`.
    """

    dates: Days
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @property
    def n_bars(self) -> int:
        """Number of bars."""
        return len(self.dates)

    def up_to(self, index: int) -> "Bars":
        """Bars 0..index, `index` included: those known at the close of that bar."""
        return self.between(0, index + 1)

    def between(self, start: int, stop: int) -> "Bars":
        """Bars start..stop-1, as views of the same memory."""
        part = slice(start, stop)
        return Bars(
            self.dates[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
        )
