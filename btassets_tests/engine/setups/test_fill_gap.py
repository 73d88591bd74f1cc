"""The fill gap in R: sign by side, none without a risk, a stop or a fill."""

import numpy as np
import pytest

from btassets.engine.setups.fill_gap import fill_gap_r


@pytest.mark.parametrize(
    ("is_long", "entry", "stop", "fill", "gap"),
    [
        (True, 100.0, 95.0, 101.0, 0.2),
        (True, 100.0, 95.0, 99.0, -0.2),
        (False, 100.0, 104.0, 99.0, 0.25),
        (False, 100.0, 104.0, 101.0, -0.25),
    ],
)
def test_a_worse_fill_is_positive_on_both_sides(is_long, entry, stop, fill, gap):
    assert float(fill_gap_r(is_long, entry, stop, fill)) == pytest.approx(gap)


def test_without_risk_stop_or_fill_there_is_none():
    found = fill_gap_r([True] * 3, [50.0, 50.0, 50.0], [50.0, np.nan, 45.0], [51.0, 51.0, np.nan])
    assert np.isnan(found).all()
