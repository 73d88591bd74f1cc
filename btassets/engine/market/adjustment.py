"""The adjusted view of raw bars: prices without the jumps of splits and, if wanted, dividends.

The view is anchored at the first stored bar, so that a later split or dividend leaves every earlier adjusted bar as it
is. For readers of prices, and for setups from outside, it can be anchored at the last bar, as vendors do.

Belongs here: adjustment factors and the view. Does not belong here: whether splits and dividends are plausible
(`quality.py`), storage: bars are stored raw and adjusted on read.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from btassets.engine.market.bars import Bars
from btassets.engine.market.raw_bars import Basis, RawBars
from btassets.errors import EXIT_CHECK_FAILED, BtassetsError

Floats = npt.NDArray[np.float64]

Anchor = Literal["first", "last"]
"""Bar whose prices stay as printed."""

MAX_SPLIT_TERM = 20
"""Maximum whole n and m of a split n:m; vendors code spin-offs as other fractions (1.054)."""

MIN_PLAIN_RATIO = 3.0
"""Ratios at or above this, or at or below its inverse, are splits for any terms: no spin-off code is as large.
"""

SPLIT_CODE_TOLERANCE_FRAC = 1.5e-4
"""Vendors round thirds and sevenths (0.3333, 7.00000700001); spin-off codes differ by more."""


@dataclass(eq=False)
class ImpossibleDividendError(BtassetsError, ValueError):
    """A dividend not smaller than the close before it: no factor above zero exists."""

    exit_code = EXIT_CHECK_FAILED

    date: int
    dividend_usd: float
    close_before: float

    def __str__(self) -> str:
        return (
            f"{np.datetime64(self.date, 'D')}: dividend {self.dividend_usd:g} per share, close on the previous day "
            f"{self.close_before:g}; a dividend must be below the price before it; correct the source."
        )


def is_plain_split(ratio: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each ratio is n:m with whole n, m up to 20, within a vendor's rounding, or larger than any spin-off's.

    Examples
    --------
    >>> is_plain_split([4.0, 1.49999925, 0.05, 1.054, 50.0, 1 / 35]).tolist()
    [True, True, True, False, True, True]
    """
    ratios = np.atleast_1d(np.asarray(ratio, dtype=np.float64))
    m = np.arange(1.0, MAX_SPLIT_TERM + 1.0)
    n = np.rint(ratios[:, None] * m)
    off = np.abs(n - ratios[:, None] * m) / (ratios[:, None] * m)
    found = (n >= 1.0) & (n <= MAX_SPLIT_TERM) & (off <= SPLIT_CODE_TOLERANCE_FRAC)
    is_large = (ratios >= MIN_PLAIN_RATIO) | (ratios * MIN_PLAIN_RATIO <= 1.0)
    return np.asarray(found.any(axis=1) | is_large)


def adjustment_factors(
    raw: RawBars, source_basis: Basis, basis: Basis, *, anchor: Anchor = "first"
) -> tuple[Floats, Floats]:
    """Multipliers of price and volume, both (n_bars,); those of the anchor are 1.

    An ex-date multiplies later prices over earlier ones by the ratio (split) and, for basis "total", by
    1 / (1 - D*ratio/previous close) (dividend): both are known at the open of the ex-date. Volume is divided by the
    ratios of plain splits n:m. An action on the first bar has no bar before it to adjust.

    Parameters
    ----------
    raw
        Ascending, unique dates; finite prices > 0; splits > 0.
    source_basis
        Basis of the prices: the splits of a "split" source were applied by the vendor, its dividends are on the same
        adjusted shares. Nothing is left to apply to a "total" source.
    basis
        Basis of the view; adjustments already made by the source remain.
    anchor
        "first": the first bar keeps its prices, and bars appended later change no earlier factor. "last": the last one
        does, as in the files of most vendors.

    Raises
    ------
    ImpossibleDividendError
        If a dividend factor is not above zero.
    """
    n = len(raw)
    ones = np.ones(n)
    has_splits = source_basis == "raw" and basis != "raw"
    has_dividends = source_basis != "total" and basis == "total"
    ratio = raw.split if has_splits else ones
    split_rows = np.flatnonzero(ratio != 1.0)
    paid_rows = np.flatnonzero(raw.dividend != 0.0) if has_dividends else split_rows[:0]
    split_rows, paid_rows = split_rows[split_rows > 0], paid_rows[paid_rows > 0]
    if not len(split_rows) and not len(paid_rows):
        return ones, ones
    # step[i]: every earlier price over its printed one, in prices of bar i.
    step = np.ones(n)
    step[split_rows] = 1.0 / ratio[split_rows]
    if len(paid_rows):
        paid = raw.dividend[paid_rows] * ratio[paid_rows]
        before = raw.close[paid_rows - 1]
        factor = 1.0 - paid / before
        impossible = np.flatnonzero(~(factor > 0.0))
        if len(impossible):
            first = int(impossible[0])
            raise ImpossibleDividendError(int(raw.dates[paid_rows[first]]), float(paid[first]), float(before[first]))
        step[paid_rows] *= factor
    plain = split_rows[is_plain_split(ratio[split_rows])]
    if not len(plain):
        return _product(step, anchor), ones
    volume_step = np.ones(n)
    volume_step[plain] = ratio[plain]
    return _product(step, anchor), _product(volume_step, anchor)


def adjusted_bars(raw: RawBars, source_basis: Basis, basis: Basis, *, anchor: Anchor = "first") -> Bars:
    """Bars on the wanted basis; those of the anchor stay as printed.

    Arrays that need no adjustment are shared with `raw`, not copied.

    Parameters
    ----------
    raw, source_basis, basis, anchor
        As for `adjustment_factors`.
    """
    return scaled_bars(raw, *adjustment_factors(raw, source_basis, basis, anchor=anchor))


def scaled_bars(raw: RawBars, price: Floats, volume: Floats) -> Bars:
    """Bars multiplied by their factors, from `adjustment_factors`."""
    if (price == 1.0).all() and (volume == 1.0).all():
        return Bars(raw.dates, raw.open, raw.high, raw.low, raw.close, raw.volume)
    return Bars(
        raw.dates,
        raw.open * price,
        raw.high * price,
        raw.low * price,
        raw.close * price,
        raw.volume * volume,
    )


def _product(step: Floats, anchor: Anchor) -> Floats:
    """Product of the steps between the anchor and each bar, multiplied from the anchor on."""
    if anchor == "first":
        return np.cumprod(1.0 / step, dtype=np.float64)
    product = np.ones(len(step))
    product[:-1] = np.cumprod(step[:0:-1])[::-1]
    return product
