"""Grouped arrays: what compiled code receives cannot be written and is the same memory."""

import numpy as np
import pytest

from btassets.engine.portfolio.simulation_arrays import EntryArrays, PanelArrays, entry_arrays, panel_arrays
from btassets_tests.support.small_panel import flat, market, rows


def test_arrays_are_read_only_views_of_the_fields_of_their_name():
    panel = market([flat(10, 0, 1), flat(20, 0, 1)])
    entries = rows(panel, (1, 0, 20.0, 19.0, 25.0), (0, 1, 10.0, 9.0, 15.0))
    for source, arrays, names in (
        (panel, panel_arrays(panel), PanelArrays._fields),
        (entries, entry_arrays(entries), EntryArrays._fields),
    ):
        for name, array in zip(names, arrays, strict=True):
            own = getattr(source, name)
            np.testing.assert_array_equal(array, own, err_msg=name)
            assert np.shares_memory(array, own), name
            assert own.flags.writeable, name
            with pytest.raises(ValueError, match="read-only"):
                array[0] = array[0]
