"""Read-only bars as own functions see them: one ticker up to an as-of bar, or all tickers at one as-of date.

Belongs here: the two views. Does not belong here: calling the functions (`child.py`), reading bars (the stage).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FIELDS = ("open", "high", "low", "close", "volume", "raw_close", "raw_volume", "bench_close")
"""Arrays of a ticker beside `date`: prices in the book's basis, as printed (raw), and the benchmark's close."""

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class TickerArrays:
    """One ticker's bars as own code sees them.

    Attributes
    ----------
    ticker
        Canonical ticker.
    date
        Days since 1970-01-01, int32, ascending, shape (n_bars,).
    columns
        Arrays of `FIELDS`, shape (n_bars,); `bench_close` is NaN on days without one.
    starts
        First bar of each bar's segment: a window does not span a long gap.
    """

    ticker: str
    date: npt.NDArray[np.int32]
    columns: Mapping[str, Floats]
    starts: npt.NDArray[np.int32]

    def first_of(self, row: int, lookback: int) -> int | None:
        """First bar of the window at bar `row`; None with too few bars."""
        return self.first_within(row, lookback, lookback)

    def first_within(self, row: int, lookback: int, least: int) -> int | None:
        """First bar of a window of at most `lookback` and at least `least` bars before bar `row`; None with fewer."""
        first = max(row - lookback, int(self.starts[row]))
        return None if row - first < least else first

    def known_at(self, row: int, *, is_rescaled: bool = False) -> "TickerArrays":
        """Bars up to `row`; rescaled: in prices of that day, where the as-of bar's close is the printed one."""
        stop = row + 1
        columns = {name: values[:stop].copy() for name, values in self.columns.items()}
        if is_rescaled:
            by = {**dict.fromkeys(PRICES, ("raw_close", "close")), "volume": ("raw_volume", "volume")}
            for name, (printed, adjusted) in by.items():
                over, under = float(self.columns[printed][row]), float(self.columns[adjusted][row])
                if over > 0.0 and under > 0.0:
                    columns[name] = columns[name] * (over / under)
        return TickerArrays(self.ticker, self.date[:stop].copy(), columns, self.starts[:stop].copy())

    def frozen(self) -> "TickerArrays":
        """The same arrays, read-only."""
        for values in (self.date, *self.columns.values()):
            values.flags.writeable = False
        return self


class Window:
    """Bars of one ticker, the as-of bar last; arrays of length lookback + 1, read-only.

    `open`, `high`, `low`, `close` and `volume` are in the book's price basis, `raw_close` and `raw_volume` as printed,
    `bench_close` is the benchmark's close on the same dates (NaN if missing), `date` is datetime64[D].
    """

    __slots__ = ("_arrays", "_part")

    def __init__(self, arrays: TickerArrays, first: int, row: int) -> None:
        self._arrays = arrays
        self._part = slice(first, row + 1)

    def __len__(self) -> int:
        return self._part.stop - self._part.start

    def __getattr__(self, name: str) -> Floats:
        if name not in FIELDS:
            raise AttributeError(f"a window has no {name!r}; it has ticker, date, {', '.join(FIELDS)}")
        return self._arrays.columns[name][self._part]

    @property
    def ticker(self) -> str:
        """Canonical ticker."""
        return self._arrays.ticker

    @property
    def date(self) -> npt.NDArray[np.datetime64]:
        """Dates of the bars."""
        return self._arrays.date[self._part].astype("datetime64[D]")


class CrossSection:
    """All tickers with enough bars at one as-of date; matrices (n_tickers, lookback + 1), the as-of bar last.

    The fields are those of a `Window`. `tickers` names the rows, `eligible` marks those that may be ranked, `asof` is
    the date.
    """

    def __init__(
        self,
        arrays: Sequence[TickerArrays],
        rows: Sequence[int],
        lookback: int,
        eligible: npt.NDArray[np.bool_],
    ) -> None:
        self._arrays = arrays
        self._rows = rows
        self._lookback = lookback
        self.eligible = eligible
        self.tickers = tuple(one.ticker for one in arrays)
        self.asof = arrays[0].date[rows[0]].astype("datetime64[D]")

    def __len__(self) -> int:
        return len(self.tickers)

    def __getattr__(self, name: str) -> Floats:
        if name not in FIELDS:
            raise AttributeError(
                f"a cross-section has no {name!r}; it has tickers, eligible, asof, {', '.join(FIELDS)}"
            )
        made = np.empty((len(self._arrays), self._lookback + 1))
        for k, (one, row) in enumerate(zip(self._arrays, self._rows, strict=True)):
            made[k] = one.columns[name][row - self._lookback : row + 1]
        made.flags.writeable = False
        return made
