"""What everything is compared with: found, complete, in the stocks' basis."""

from pathlib import Path

import numpy as np
import pytest

from btassets.arrivals.of_book import ingest
from btassets.book.book import Book, open_book
from btassets.cli.output.findings import run_findings
from btassets.engine.market.bars import Bars
from btassets.errors import BenchmarkError
from btassets.run.run_stage import run_stage
from btassets.run.tables import inputs_of
from btassets.stages.bars.benchmark_closes import compute
from btassets_tests.support import situations
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


def vendor_files(folder: Path, *, benchmark_head: str, paid: float = 0.0) -> Path:
    """A folder of bars with actions, and a benchmark beside it with a head of its own."""
    stocks = situations.market(3, situations.weekdays(n=400))
    head = "date,open,high,low,close,volume,dividend,split"
    situations.folder_of(folder / "bars", situations.files_of(stocks, head=head, more=lambda row: f"{paid},1"))
    index = situations.walk(9, situations.weekdays(n=400))
    more = {"dividend": f"{paid}", "split": "1", "Adj Close": "77.5"}
    extra = [more[name] for name in benchmark_head.split(",")[6:]]
    options = {"more": lambda _: ",".join(extra)} if extra else {}
    situations.folder_of(folder, {"INDEX.csv": situations.csv_of(index, head=benchmark_head, **options)})
    return folder / "INDEX.csv"


PLAIN = "date,open,high,low,close,volume"


@pytest.mark.parametrize(
    ("head", "basis", "said"),
    [
        (PLAIN, "raw", "benchmark INDEX: its file has no column 'split', 'dividend', which the stocks' have"),
        (f"{PLAIN},split", "split", "its file has no column 'dividend'"),
        (f"{PLAIN},dividend,split", "raw", "benchmark INDEX: no dividend in 400 bars"),
        (f"{PLAIN},Adj Close", "total", "column 'Adj Close' differs from 'close'"),
        (PLAIN, "total", ""),
    ],
)
def test_a_benchmark_on_another_basis_than_the_stocks_is_told(tmp_path: Path, head: str, basis: str, said: str) -> None:
    benchmark = vendor_files(tmp_path, benchmark_head=head)
    columns = {"source__columns__dividend": "dividend", "source__columns__split": "split"}
    book = situations.look(
        situations.new_book(tmp_path / "b", tmp_path / "bars", benchmark=str(benchmark), source__basis=basis, **columns)
    ).book
    facts = compute(*inputs_of("benchmark_closes", book)).facts
    assert len(facts["harmful"]) == bool(said)
    assert said in "".join(facts["harmful"])
    assert facts["warnings"][: len(facts["harmful"])] == facts["harmful"]
    run_stage("benchmark_closes", book)
    assert [finding.text for finding in run_findings(book)][: bool(said)] == facts["harmful"]
