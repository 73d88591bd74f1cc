"""Eligibility for ranking at an as-of date, from data known at that date (docs/method/factor_signals.md).

Belongs here: the reasons, and membership of the universe. Does not belong here: the compiled
trailing rules themselves (features/quality.py), and rules that block a whole file or a day (the
stages apply those).
"""

import numpy as np
import numpy.typing as npt

INELIGIBLE_REASONS = (
    "short_history",
    "missing_sessions",
    "zero_volume",
    "flat_bars",
    "constant_close",
    "low_price",
    "low_dollar_volume",
    "not_member",
)
"""Why a row is not eligible; the first failing rule, in this order. Code -1: eligible."""

NOT_MEMBER = INELIGIBLE_REASONS.index("not_member")


def is_member(
    asof_date: npt.NDArray[np.int32], member_from: npt.NDArray[np.int32], member_to: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """Whether each date is inside one of a ticker's spells.

    Parameters
    ----------
    asof_date
        Shape (n_rows,).
    member_from, member_to
        Shape (n_spells,): first and last day of each spell, both included.
    """
    inside = np.zeros(len(asof_date), dtype=np.bool_)
    for first, last in zip(member_from, member_to, strict=True):
        inside |= (asof_date >= first) & (asof_date <= last)
    return inside
