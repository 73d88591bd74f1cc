"""Closed rows: an evening writes none of them, and a changed past writes them anew."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import open_book
from btassets.plan import replay_in_process
from btassets.run.run_stage import run_stage
from btassets.stages.replay.closed_rows import OPEN_SINCE, open_since, split, stays_closed
from btassets.storage.bucket_rows import N_CLOSED, is_closed_part
from btassets_tests.support.book_factory import make_book
from btassets_tests.support.growing_market import GrowingMarket


def days(*texts):
    return np.array(texts, "datetime64[D]").astype(np.int32)


@pytest.mark.parametrize(
    ("reach", "first"),
    [
        pytest.param(64, "2021-01-01", id="the spring after"),
        pytest.param(200, "2020-01-01", id="a long hold"),
        pytest.param(5_000, "2019-01-01", id="longer than the history"),
    ],
)
def test_rows_are_open_from_the_year_of_the_oldest_that_an_evening_replays(reach, first):
    dates = np.arange("2019-06-03", "2021-05-14", dtype="datetime64[D]").astype(np.int32)
    dates = dates[(dates + 3) % 7 < 5]
    assert open_since(dates, len(dates), reach) == days(first)[0]


def test_a_ticker_without_bars_has_no_closed_row():
    assert open_since(np.empty(0, np.int32), 0, 64) == 0


def test_rows_are_split_at_the_day_of_their_ticker():
    facts = {"A": {OPEN_SINCE: int(days("2020-01-01")[0])}, "B": {}}
    rows = pa.table({"asof_date": pa.array(days("2019-05-03", "2019-12-31", "2020-01-02"), pa.date32())})
    closed, newest = split([("A", [rows]), ("B", [rows])], facts)
    assert [part.num_rows for part in closed] == [2, 0]
    assert [part.num_rows for part in newest] == [1, 3]
    assert facts["A"][N_CLOSED] == 2
    assert facts["B"][N_CLOSED] == 0


@pytest.mark.parametrize(
    ("stored", "since", "stays"),
    [
        pytest.param({"A": {OPEN_SINCE: 100}}, {"A": 100}, True, id="only open rows are new"),
        pytest.param({"A": {OPEN_SINCE: 100}}, {"A": 99}, False, id="a closed row is new"),
        pytest.param({"A": {OPEN_SINCE: 100}}, {}, False, id="all rows are new"),
        pytest.param({"A": {OPEN_SINCE: 50}}, {"A": 100}, False, id="a year is closed"),
        pytest.param({}, {"A": 100}, False, id="a new ticker"),
        pytest.param({"A": {}}, {"A": 100}, False, id="its replay failed before"),
    ],
)
def test_the_closed_part_stays_while_only_open_rows_change(stored, since, stays):
    assert stays_closed({"A": {OPEN_SINCE: 100}}, stored, since) is stays


def closed_files(book):
    root = book.lake.root / book.candidates
    return {p.name: p.stat().st_ino for p in sorted(root.iterdir()) if is_closed_part(p)}


def test_an_evening_writes_no_closed_row_and_a_restated_ticker_those_of_its_bucket(tmp_path):
    market = GrowingMarket(tmp_path, 3, 420, 3)
    make_book(tmp_path / "book", tmp_path, source__basis="raw", storage__buckets=8)

    def evening(k, event):
        market.evening(k, event)
        book = open_book(tmp_path / "book", environ={}, mends=True)
        ingest(book, plan_ingest(book).stale)
        for name in ("sessions", "benchmark_closes"):
            run_stage(name, book)
        replay_in_process(book, n_threads=1, log=lambda _: None)
        return closed_files(book)

    first = evening(0, "none")
    assert first
    assert evening(1, "none") == first
    restated = evening(2, "restated")
    assert len(set(first.items()) ^ set(restated.items())) == 2  # one bucket: its old and its new closed part
