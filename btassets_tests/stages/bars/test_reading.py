"""Reading of one ticker and of many: overlap, whole window, refusals, a source that stops."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.errors import RateLimitedError
from btassets.sources.base import BlockedTickerError
from btassets.stages.bars.reading import Wanted, bars_of_table, is_late, read_many, read_ticker
from btassets_tests.support.stored_tables import raw_bars


class Files:
    """A source without partial fetches."""

    name, basis = "files", "raw"

    def __init__(self, bars=None, errors=None):
        self.bars, self.errors, self.asked = bars or {}, errors or {}, []

    def tickers(self):
        return sorted({*self.bars, *self.errors})

    def stamp(self, ticker):
        return ""

    def fetch(self, ticker):
        self.asked.append((ticker, None))
        if ticker in self.errors:
            raise self.errors[ticker]
        return self.bars[ticker]


class Vendor(Files):
    last_expected = 30

    def fetch_since(self, ticker, first_date):
        self.asked.append((ticker, first_date))
        own = self.bars[ticker]
        return raw_bars(own.dates[own.dates >= first_date], own.close[own.dates >= first_date])


DAYS = np.arange(10, 21)
PATH = 50.0 + np.arange(11) % 4
STORED = raw_bars(DAYS[:8], PATH[:8])


def test_a_file_is_read_whole_whatever_is_stored():
    source = Files({"A": raw_bars(DAYS, PATH)})
    assert len(read_ticker(source, Wanted("A", STORED, 15))) == 11
    assert source.asked == [("A", None)]


def test_a_ticker_without_stored_bars_is_read_whole():
    source = Vendor({"A": raw_bars(DAYS, PATH)})
    assert len(read_ticker(source, Wanted("A", None, 15))) == 11
    assert source.asked == [("A", None)]


def test_an_overlap_that_agrees_is_joined_with_the_stored_bars():
    source = Vendor({"A": raw_bars(DAYS, PATH)})
    bars = read_ticker(source, Wanted("A", STORED, 15))
    assert source.asked == [("A", 15)]
    assert bars.dates.tolist() == DAYS.tolist()
    assert bars.close.tolist() == PATH.tolist()


@pytest.mark.parametrize("factor", [0.5, 0.9])
def test_an_overlap_on_another_basis_reads_the_whole_window_again(factor):
    source = Vendor({"A": raw_bars(DAYS, PATH * factor)})
    bars = read_ticker(source, Wanted("A", STORED, 14))
    assert source.asked == [("A", 14), ("A", None)]
    assert bars.close.tolist() == (PATH * factor).tolist()


def test_no_common_date_reads_the_whole_window_again():
    source = Vendor({"A": raw_bars(DAYS, PATH)})
    read_ticker(source, Wanted("A", raw_bars([1, 2], 50.0), 15))
    assert source.asked == [("A", 15), ("A", None)]


@pytest.mark.parametrize(("basis", "first"), [("raw", 10), ("split", 13), ("total", 13)])
def test_bars_before_a_window_stay_only_on_a_basis_that_never_moves(basis, first):
    source = Vendor({"A": raw_bars(DAYS[3:], PATH[3:])})
    source.basis = basis
    bars = read_ticker(source, Wanted("A", STORED, None))
    assert source.asked == [("A", None)]
    assert (bars.dates[0], bars.dates[-1]) == (first, 20)
    moved = Vendor({"A": raw_bars(DAYS[3:], PATH[3:] * 0.5)})
    assert read_ticker(moved, Wanted("A", STORED, None)).dates[0] == 13


def test_a_refusal_concerns_its_ticker_and_a_stop_all_that_follow():
    stop = RateLimitedError("vendor", "429")
    errors = {"B": BlockedTickerError("B", "Q1", "no file."), "D": stop}
    bars = {t: raw_bars(DAYS, PATH) for t in "ACEFGHIJ"}
    source = Files(bars, errors)
    found = list(read_many(source, [Wanted(t, None, None) for t in "ABCDEFGHIJ"]))
    assert [ticker for ticker, _ in found] == list("ABCDEFGHIJ")
    by_ticker = dict(found)
    assert str(by_ticker["B"]) == "B: no file. [Q1]"
    assert len(by_ticker["A"]) == len(by_ticker["C"]) == 11
    assert by_ticker["D"] is stop
    # A second reader may have begun one ticker before the stop; none begins after it.
    assert all(by_ticker[t] is stop for t in "GHIJ")
    asked = {ticker for ticker, _ in source.asked}
    assert not asked & set("GHIJ")


@pytest.mark.parametrize(
    ("last", "expected"), [(30, False), (29, True), (20, True), (19, False), (31, False), (None, False)]
)
def test_late_is_up_to_ten_days_behind(last, expected):
    assert is_late(Vendor(), last) is expected
    assert is_late(Files(), last) is False


def test_without_an_expected_date_nothing_is_late():
    source = Vendor()
    source.last_expected = None
    assert is_late(source, 20) is False


def test_stored_rows_become_arrays_of_their_columns():
    names = ("open", "high", "low", "close", "volume", "dividend", "split")
    table = pa.table(
        {"date": pa.array([10, 11], pa.int32()).cast(pa.date32()), **{n: [float(k), 0.5] for k, n in enumerate(names)}}
    )
    bars = bars_of_table(table)
    assert (bars.dates.dtype, bars.dates.tolist()) == (np.int32, [10, 11])
    assert [getattr(bars, name)[0] for name in names] == [0, 1, 2, 3, 4, 5, 6]
