"""What everything is compared with: found, complete, in the stocks' basis."""

from pathlib import Path

import numpy as np
import pytest

from btassets.arrivals.of_book import ingest
from btassets.book.book import Book, open_book
from btassets.engine.market.bars import Bars
from btassets.errors import BenchmarkError
from btassets.run.run_stage import run_stage
from btassets.run.tables import inputs_of
from btassets.stages.bars.benchmark_closes import compute
from btassets_tests.support.book_factory import make_book, market, write_bars, write_market


def opened(tmp_path: Path, benchmark: str | None = None, **settings: object) -> Book:
    write_market(tmp_path, n_tickers=3)
    chosen = {} if benchmark is None else {"benchmark": benchmark}
    book = open_book(make_book(tmp_path / "book", tmp_path, **chosen, **settings), environ={})
    ingest(book, ["SYN0001", "SYN0002", "SYN0003"])
    run_stage("sessions", book)
    return book


def test_a_file_and_a_ticker_of_the_source_give_the_same(tmp_path: Path) -> None:
    book = opened(tmp_path)
    from_file = compute(*inputs_of("benchmark_closes", book)).tables["benchmark_closes"]
    expected = market(3)[1]
    np.testing.assert_array_equal(from_file["close"].to_numpy(), expected.close)
    np.testing.assert_array_equal(from_file["open"].to_numpy(), expected.open)
    write_bars(tmp_path / "bars" / "SPY.parquet", expected)
    by_name = opened(tmp_path / "b", benchmark="SPY", source__path=str(tmp_path / "bars"))
    assert compute(*inputs_of("benchmark_closes", by_name)).tables["benchmark_closes"].equals(from_file)


def test_none_is_an_empty_table(tmp_path: Path) -> None:
    result = compute(*inputs_of("benchmark_closes", opened(tmp_path, benchmark="none")))
    assert result.tables["benchmark_closes"].num_rows == 0
    assert result.numbers["benchmark"] == "none"


@pytest.mark.parametrize(("n_missing", "is_refused"), [(0, False), (1, False), (4, False), (5, True), (200, True)])
def test_one_percent_may_be_missing(tmp_path: Path, n_missing: int, is_refused: bool) -> None:
    book = opened(tmp_path)
    whole = market(3)[1]
    keep = np.ones(whole.n_bars, bool)
    keep[[20 + k for k in range(n_missing)]] = False
    names = ("dates", "open", "high", "low", "close", "volume")
    write_bars(tmp_path / "SPY.parquet", Bars(*(getattr(whole, name)[keep] for name in names)))
    if is_refused:
        with pytest.raises(BenchmarkError, match=f"{n_missing} of 420 sessions") as caught:
            compute(*inputs_of("benchmark_closes", book))
        assert caught.value.exit_code == 3
    else:
        result = compute(*inputs_of("benchmark_closes", book))
        assert result.numbers["sessions_missing"] == n_missing
        assert len(result.facts["warnings"]) == (1 if n_missing else 0)


def test_sessions_beyond_t_do_not_matter(tmp_path: Path) -> None:
    book = opened(tmp_path)
    whole = market(3, extend=30)[1]
    write_bars(tmp_path / "SPY.parquet", whole)
    assert compute(*inputs_of("benchmark_closes", book)).numbers["sessions_missing"] == 0


@pytest.mark.parametrize("name", ["NOPE", "nothing/SPY.parquet"])
def test_a_benchmark_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(BenchmarkError, match="no such file or ticker"):
        compute(*inputs_of("benchmark_closes", opened(tmp_path, benchmark=name)))


def test_a_benchmark_that_is_rubbish_is_refused(tmp_path: Path) -> None:
    book = opened(tmp_path)
    (tmp_path / "SPY.parquet").write_bytes(b"rubbish")
    with pytest.raises(BenchmarkError):
        compute(*inputs_of("benchmark_closes", book))
