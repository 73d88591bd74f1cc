"""Permanent changes of price scale: unrecorded splits (Q8) and changes of unit (Q23).

Belongs here: distinguishing a change of scale from a fall. A stock that really falls by half trades unusual volume, and
its next days have wide ranges; a stock split 2:1 has an ordinary day at half the price. Does not belong here: jumps
that no ratio explains (`quality_returns.py`), recorded splits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.raw_bars import RawBars

Floats = npt.NDArray[np.float64]

UNITS = (10.0, 100.0, 1000.0, 10_000.0)
"""Ratios between units: tenths, pence or cents, thousandths."""

_FRACTIONS = (5.0 / 4.0, 4.0 / 3.0, 3.0 / 2.0, 5.0 / 3.0, 5.0 / 2.0)
_USUAL = (*UNITS, 20.0, 50.0, 25.0, 15.0, 30.0, 40.0)
"""Ratios preferred over a larger one at the same distance."""

_MIN_GAP = 1.2
_LOOK_BACK, _LOOK_AHEAD = 20, 3
_MIN_BEFORE, _MIN_AFTER = 5, 15
_MAX_TOLERANCE_FRAC = 0.08

_WIDEST_DAY, _WIDEST_AFTER = 3.0, 3.0
_CALM_SPREAD, _CERTAIN_DAY, _CERTAIN_AFTER, _CERTAIN_SHARES = 0.05, 1.7, 1.5, 0.6
_MIN_CERTAIN = 1.3
"""Below 2:1 only a calm market separates a split from news."""


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """One bar from which on the prices are on another scale.

    Attributes
    ----------
    row
        The first bar on the new scale.
    factor
        Nearest simple ratio of the new scale to the old one: 0.05 after a split 20:1.
    is_unit
        Whether share volume is unchanged: then the unit changed, not the number of shares.
    is_certain
        False: a ratio below 2 on a day that may also be a day of news.
    """

    row: int
    factor: float
    is_unit: bool
    is_certain: bool

    @property
    def spelled(self) -> str:
        """The split that would explain it, e.g. "20:1", "1:8" or "3:2"."""
        larger = max(self.factor, 1.0 / self.factor)
        terms = next((m for m in (1, 2, 3, 4, 5) if abs(larger * m - round(larger * m)) < 1e-9), 1)
        pair = (round(larger * terms), terms)
        return f"{pair[0]}:{pair[1]}" if self.factor < 1.0 else f"{pair[1]}:{pair[0]}"


def scale_changes(bars: RawBars, is_explained: npt.NDArray[np.bool_], rules: QualityRules) -> list[ScaleChange]:
    """Find bars that open at a simple ratio of the close before, with ordinary trading.

    Parameters
    ----------
    bars
        Ascending dates, finite prices > 0.
    is_explained
        Shape (n_bars - 1,): moves into bar i + 1 already explained by a recorded action or another rule.
    rules
        `split_tolerance_frac`: tolerance of a ratio; wider for a ticker with larger usual overnight moves.
    """
    gap = bars.open[1:] / bars.close[:-1]
    suspects = np.flatnonzero(((gap > _MIN_GAP) | (gap * _MIN_GAP < 1.0)) & ~is_explained)
    if not len(suspects):
        return []
    spread = bars.high / bars.low - 1.0
    overnight = np.abs(np.log(gap))
    found: list[ScaleChange] = []
    for index in suspects.tolist():
        row = index + 1
        before = slice(max(0, row - _LOOK_BACK), row)
        # If prices never move, no day is ordinary.
        if len(np.unique(bars.close[before])) < _MIN_BEFORE:
            continue
        usual = float(np.median(overnight[max(0, index - 3 * _LOOK_BACK) : index]))
        tolerance = min(max(rules.split_tolerance_frac, 4.0 * usual), _MAX_TOLERANCE_FRAC)
        factor = _nearest(float(gap[index]), tolerance)
        if factor is None or not _is_lasting(bars.close, row, factor):
            continue
        change = _judged(bars.volume, spread, row, before, factor)
        found += [change] if change is not None else []
    return found


def _nearest(gap: float, tolerance: float) -> float | None:
    """Simple ratio within the tolerance of a gap, the most usual one; None without one."""
    larger = max(gap, 1.0 / gap)
    whole = max(2.0, float(round(larger)))
    nearest = min((whole, *_FRACTIONS), key=lambda ratio: abs(larger / ratio - 1.0))
    near = [ratio for ratio in (*_USUAL, nearest) if abs(larger / ratio - 1.0) <= tolerance]
    if not near:
        return None
    return near[0] if gap > 1.0 else 1.0 / near[0]


def _is_lasting(close: Floats, row: int, factor: float) -> bool:
    """Whether the closes on both sides are on their scales, too: one misprinted bar is not a split."""
    level = float(np.median(close[row : row + _LOOK_AHEAD])) / float(np.median(close[row - _LOOK_AHEAD : row]))
    return abs(np.log(level / factor)) < 0.4 * abs(np.log(factor))


def _judged(volume: Floats, spread: Floats, row: int, before: slice, factor: float) -> ScaleChange | None:
    """The change, if range and activity of that day and the next ones are as before; else None."""
    ratio = max(factor, 1.0 / factor)
    usual = float(np.median(spread[before]))
    day, after = float(spread[row]), float(np.median(spread[row : row + _LOOK_AHEAD]))
    shares = _activity(volume, row, before)
    money = None if shares is None else shares * factor
    if ratio >= 2.0:
        widest = max(usual, 0.5 * float(np.max(spread[before])))
        is_ordinary = day <= _WIDEST_DAY * widest and after <= _WIDEST_AFTER * usual
        is_quiet = shares is None or money is None or min(shares, money) <= 4.0
        if not (is_ordinary and is_quiet):
            return None
        is_same_shares = shares is None or money is None or abs(np.log(shares)) < abs(np.log(money))
        is_unit = ratio in UNITS and is_same_shares and not (shares is None and ratio == UNITS[0])
        return ScaleChange(row, factor, is_unit, is_certain=True)
    if (
        shares is None
        or money is None
        or usual > _CALM_SPREAD
        or day > 2.0 * usual
        or not 0.5 * usual <= after <= 1.8 * usual
        or money > 2.5
    ):
        return None
    # Share volume multiplied by the ratio; over a month, a deviation of a quarter is detectable.
    later = _activity(volume, row, before, _LOOK_BACK) if len(volume) - row >= _MIN_AFTER else None
    is_certain = (
        later is not None
        and ratio >= _MIN_CERTAIN
        and day <= _CERTAIN_DAY * usual
        and after <= _CERTAIN_AFTER * usual
        and abs(np.log(later * factor)) <= _CERTAIN_SHARES * abs(np.log(factor))
    )
    return ScaleChange(row, factor, is_unit=False, is_certain=is_certain)


def _activity(volume: Floats, row: int, before: slice, n_after: int = _LOOK_AHEAD) -> float | None:
    """Share volume of that day and the next ones over the volume before; None if unknown."""
    usual = float(np.median(volume[before]))
    now = float(np.median(volume[row : row + n_after]))
    return now / usual if usual > 0.0 and now > 0.0 else None
