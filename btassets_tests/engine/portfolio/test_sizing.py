"""Shares of one position by hand, and where no size can be given."""

import math

import pytest

from btassets.engine.portfolio.sizing import size


@pytest.mark.parametrize(
    ("entry", "stop", "capital", "expected"),
    [
        (100.0, 95.0, 10_000.0, 20.0),  # 100 dollars at risk, 5 a share
        (95.0, 100.0, 10_000.0, 20.0),  # a short: 20 shares by risk, 21.05 by notional
        (100.0, 99.9, 10_000.0, 20.0),  # the cap of 2,000 dollars
        (100.0, 100.0, 10_000.0, 0.0),
        (0.0, 1.0, 10_000.0, 0.0),
        (-1.0, 1.0, 10_000.0, 0.0),
        (100.0, 95.0, 0.0, 0.0),
        (math.nan, 95.0, 10_000.0, 0.0),
        (100.0, math.nan, 10_000.0, 0.0),
    ],
)
def test_shares_by_hand(entry, stop, capital, expected):
    assert size(entry, stop, capital, 0.01, 0.20) == pytest.approx(expected)
