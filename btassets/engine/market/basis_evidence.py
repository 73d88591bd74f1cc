"""Evidence of prices, actions and adjusted closes about the price basis.

Belongs here: the evidence of one ticker, and the basis that several tickers' evidence together shows. Does not belong
here: refusing bars that contradict a claimed basis (`quality_returns.py`), naming settings.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from btassets.engine.days import iso_day
from btassets.engine.market.raw_bars import Basis, RawBars

Floats = npt.NDArray[np.float64]

_MIN_SPLIT, _IN_PRICE_FRAC = math.log(1.45), 0.25
_DIFFERS_FRAC = 0.002
_MIN_ERRORS = 3.0
_MIN_PAID = 4
_MAX_PAID_FRAC = 0.1
"""A larger payment moves the price by news, too."""

_VOLUME_BARS, _NEAR_BARS, _MIN_VOLUME_SPLIT = 42, 5, math.log(1.9)
_VOLUME_FRAC, _NEAR_FRAC = 0.35, 0.4
_VOLUME_STEP = math.log(2.0)
"""Over two months the median volume of a ticker moves by a quarter on its own, rarely by a factor of two."""


@dataclass(frozen=True, slots=True)
class DividendDrop:
    """Sums over ex-dates of the paid share w of the price and the overnight move g beside it.

    Prices that contain no dividend fall by what is paid: g is about -w.
    """

    n: int = 0
    wg: float = 0.0
    ww: float = 0.0
    gg: float = 0.0

    def __add__(self, other: "DividendDrop") -> "DividendDrop":
        return DividendDrop(self.n + other.n, self.wg + other.wg, self.ww + other.ww, self.gg + other.gg)

    @property
    def is_in_price(self) -> bool | None:
        """Whether the prices fall on ex-dates, so that they are not total return; None when chance decides.

        Examples
        --------
        >>> DividendDrop(40, -0.001, 0.001, 0.002).is_in_price, DividendDrop(2, -1.0, 1.0, 1.0).is_in_price
        (True, None)
        """
        if self.n < _MIN_PAID or self.ww <= 0.0:
            return None
        slope = self.wg / self.ww
        rest = max(self.gg - slope * self.wg, 0.0) / max(self.n - 1, 1)
        error = math.sqrt(rest / self.ww)
        return None if abs(slope + 0.5) <= _MIN_ERRORS * error else slope < -0.5


def as_sums(drop: DividendDrop) -> list[float]:
    """The sums as numbers for a footer."""
    return [drop.n, drop.wg, drop.ww, drop.gg]


def of_sums(sums: Sequence[float]) -> DividendDrop:
    """Undo `as_sums`; nothing from a footer that has none.

    Examples
    --------
    >>> of_sums(as_sums(DividendDrop(3, -0.5, 0.5, 0.5))) == DividendDrop(3, -0.5, 0.5, 0.5), of_sums(())
    (True, DividendDrop(n=0, wg=0.0, ww=0.0, gg=0.0))
    """
    return DividendDrop(int(sums[0]), *sums[1:]) if sums else DividendDrop()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of one ticker's bars.

    Attributes
    ----------
    splits_in_price, splits_applied
        Dates of recorded splits that the prices show, and that they do not.
    drop
        Sums over the ex-dates.
    differs_from
        First date at which the vendor's adjusted close differs from the close; None: it never does, or is not known.
    has_adjusted
        Whether there is an adjusted close.
    """

    splits_in_price: Sequence[int] = ()
    splits_applied: Sequence[int] = ()
    drop: DividendDrop = field(default_factory=DividendDrop)
    differs_from: int | None = None
    has_adjusted: bool = False


def evidence_of(bars: RawBars) -> Evidence:
    """Evidence of one ticker; dates ascending, rows without a price are passed over."""
    with np.errstate(all="ignore"):
        gap = bars.open[1:] / bars.close[:-1]
        paid = bars.dividend[1:] / bars.close[:-1]
    split = bars.split[1:]
    is_sound = np.isfinite(gap) & (gap > 0.0)
    is_split = is_sound & (split > 0.0) & (np.abs(np.log(np.where(split > 0.0, split, 1.0))) > _MIN_SPLIT)
    in_price: list[int] = []
    applied: list[int] = []
    for row in np.flatnonzero(is_split).tolist():
        size, move = math.log(split[row]), math.log(gap[row])
        if abs(move + size) < _IN_PRICE_FRAC * abs(size):
            in_price.append(int(bars.dates[row + 1]))
        elif abs(move) < _IN_PRICE_FRAC * abs(size):
            applied.append(int(bars.dates[row + 1]))
    is_paid = is_sound & ~is_split & (paid > 0.0) & (paid < _MAX_PAID_FRAC)
    w, g = paid[is_paid], gap[is_paid] - 1.0
    drop = DividendDrop(len(w), float(w @ g), float(w @ w), float(g @ g))
    return Evidence(in_price, applied, drop, _first_difference(bars), bars.adjusted_close is not None)


