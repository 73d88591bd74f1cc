"""What every vendor shares: a whole fetch needs a bar, a partial one may have none."""

import numpy as np
import pytest

from btassets.engine.market.raw_bars import RawBars
from btassets.sources.base import BarSource, BlockedTickerError, FetchesSince
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.vendor_source import VendorSource


class Vendor(VendorSource):
    name, basis = "vendor", "raw"

    def __init__(self, days):
        super().__init__(["b", "A", "b"], Window(10, 20))
        self.days, self.asked = days, []

    def _asked(self, ticker, first):
        self.asked.append((ticker, first))
        p = np.ones(len(self.days))
        return RawBars(np.array(self.days, np.int32), p, p, p, p, p, p * 0, p)


def test_bars_beyond_what_was_asked_for_do_no_harm():
    vendor = Vendor([8, 10, 15, 20, 21])
    assert vendor.fetch("A").dates.tolist() == [10, 15, 20]
    assert vendor.fetch_since("A", 15).dates.tolist() == [15, 20]
    assert vendor.asked == [("A", None), ("A", 15)]


def test_a_whole_fetch_without_a_bar_refuses_the_ticker_and_a_partial_one_is_empty():
    vendor = Vendor([])
    assert len(vendor.fetch_since("A", 15)) == 0
    with pytest.raises(BlockedTickerError, match="no bar from 1970-01-11 to 1970-01-21"):
        vendor.fetch("A")


def test_tickers_freshness_and_marker_come_from_the_book_and_its_window():
    vendor = Vendor([])
    assert vendor.tickers() == ["A", "b"]
    assert vendor.last_expected == 20
    assert vendor.stamp("A") == "to 1970-01-21"
    assert vendor.asked == []
    assert isinstance(vendor, BarSource)
    assert isinstance(vendor, FetchesSince)
