"""Landed bars beside a source: the source's own bars count, landed ones fill the rest."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.market.raw_bars import RawBars
from btassets.errors import NoBarsError
from btassets.sources.base import BlockedTickerError, FetchesSince
from btassets.sources.files.landed import (
    WithLanded,
    WithLandedSince,
    copy_of,
    filled,
    refuse_damaged,
    with_landed,
    write_landed,
)


def bars(days, price, *, adjusted=None):
    p = np.full(len(days), float(price))
    days = np.array(days, np.int32)
    return RawBars(days, p, p, p, p, p, np.zeros(len(p)), np.ones(len(p)), adjusted_close=adjusted)


def landed_table(days, price):
    n = len(days)
    columns = {name: np.full(n, float(price)) for name in ("open", "high", "low", "close", "volume")}
    columns |= {"dividend": np.zeros(n), "split": np.ones(n)}
    return pa.table({"date": pa.array(days, pa.int32()).cast(pa.date32()), **columns})


class Source:
    name, basis = "files", "raw"

    def __init__(self, own):
        self.own = own

    def tickers(self):
        if not self.own:
            raise NoBarsError("bars/", "is empty", "fill it.")
        return sorted(self.own)

    def stamp(self, ticker):
        return f"own-{ticker}"

    def fetch(self, ticker):
        return self.own[ticker]


class Vendor(Source):
    last_expected = 12

    def fetch_since(self, ticker, first_date):
        own = self.own[ticker]
        return own.take(own.dates >= first_date)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "landing" / "bars"
    made.mkdir(parents=True)
    write_landed(made / "A.parquet", landed_table([11, 12, 13], 20.0))
    write_landed(made / "NEW.parquet", landed_table([12], 30.0))
    return made


def test_missing_dates_are_filled_in_order_and_common_ones_keep_the_sources_bar():
    both = filled(bars([10, 12, 14], 1.0), bars([9, 12, 13, 15], 2.0))
    assert both.dates.tolist() == [9, 10, 12, 13, 14, 15]
    assert both.close.tolist() == [2.0, 1.0, 1.0, 2.0, 1.0, 2.0]
    own = bars([10, 12], 1.0)
    assert filled(own, bars([10, 12], 2.0)) is own
    assert filled(bars([], 0.0), bars([3, 4], 2.0)).dates.tolist() == [3, 4]


def test_adjusted_closes_are_kept_whole_or_not_at_all():
    own = bars([10, 12], 1.0, adjusted=np.array([0.5, 0.6]))
    assert filled(own, bars([10], 2.0)).adjusted_close is own.adjusted_close
    assert filled(own, bars([11], 2.0)).adjusted_close is None


def test_a_source_with_landed_bars_has_the_tickers_and_bars_of_both(folder):
    source = WithLanded(Source({"A": bars([10, 11], 1.0), "B": bars([10], 5.0)}), folder)
    assert source.tickers() == ["A", "B", "NEW"]
    merged = source.fetch("A")
    assert merged.dates.tolist() == [10, 11, 12, 13]
    assert merged.close.tolist() == [1.0, 1.0, 20.0, 20.0]
    assert source.fetch("B").close.tolist() == [5.0]
    assert source.fetch("NEW").dates.tolist() == [12]
    assert source.landed("B") is None


def test_the_stamp_follows_the_landed_file_only_where_there_is_one(folder):
    source = WithLanded(Source({"A": bars([10], 1.0), "B": bars([10], 5.0)}), folder)
    assert source.stamp("B") == "own-B"
    assert source.stamp("A").startswith("own-A+landed-")
    assert source.stamp("NEW").startswith("+landed-")
    before = source.stamp("A")
    write_landed(folder / "A.parquet", landed_table([11, 12, 13, 14], 20.0))
    assert source.stamp("A") != before


def test_an_empty_source_lives_on_its_landed_bars_alone(folder, tmp_path):
    assert WithLanded(Source({}), folder).tickers() == ["A", "NEW"]
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "notes.txt").write_text("x")
    (tmp_path / "none" / ".torn-A.parquet").write_text("x")
    own = Source({"A": bars([10], 1.0)})
    assert with_landed(own, tmp_path / "none") is own
    assert with_landed(own, tmp_path / "missing") is own


def test_a_partial_fetch_cuts_both_at_the_date(folder):
    source = with_landed(Vendor({"A": bars([10, 11], 1.0), "B": bars([10, 11], 5.0)}), folder)
    assert isinstance(source, WithLandedSince)
    assert isinstance(source, FetchesSince)
    assert source.last_expected == 12
    late = source.fetch_since("A", 11)
    assert (late.dates.tolist(), late.close.tolist()) == ([11, 12, 13], [1.0, 20.0, 20.0])
    assert source.fetch_since("A", 13).dates.tolist() == [13]
    assert source.fetch_since("B", 11).dates.tolist() == [11]
    assert source.fetch_since("NEW", 13).dates.tolist() == []
    assert not isinstance(with_landed(Source({"A": bars([10], 1.0)}), folder), FetchesSince)


def flip(path):
    content = bytearray(path.read_bytes())
    content[60] ^= 8
    path.write_bytes(content)


def test_a_damaged_file_is_restored_from_its_copy_and_lost_twice_blocks_the_ticker(folder):
    path = folder / "A.parquet"
    good = path.read_bytes()
    assert copy_of(path) == folder.parent / ".copies" / "A.parquet"
    flip(path)
    refuse_damaged(path, "A")
    assert path.read_bytes() == good
    flip(path)
    flip(copy_of(path))
    with pytest.raises(BlockedTickerError, match="so is its second copy") as caught:
        refuse_damaged(path, "A")
    assert (caught.value.ticker, caught.value.rule) == ("A", "Q1")
    assert str(path) in caught.value.reason
    refuse_damaged(folder / "GONE.parquet", "GONE")