def _first_difference(bars: RawBars) -> int | None:
    if bars.adjusted_close is None:
        return None
    with np.errstate(all="ignore"):
        off = np.abs(bars.adjusted_close / bars.close - 1.0)
    rows = np.flatnonzero(np.isfinite(off) & (off > _DIFFERS_FRAC))
    return int(bars.dates[rows[0]]) if len(rows) else None


def basis_of(found: Iterable[tuple[str, Evidence]], *, has_splits: bool) -> tuple[Basis, str] | None:
    """The basis that the evidence of some tickers shows, and why; None where nothing shows one.

    Parameters
    ----------
    found
        Ticker and evidence.
    has_splits
        Whether the source has a column of splits.
    """
    pairs = list(found)
    shown = [(ticker, day) for ticker, one in pairs for day in one.splits_in_price]
    applied = [(ticker, day) for ticker, one in pairs for day in one.splits_applied]
    if shown and len(shown) >= len(applied):
        return "raw", f"the prices show {len(shown)} recorded splits (first: {_named(shown[0])})"
    drop = sum((one.drop for _, one in pairs), DividendDrop())
    differing = [(ticker, one.differs_from) for ticker, one in pairs if one.differs_from is not None]
    without: Basis = "split" if applied or not has_splits else "raw"
    if drop.is_in_price or (drop.is_in_price is None and differing):
        why = f"the prices fall on {drop.n} ex-dates" if drop.is_in_price else _differing(differing)
        return without, why
    if drop.is_in_price is False:
        return "total", f"the prices do not fall on {drop.n} ex-dates"
    if pairs and all(one.has_adjusted for _, one in pairs):
        return "total", "the adjusted close equals the close"
    return None


def _named(pair: tuple[str, int]) -> str:
    return f"{pair[0]} {iso_day(pair[1])}"


def _differing(found: Sequence[tuple[str, int | None]]) -> str:
    ticker, day = found[0]
    return f"the adjusted close of {len(found)} tickers differs from the close (first: {ticker} {iso_day(day or 0)})"


def volume_contradicts(bars: RawBars, basis: Basis) -> list[int]:
    """Rows of recorded splits across which volume is on another basis than the prices.

    Volume of raw prices is what was traded: it grows by the split's ratio. Volume of adjusted prices does not. Only
    a step at the very day counts, that lasts for two months on both sides.

    Parameters
    ----------
    bars
        Ascending dates, positive prices, splits that the prices agree with.
    """
    hits: list[int] = []
    for row in np.flatnonzero(np.abs(np.log(bars.split)) >= _MIN_VOLUME_SPLIT).tolist():
        if row < _VOLUME_BARS or len(bars) - row < _VOLUME_BARS:
            continue
        if len(np.unique(bars.volume[row - _VOLUME_BARS : row + _VOLUME_BARS])) < _VOLUME_BARS:
            continue  # a volume that hardly moves was counted by nobody
        size = math.log(bars.split[row])
        expected, wrong = (1.0, 0.0) if basis == "raw" else (0.0, 1.0)
        far = _step(bars.volume, row, _VOLUME_BARS) / size
        near = _step(bars.volume, row, _NEAR_BARS) / size
        is_wrong = abs(far - wrong) < min(_VOLUME_FRAC, _VOLUME_STEP / abs(size)) and abs(near - wrong) < _NEAR_FRAC
        if is_wrong and abs(far - expected) > 0.5:
            hits.append(row)
    return hits


def _step(volume: Floats, row: int, n: int) -> float:
    before, after = float(np.median(volume[row - n : row])), float(np.median(volume[row : row + n]))
    return math.log(after / before) if before > 0.0 and after > 0.0 else math.nan
