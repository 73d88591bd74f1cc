"""How much worse than the shown entry a setup was filled, in R.

Belongs here: the formula. Does not belong here: its mean and interval (`btassets.stages.journal`).
"""

import numpy as np
import numpy.typing as npt


def fill_gap_r(
    is_long: npt.ArrayLike, entry: npt.ArrayLike, stop: npt.ArrayLike, fill: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Distance of the fill from the entry against the trade, in units of the risk |entry - stop|; arrays of one shape.

    NaN without a fill or a stop, and for a risk of 0.

    >>> fill_gap_r([True, False], 50.0, [47.0, 53.0], 51.5).tolist()
    [0.5, -0.5]
    """
    entry, fill = np.asarray(entry, dtype=np.float64), np.asarray(fill, dtype=np.float64)
    risk = np.abs(entry - np.asarray(stop, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(risk > 0.0, np.where(is_long, 1.0, -1.0) * (fill - entry) / risk, np.nan)
