"""Names of the eight price signals; importable without the compiler.

Belongs here: names and their order. Does not belong here: how they are computed (factors.py).
"""

FACTORS = (
    "mom_12_1",
    "mom_12_1_resid",
    "mom_6_1",
    "mom_3_1",
    "reversal_1m",
    "trend_200",
    "high_52w",
    "vol_6m",
)
"""Columns of `factor_signals`, in the order in which the compiled functions write them."""
