"""Folders and long files as a source: whose bars there are, and what is wrong with the rest."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.errors import BenchmarkError, NoBarsError, SettingError
from btassets.sources.base import BarSource, BlockedTickerError, RawBars, source_problems
from btassets.sources.files import bar_files
from btassets.sources.files.bar_folder import FilesSource, fetch_many, read_benchmark
from btassets.sources.files.column_mapping import ColumnNames

HEADER = "date,open,high,low,close,volume\n"


def csv_text(n: int = 3, scale: float = 1.0) -> str:
    rows = [
        f"2021-03-{day + 1:02d},{scale * 10},{scale * 11},{scale * 9},{scale * (10 + day / 10)},1000"
        for day in range(n)
    ]
    return HEADER + "\n".join(rows) + "\n"


def write_parquet(path: Path, n: int = 3, scale: float = 1.0, **extra: pa.Array) -> None:
    day = np.arange(n)
    columns = {
        "date": pa.array(18687 + day, pa.int32()).cast(pa.date32()),
        "open": pa.array(np.full(n, 10.0 * scale)),
        "high": pa.array(np.full(n, 11.0 * scale)),
        "low": pa.array(np.full(n, 9.0 * scale)),
        "close": pa.array(scale * (10 + day / 10)),
        "volume": pa.array(np.full(n, 1000)),
    }
    pq.write_table(pa.table(columns | extra), path)


def blocked(source: BarSource, ticker: str) -> BlockedTickerError:
    with pytest.raises(BlockedTickerError) as caught:
        source.fetch(ticker)
    return caught.value


def test_a_folder_of_mixed_files(tmp_path: Path) -> None:
    write_parquet(tmp_path / "AAPL.parquet")
    (tmp_path / "BRK-B.csv").write_text(csv_text(scale=2.0))
    (tmp_path / "TRUE.CSV").write_text("\ufeff" + csv_text(), encoding="utf-8")
    (tmp_path / "%43ON.csv").write_text(csv_text())
    (tmp_path / "NAN.csv.gz").write_bytes(gzip.compress(csv_text().encode()))
    (tmp_path / "SEMI.csv").write_text(csv_text().replace(",", ";"))
    (tmp_path / ".hidden.csv").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "OLD.csv").write_text(csv_text())
    source = FilesSource(tmp_path)
    assert isinstance(source, BarSource)
    assert (source.name, source.basis) == ("files", "total")
    assert source.tickers() == ["AAPL", "BRK.B", "CON", "NAN", "SEMI", "TRUE"]
    for ticker, bars in fetch_many(source, source.tickers()):
        assert isinstance(bars, RawBars), bars
        factor = 2.0 if ticker == "BRK.B" else 1.0
        assert bars.dates.tolist() == [18687, 18688, 18689]
        np.testing.assert_allclose(bars.close, factor * np.array([10.0, 10.1, 10.2]))
        assert bars.dividend.tolist() == [0.0] * 3
        assert bars.split.tolist() == [1.0] * 3
        assert bars.notes == ()
    assert source.problems() == []
    assert source_problems(source) == []


def test_a_vendor_pattern_finds_the_ticker_and_names_what_it_passed_over(tmp_path: Path) -> None:
    (tmp_path / "DA-BF.B-T-2021-04-21.csv").write_text(csv_text())
    (tmp_path / "constituents.csv").write_text("name\nx\n")
    source = FilesSource(tmp_path, ticker_pattern=r"^DA-(.+)-T-")
    assert source.tickers() == ["BF.B"]
    assert [(problem.severity, problem.n) for problem in source_problems(source)] == [("info", 1)]
    assert "constituents.csv" in source.problems()[0].text
    assert FilesSource(tmp_path, ticker_pattern=r"^(DA)-(?P<ticker>.+)-T-").tickers() == ["BF.B"]
    with pytest.raises(NoBarsError, match="none of its 2 files matches") as caught:
        FilesSource(tmp_path, ticker_pattern="^XX-(.+)").tickers()
    assert caught.value.exit_code == 3
    # without a pattern every file is a ticker, and one that is none says so
    assert blocked(FilesSource(tmp_path), "constituents").rule == "Q1"


@pytest.mark.parametrize("settings", [{"basis": "adjusted"}, {"ticker_pattern": "("}, {"ticker_pattern": "^DA-"}])
def test_settings_that_cannot_be_meant(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(SettingError) as caught:
        FilesSource(tmp_path, **settings)  # pyright: ignore[reportArgumentType] - wrong on purpose
    assert caught.value.exit_code == 2


def test_a_folder_that_is_missing_empty_or_unreadable_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x")
    (tmp_path / "one.txt").write_text("x")
    for path, said in (
        ("nothing", "no such folder"),
        ("empty", "no bar file"),
        ("other", "no bar file"),
        ("one.txt", "no bar file"),
    ):
        with pytest.raises(NoBarsError, match=said) as caught:
            FilesSource(tmp_path / path).tickers()
        assert caught.value.exit_code == 3
        assert path in str(caught.value)

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(NoBarsError, match="Permission denied"):
        FilesSource(tmp_path / "other").tickers()


def test_names_that_differ_only_in_case_or_come_twice_block_each_other_only(tmp_path: Path) -> None:
    for name in (
        "AAPL.csv",
        "aapl.csv",
        "MSFT.csv",
        "MSFT.csv.gz",
        "BRK-B.csv",
        "BRK.B.csv",
        "GOOD.csv",
        "A B.csv",
    ):
        data = csv_text().encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    source = FilesSource(tmp_path)
    assert source.tickers() == ["A B", "AAPL", "BRK.B", "GOOD", "MSFT", "aapl"]
    for ticker, said in (
        ("AAPL", "AAPL and aapl differ only in case"),
        ("aapl", "AAPL and aapl differ only in case"),
        ("MSFT", "2 files map to this ticker (MSFT.csv, MSFT.csv.gz)"),
        ("BRK.B", "2 files map to this ticker (BRK-B.csv, BRK.B.csv)"),
        ("A B", "characters other than"),
    ):
        error = blocked(source, ticker)
        assert (error.rule, error.exit_code) == ("Q2", 4)
        assert said in str(error)
    assert len(source.fetch("GOOD")) == 3


def test_files_that_are_no_bars_are_named_and_stop_nobody(tmp_path: Path) -> None:
    write_parquet(tmp_path / "GOOD.parquet")
    whole = (tmp_path / "GOOD.parquet").read_bytes()
    contents = {
        "CUT.parquet": whole[: len(whole) // 2],
        "ZERO.parquet": b"",
        "TEXT.parquet": csv_text().encode(),
        "PAR.csv": whole,
        "EMPTY.csv": b"",
        "BLANK.csv": b"\n\n \n",
        "HEAD.csv": HEADER.encode(),
        "API.csv": b"{\nError Message\n}\n",
        "HTML.csv": b"<html><body>Too many requests</body></html>",
        "NOHEAD.csv": csv_text().split("\n", 1)[1].encode(),
        "RAGGED.csv": (csv_text() + "2021-03-09,1,2\n").encode(),
        "LATIN.csv": csv_text().replace("2021-03-02", "2021-03-02\xe9").encode("latin-1"),
        "UTF16.csv": csv_text().encode("utf-16"),
        "BADGZ.csv.gz": b"not gzip",
        "SIX.csv": b"date,open,high,low,close\n2021-03-01,1,1,1,1\n",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "DANGLING.csv").symlink_to(tmp_path / "nowhere.csv")
    os.mkfifo(tmp_path / "PIPE.csv")
    source = FilesSource(tmp_path)
    results = dict(fetch_many(source, source.tickers()))
    assert sorted(results) == sorted({name.split(".")[0] for name in contents} | {"GOOD", "DANGLING", "PIPE"})
    assert isinstance(results.pop("GOOD"), RawBars)
    for ticker, result in results.items():
        assert isinstance(result, BlockedTickerError), ticker
        assert (result.rule, result.ticker, result.exit_code) == ("Q1", ticker, 4)
        assert result.as_problem().severity == "block"
        assert str(pickle.loads(pickle.dumps(result))) == str(result)
    assert "Error Message" in str(results["API"])
    assert "Too many requests" in str(results["HTML"])
    assert "no rows" in str(results["HEAD"])
    assert "cannot be read as Parquet" in str(results["CUT"])
    assert "column 'volume' is missing" in str(results["SIX"])


def test_a_file_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "A.csv").write_text(csv_text())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(bar_files, "_read_csv", refuse)
    assert "permission denied" in str(blocked(FilesSource(tmp_path), "A"))


def test_text_in_a_price_cell_is_read_as_a_row_without_a_price(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text(csv_text().replace(",10.1,", ",abc,"))
    raw = FilesSource(tmp_path).fetch("A")
    np.testing.assert_array_equal(raw.close, [10.0, np.nan, 10.2])
    assert [note.rule for note in raw.notes] == ["Q4"]
    assert "A 2021-03-02: close is 'abc'" in raw.notes[0].text


def test_mapped_columns_with_odd_names(tmp_path: Path) -> None:
    write_parquet(tmp_path / "A.parquet", adj=pa.array([1.0, 2.0, 3.0]), **{"div.cash": pa.array([0.0, None, 0.5])})
    (tmp_path / "B.csv").write_text('date,"open, usd",high,low,close,volume\n2021-03-01,1,1,1,1,5\n')
    columns = ColumnNames(dividend="div.cash", adjusted_close="adj")
    raw = FilesSource(tmp_path, columns, "raw").fetch("A")
    assert raw.dividend.tolist() == [0.0, 0.0, 0.5]
    assert raw.adjusted_close is not None
    assert raw.adjusted_close.tolist() == [1.0, 2.0, 3.0]
    assert FilesSource(tmp_path, ColumnNames(open="open, usd")).fetch("B").open.tolist() == [1.0]


def long_csv(*tickers: str) -> str:
    lines = [f"{ticker},2021-03-0{day},10,11,9,{10 + day},100" for day in (1, 2) for ticker in tickers]
    return "ticker,date,open,high,low,close,volume\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("names", [ColumnNames(), ColumnNames(ticker="ticker")])
def test_one_long_file(tmp_path: Path, names: ColumnNames) -> None:
    path = tmp_path / "all.csv"
    path.write_text(long_csv("TRUE", "NAN", "BRK-B", "AAPL", "aapl", "A/B/C", ""))
    source = FilesSource(path, names)
    assert source.tickers() == ["A/B/C", "AAPL", "BRK.B", "NAN", "TRUE", "aapl"]
    for ticker in ("TRUE", "NAN", "BRK.B"):
        bars = source.fetch(ticker)
        assert bars.dates.tolist() == [18687, 18688]
        assert bars.close.tolist() == [11.0, 12.0]
        assert source.stamp(ticker) == source.stamp("TRUE") != ""
    assert blocked(source, "AAPL").rule == blocked(source, "A/B/C").rule == "Q2"
    assert [(problem.rule, problem.n) for problem in source.problems()] == [("Q2", 2)]


def test_long_files_in_a_folder_join_and_a_bad_one_is_listed(tmp_path: Path) -> None:
    (tmp_path / "2020.csv").write_text(long_csv("A", "B"))
    pq.write_table(
        pa.table(
            {
                "ticker": pa.array(["B", "C"]).dictionary_encode(),
                "date": pa.array(["2021-04-01", "2021-04-01"]),
                "open": [10.0, 10.0],
                "high": [10.0, 10.0],
                "low": [10.0, 10.0],
                "close": [10.0, 10.0],
                "volume": [1, 1],
            }
        ),
        tmp_path / "2021.parquet",
    )
    (tmp_path / "2022.csv").write_text("{oops}")
    source = FilesSource(tmp_path, ColumnNames(ticker="ticker"))
    assert source.tickers() == ["2022", "A", "B", "C"]
    assert source.fetch("B").close.tolist() == [11.0, 12.0, 10.0]
    assert source.stamp("B").count("+") == 1
    assert "oops" in str(blocked(source, "2022"))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.csv").write_text("ticker,date\nA,1\n")
    with pytest.raises(NoBarsError, match="no long file contains a bar"):
        FilesSource(tmp_path / "bad", ColumnNames(ticker="ticker")).tickers()


def test_tickers_that_are_numbers_are_refused_since_their_zeros_are_gone(tmp_path: Path) -> None:
    write_parquet(tmp_path / "all.parquet", ticker=pa.array([700, 700, 700]))
    with pytest.raises(NoBarsError, match="tickers must be text"):
        FilesSource(tmp_path / "all.parquet").tickers()


def test_one_plain_file_is_one_ticker(tmp_path: Path) -> None:
    write_parquet(tmp_path / "SPY.parquet")
    source = FilesSource(tmp_path / "SPY.parquet")
    assert source.tickers() == ["SPY"]
    assert len(source.fetch("SPY")) == 3


def test_stamps_change_with_the_file_and_refresh_sees_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "A.csv"
    path.write_text(csv_text())
    source = FilesSource(tmp_path)
    before = source.stamp("A")
    assert before == FilesSource(tmp_path).stamp("A") != ""
    assert source.stamp("NONE") == ""
    os.utime(path, ns=(1, 1))
    assert source.stamp("A") != before
    (tmp_path / "B.csv").write_text(csv_text())
    assert source.tickers() == ["A"]
    source.refresh()
    assert source.tickers() == ["A", "B"]
    path.unlink()
    assert source.stamp("A") == ""
    assert blocked(source, "A").rule == "Q1"
    assert "did you mean B" in str(blocked(source, "BB"))


def test_the_benchmark_is_a_file_or_a_ticker(tmp_path: Path) -> None:
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "SPY.csv").write_text(csv_text().replace("date", "day"))
    (tmp_path / "bars" / "BAD.csv").write_text("{}")
    (tmp_path / "INDEX.csv").write_text(csv_text(scale=3.0))
    names = ColumnNames(date="day")
    source = FilesSource(tmp_path / "bars", names)
    assert read_benchmark("SPY", source, names).close[0] == 10.0
    assert read_benchmark("INDEX.csv", source, names, tmp_path).close[0] == 30.0
    assert read_benchmark(str(tmp_path / "bars" / "SPY.csv"), source, names).close[0] == 10.0
    for benchmark, said in (
        ("SPX", "did you mean SPY"),
        ("INDEX.csv", "no such file or ticker"),
        ("BAD", "message instead of bars"),
    ):
        with pytest.raises(BenchmarkError, match=said) as caught:
            read_benchmark(benchmark, source, names)
        assert caught.value.exit_code == 3
