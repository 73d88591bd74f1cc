"""Buckets of raw bars that were damaged: who has to come again, and who cannot."""

from pathlib import Path

import pytest

from btassets.arrivals.bar_damage import owed_tickers, settle_owed
from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.errors import DamagedFileError
from btassets.run.tables import inputs_of
from btassets.stages.bars.bar_store import TABLE, changed_versions, write_bars
from btassets_tests.support.small_market import make_book


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = make_book(tmp_path, 6)
    ingest(made, plan_ingest(made).stale)
    return open_book(made.folder, environ={}, mends=True)


def _damage(book: Book, ticker: str) -> int:
    bucket = next(b for b, group in book.lake.by_bucket([ticker]).items() if ticker in group)
    path = book.lake.bucket_path(TABLE, bucket)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    return bucket


def test_a_damaged_bucket_is_owed_until_it_is_read_again(book: Book) -> None:
    before = book.lake.ticker_footers(TABLE)
    bucket = _damage(book, "T001")
    group = book.lake.by_bucket(before)[bucket]
    assert plan_ingest(book).stale == group
    assert owed_tickers(book) == group
    ingest(book, plan_ingest(book).stale)
    assert settle_owed(book, group) == {}
    assert owed_tickers(book) == []
    after = book.lake.ticker_footers(TABLE)
    assert {t: f["version"] for t, f in after.items()} == {t: f["version"] for t, f in before.items()}
    assert changed_versions(inputs_of("ohlcv_history", book)[0].bucketed("ohlcv_history")) == []


def test_a_ticker_that_the_source_has_no_more_is_named_once(book: Book) -> None:
    bucket = _damage(book, "T001")
    group = book.lake.by_bucket(book.lake.ticker_footers(TABLE))
    assert bucket not in group, "the damaged bucket counts as absent"
    owed = owed_tickers(book)
    assert "T001" in owed
    ingest(book, [t for t in plan_ingest(book).stale if t != "T001"])
    lost = settle_owed(book, owed)
    assert list(lost) == ["T001"]
    assert "no longer in the source" in lost["T001"]
    assert owed_tickers(book) == []


def test_a_bucket_is_never_written_with_fewer_rows_than_its_footer_says(book: Book) -> None:
    footers = book.lake.ticker_footers(TABLE)
    bucket, group = next(iter(book.lake.by_bucket(footers).items()))
    book.lake.bucket_path(TABLE, bucket).unlink()
    with pytest.raises(DamagedFileError, match=f"the bars of {group[0]} are missing"):
        write_bars(
            inputs_of("ohlcv_history", book)[0].writer("ohlcv_history"), bucket, {t: footers[t] for t in group}, {}
        )
