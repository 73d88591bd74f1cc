"""Parts of a ticker's bars: where they begin and end, and that they copy nothing."""

import numpy as np
import pytest

from btassets.engine.market.bars import Bars

NAMES = ("dates", "open", "high", "low", "close", "volume")


def five_bars():
    return Bars(np.arange(10, 15, dtype=np.int32), *(np.arange(5.0) + 10 * k for k in range(5)))


@pytest.mark.parametrize(("index", "days"), [(0, [10]), (2, [10, 11, 12]), (4, [10, 11, 12, 13, 14])])
def test_bars_up_to_an_index_include_it_and_nothing_later(index, days):
    part = five_bars().up_to(index)
    assert part.dates.tolist() == days
    assert part.n_bars == index + 1
    for k, name in enumerate(NAMES[1:]):
        assert getattr(part, name).tolist() == [10.0 * k + j for j in range(index + 1)], name


def test_bars_between_leave_out_the_stop_and_share_the_memory():
    bars = five_bars()
    part = bars.between(1, 3)
    assert part.dates.tolist() == [11, 12]
    for name in NAMES:
        assert np.shares_memory(getattr(part, name), getattr(bars, name)), name
    assert bars.between(3, 3).n_bars == 0
