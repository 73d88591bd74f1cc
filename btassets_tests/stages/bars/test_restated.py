"""First date whose prices differ from those stored, by hand."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.stages.bars.restated import first_restated, restated_tickers
from btassets_tests.support.stored_tables import raw_bars


def stored(days, closes):
    columns = {name: np.array(closes, float) for name in ("open", "high", "low", "close")}
    return pa.table({"date": pa.array(days, pa.int32()).cast(pa.date32()), **columns})


OLD = stored([10, 11, 12, 13], [1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    ("days", "closes", "expected"),
    [
        ([10, 11, 12, 13, 14], [1, 2, 3, 4, 5], None),
        ([10, 11, 12, 13], [1, 2, 3.1, 4.1], 12),
        ([12, 13, 14], [3, 4, 5], None),  # a window that begins later restates nothing
        ([12, 13, 14], [3, 4.5, 5], 13),
        ([12, 13, 14], [3.5, 4, 5], 12),
        ([10, 12, 13], [1, 3, 4], 11),  # a bar that is gone
        ([10, 11], [1, 2], 12),
        ([20, 21], [9, 9], None),
        ([10, 11, 12, 13], [1, 2, 3 * (1 + 1e-10), 4], None),
        ([10, 11, 12, 13], [1, 2, 3 * (1 + 1e-8), 4], 12),
        ([], [], None),
    ],
)
def test_the_first_date_that_differs_or_is_gone(days, closes, expected):
    assert first_restated(OLD, raw_bars(days, np.array(closes, float))) == expected


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_any_price_counts_and_volume_does_not(column):
    fresh = raw_bars([10, 11, 12, 13], [1.0, 2.0, 3.0, 4.0], volume=5.0)
    assert first_restated(OLD, fresh) is None
    getattr(fresh, column)[1] = 9.0
    assert first_restated(OLD, fresh) == 11


def test_nothing_stored_is_not_restated():
    assert first_restated(OLD.slice(0, 0), raw_bars([10], 1.0)) is None


def test_tickers_of_a_bucket_with_their_own_rows():
    table = pa.concat_tables([OLD, stored([10, 11], [7.0, 8.0])])
    slices = {"A": (0, 4), "B": (4, 2)}
    fresh = {"A": raw_bars([10, 11, 12, 13], [1, 2, 3, 4]), "B": raw_bars([10, 11], [7, 9]), "C": raw_bars([10], 1)}
    assert restated_tickers(table, slices, fresh) == {"B": 11}
    assert restated_tickers(None, slices, fresh) == {}
