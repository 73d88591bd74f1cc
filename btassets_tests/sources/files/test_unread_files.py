"""What a folder of bars holds beside them is named with what to do; what is no table of bars is not."""

import zipfile
from pathlib import Path

import pytest

from btassets.errors import NoBarsError
from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.files.unread_files import unread
from btassets_tests.support.situations import csv_of, folder_of, iso, look, market, new_book, walk, weekdays

BARS = csv_of(walk(1, weekdays(n=120)))


def test_archives_sheets_texts_and_folders_are_named_once_each(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", {"A.csv": BARS, "aapl.us.txt": BARS, "notes.txt": "the market\nof today\n"})
    folder_of(source / "nasdaq", {"B.csv": BARS})
    (source / "empty").mkdir()
    for name in ("C.zip", "D.csv.zip", "E.xlsx", "README.md", ".hidden.zip"):
        (source / name).write_bytes(b"PK")
    assert unread(source) == [
        "2 archives are not read (first: C.zip); unpack them.",
        "1 file is not read (E.xlsx); save it as CSV or Parquet.",
        "1 table in text files is not read (aapl.us.txt); rename it to .csv.",
    ]
    folder_of(source / "nyse" / "a", {"x.txt": BARS, "y.txt": BARS, "z.txt": "words\n"})
    assert unread(source, has_bars=False)[-2:] == [
        "1 file of bars in sub-folders is not read (nasdaq/B.csv); set source.path to the folder that holds the files, "
        "or source.ticker_pattern to a pattern with a slash, e.g. ^([^/]+)/[^/]+$ if each folder is named after its "
        "ticker.",
        "2 tables in text files of sub-folders are not read (first: nyse/a/x.txt); rename them to .csv.",
    ]
    told = look(new_book(tmp_path / "b", source)).told
    assert "2 archives are not read (first: C.zip)" in told
    assert "table in text files is not read (aapl.us.txt)" in told


def test_a_source_of_archives_alone_says_so(tmp_path: Path) -> None:
    packed = tmp_path / "bars.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("A.csv", BARS)
    with pytest.raises(NoBarsError, match="unpack it"):
        FilesSource(packed).tickers()
    with pytest.raises(NoBarsError, match=r"1 archive is not read \(bars.zip\); unpack it"):
        FilesSource(tmp_path).tickers()


def test_one_file_a_day_is_refused_with_its_column_and_read_by_it(tmp_path: Path) -> None:
    stocks = market(3, weekdays(n=120))
    files = {
        f"{iso(int(day))}.csv": "Symbol,Date,Open,High,Low,Close,Volume\n"
        + "".join(f"{name},{csv_of(bars).splitlines()[row + 1]}\n" for name, bars in stocks.items())
        for row, day in enumerate(weekdays(n=120))
    }
    source = folder_of(tmp_path / "s", files)
    with pytest.raises(BlockedTickerError, match=r"names 3 tickers \('S0', 'S1', 'S2'\).*set ticker = 'Symbol'"):
        FilesSource(source).fetch("2020-01-06")
    read = FilesSource(source, ColumnNames(ticker="Symbol"))
    assert read.tickers() == ["S0", "S1", "S2"]
    assert read.fetch("S1").close.tolist() == stocks["S1"].close.tolist()


def test_a_file_that_names_another_ticker_than_its_own_is_told(tmp_path: Path) -> None:
    def named(symbol: str) -> str:
        head, *rows = BARS.splitlines()
        return "\n".join([f"symbol,{head}", *(f"{symbol},{row}" for row in rows)]) + "\n"

    source = folder_of(
        tmp_path / "s", {"AAPL.csv": named("MSFT"), "BRK-B.csv": named("BRK/B"), "SAP.csv": named("SAP.DE")}
    )
    read = FilesSource(source)
    notes = {ticker: [note.text for note in read.fetch(ticker).notes] for ticker in read.tickers()}
    assert (notes["BRK.B"], notes["SAP"]) == ([], [])
    assert "AAPL: column 'symbol' of its file says 'MSFT'" in notes["AAPL"][0]


def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        assert unread(tmp_path, has_bars=False) == []
    finally:
        closed.chmod(0o700)
    closed.rmdir()
