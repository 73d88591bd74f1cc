"""`forget`, `run --no-read`, and a source that cannot be reached: the bars of the book do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets_tests.support.book_factory import Answer, call, make_book, tables_of, write_market


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A market and a book over it after its first run."""
    folder = tmp_path_factory.mktemp("away")
    write_market(folder, n_tickers=5, n_bars=300)
    make_book(folder / "book", folder)
    assert run(folder).code == 0
    return folder


def run(folder: Path, *words: str) -> Answer:
    return call("run", "--book", folder / "book", "--quiet", *words)


def tickers(folder: Path) -> list[str]:
    return list(open_book(folder / "book", environ={}).lake.ticker_footers("ohlcv_history"))


def test_without_its_source_a_book_goes_on_with_its_bars(ran: Path) -> None:
    (ran / "bars").rename(ran / "elsewhere")
    try:
        before = tables_of(ran / "book")["trades"]
        answer = run(ran)
        assert answer.code == 0, answer.err
        assert "the source is unreachable; the book's bars were used, as of 2022-01-05" in answer.err
        assert str(ran / "bars") in answer.err
        asked = run(ran, "--no-read", "--set", "gates.min_rr=2.0", "--as", "strict")
        assert asked.code == 0, asked.err
        assert "unreachable" not in asked.err
        assert tables_of(ran / "book")["trades"].equals(before)
    finally:
        (ran / "elsewhere").rename(ran / "bars")


def test_no_read_needs_bars_and_no_tickers(ran: Path, tmp_path: Path) -> None:
    make_book(tmp_path / "book", ran)
    answer = run(tmp_path, "--no-read")
    assert answer.code == 3
    assert "no bars have been read yet" in answer.err
    assert run(ran, "--no-read", "--tickers", "SYN0001").code == 2


def test_a_ticker_that_left_is_named_and_forgotten_on_demand(ran: Path) -> None:
    (ran / "bars" / "SYN0003.parquet").rename(ran / "SYN0003.parquet")
    answer = run(ran)
    assert answer.code == 0
    assert "SYN0003: no longer in the source" in answer.err
    assert "SYN0003" in tickers(ran)
    for words, said in ((["SYN9999"], "no such ticker"), ([], "TICKER")):
        refused = call("forget", *words, "--book", ran / "book")
        assert refused.code == 2
        assert said in refused.err
    gone = call("forget", "syn0003", "--book", ran / "book")
    assert gone.code == 0, gone.err
    assert "1 tickers with 300 bars forgotten" in gone.out
    assert "SYN0003" not in tickers(ran)
    answer = run(ran)
    assert (answer.code, "SYN0003" in answer.err) == (0, False)
    assert "SYN0003" not in tables_of(ran / "book")["candidates"]["ticker"].to_pylist()
