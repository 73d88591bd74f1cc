"""The head of a CSV file: remarks, titles, names over several lines, files without names."""

from pathlib import Path

import pytest

from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_files import read_bar_file
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.files.csv_head import are_values, csv_head

NAMES = "Date,Open,High,Low,Close,Volume"
ROWS = "2021-03-01,10,11,9,10.5,1000\n2021-03-02,10.5,12,10,11,2000\n"
POSITIONS = ColumnNames(date="#1", open="#2", high="#3", low="#4", close="#5", volume="#6")


def closes(folder: Path, text: str | bytes, names: ColumnNames | None = None) -> list[float]:
    path = folder / "T.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    bars = read_bar_file(path, "T", names or ColumnNames())
    assert bars.dates.tolist() == [18_687, 18_688]
    return bars.close.tolist()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize(
    "above",
    ["", "\n\n", "# AAPL\n# daily bars, adjusted\n", "Prices of AAPL\n\n", "Symbol,AAPL\nExported,2021-03-03\n\n"],
)
def test_lines_above_the_names_are_passed_over(tmp_path: Path, above: str, bom: str, end: str) -> None:
    text = bom + (above + NAMES + "\n" + ROWS).replace("\n", end)
    assert closes(tmp_path, text) == [10.5, 11.0]


def test_columns_by_their_place_in_a_file_without_names(tmp_path: Path) -> None:
    for above in ("", "\ufeff", "# no names\n", "\n"):
        assert closes(tmp_path, above + ROWS, POSITIONS) == [10.5, 11.0]
    assert csv_head(tmp_path / "T.csv", "T", has_names=False).names[-1] == "#6"
    assert closes(tmp_path, ROWS.replace(",", ";"), POSITIONS) == [10.5, 11.0]


def test_a_file_without_names_is_refused_with_the_setting(tmp_path: Path) -> None:
    with pytest.raises(BlockedTickerError, match=r"the first line holds values.*date = '#1'"):
        closes(tmp_path, ROWS)
    with pytest.raises(BlockedTickerError, match="'#6' is missing"):
        closes(tmp_path, ROWS.replace(",1000", "").replace(",2000", ""), POSITIONS)
    with pytest.raises(BlockedTickerError, match="'Date' in row 1"):
        closes(tmp_path, NAMES + "\n" + ROWS, POSITIONS)


def test_values_are_told_from_names() -> None:
    assert are_values(["01/02/2020", "0000", "1.5", "2", "1", "1.7"])
    assert are_values(["02.01.2020", "1,5", "2,0", "1,0", "1,7"])
    assert not are_values(NAMES.split(","))
    assert not are_values(["t", "o", "h", "l", "c", "v"])


def test_three_lines_of_names_as_yfinance_writes_them(tmp_path: Path) -> None:
    head = "Price,Close,High,Low,Open,Volume\nTicker,T,T,T,T,T\nDate,,,,,\n"
    rows = "2021-03-01,10.5,11,9,10,1000\n2021-03-02,11,12,10,10.5,2000\n"
    assert closes(tmp_path, head + rows) == [10.5, 11.0]


@pytest.mark.parametrize(
    "head",
    [
        "Price,Close,Close,High,High,Low\nTicker,A,B,A,B,A\nDate,,,,,\n",
        "Ticker,A,A,A,B,B\nPrice,Open,High,Low,Open,High\nDate,,,,,\n",
    ],
)
def test_tickers_side_by_side_are_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(BlockedTickerError, match=r"has 2 tickers side by side \(A, B\)"):
        closes(tmp_path, head + "2021-03-01,1,1,1,1,1\n")


def test_names_of_another_encoding_and_remarks_below_the_rows(tmp_path: Path) -> None:
    german = "Datum;Eröffnung;Hoch;Tief;Schlusskurs;Volumen\n" + ROWS.replace(",", ";")
    names = ColumnNames("Datum", "Eröffnung", "Hoch", "Tief", "Schlusskurs", "Volumen")
    for encoding in ("utf-8", "cp1252"):
        assert closes(tmp_path, german.encode(encoding), names) == [10.5, 11.0]
    below = '"Downloaded from a vendor as of 03-03-2021 05:00pm CDT"\n'
    assert closes(tmp_path, NAMES + "\n" + ROWS + below) == [10.5, 11.0]
    with pytest.raises(BlockedTickerError, match="Expected 6 columns, got 1"):
        closes(tmp_path, NAMES + "\n" + ROWS + "2021-03")
