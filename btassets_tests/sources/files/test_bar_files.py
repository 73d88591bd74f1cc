"""One file of bars: delimiters, heads, messages, and files that are not what their name says."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_files import file_stamp, read_bar_file, read_bar_table
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.files.csv_head import csv_head

HEADER = "date,open,high,low,close,volume"
LINE = "2021-03-01,10,11,9,10.5,1000"


def text_file(tmp_path, text, name="T.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(path, names=None):
    with pytest.raises(BlockedTickerError) as caught:
        read_bar_file(path, "T", names or ColumnNames())
    assert (caught.value.ticker, caught.value.rule) == ("T", "Q1")
    assert path.name in caught.value.reason or "column" in caught.value.reason
    return caught.value.reason


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_delimiter_is_the_most_frequent_one_of_the_head(tmp_path, delimiter, start):
    text = start + f"{HEADER}\n{LINE}\n".replace(",", delimiter)
    path = text_file(tmp_path, text)
    head = csv_head(path, "T")
    assert (head.names, head.delimiter) == (HEADER.split(","), delimiter)
    bars = read_bar_file(path, "T", ColumnNames())
    assert (bars.dates.tolist(), bars.close.tolist(), bars.volume.tolist()) == ([18_687], [10.5], [1000.0])


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("close", ["10,5", "10,50", "10,5000"])
def test_numbers_with_decimal_commas_between_other_delimiters(tmp_path, delimiter, close):
    line = f"15.03.2021;10,125;11;9;{close};1000".replace(";", delimiter)
    path = text_file(tmp_path, f"{HEADER.replace(',', delimiter)}\n{line}\n")
    bars = read_bar_file(path, "T", ColumnNames())
    assert (bars.dates.tolist(), bars.open.tolist(), bars.close.tolist()) == ([18_701], [10.125], [10.5])


@pytest.mark.parametrize(
    "line",
    [
        "2021-03-01;1,125;1,250;1,100;1,200;1000",  # may be thousands
        "2021-03-01;10.5;11;9;10,5;1000",  # both forms in one line
        "2021-03-01;1.010,5;1.011;1.009;1,010.5;1000",  # both signs as thousands separator
    ],
)
def test_commas_of_unclear_meaning_are_reported_as_text(tmp_path, line):
    path = text_file(tmp_path, f"{HEADER.replace(',', ';')}\n{line}\n")
    notes = [problem.text for problem in read_bar_file(path, "T", ColumnNames()).notes]
    assert any("must be numbers with a decimal point" in text for text in notes)


def test_a_point_between_thousands_beside_a_decimal_comma(tmp_path):
    path = text_file(tmp_path, f"{HEADER.replace(',', ';')}\n2021-03-01;1.010,5;1.011;1.009;1.010,5;1.000\n")
    bars = read_bar_file(path, "T", ColumnNames())
    assert [bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]] == [
        1010.5,
        1011,
        1009,
        1010.5,
        1000,
    ]


def test_a_head_in_angle_brackets_is_no_message(tmp_path):
    path = text_file(tmp_path, "<TICKER>,<DATE>,<CLOSE>\nT,20210301,10\n")
    head = csv_head(path, "T")
    assert (head.names, head.delimiter) == (["<TICKER>", "<DATE>", "<CLOSE>"], ",")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\ufeff \n\n", "is empty"),
        ('{"error": "limit reached"}', 'holds a message instead of bars: \'{"error": "limit reached"}\''),
        ("<html>\n <body>Sorry</body></html>", "holds a message instead of bars: '<html> <body>Sorry"),
        ("[1, 2]", "holds a message"),
        (f"{HEADER}\n", "no row"),
        (f"{HEADER.replace('close', 'clse')}\n{LINE}\n", "close"),
    ],
)
def test_a_file_without_bars_is_refused_with_its_content(tmp_path, text, said):
    path = text_file(tmp_path, text)
    with pytest.raises(BlockedTickerError) as caught:
        read_bar_file(path, "T", ColumnNames())
    assert said in caught.value.reason
    assert caught.value.rule == "Q1"


def test_content_that_does_not_match_the_suffix_is_refused_by_its_kind(tmp_path):
    assert "cannot be read as Parquet" in refused(text_file(tmp_path, f"{HEADER}\n{LINE}\n", "T.parquet"))
    assert "cannot be read as CSV" in refused(text_file(tmp_path, f"{HEADER}\n{LINE}\n", "T.csv.gz"))


def test_a_folder_or_a_pipe_is_no_regular_file(tmp_path):
    (tmp_path / "D.csv").mkdir()
    assert "is not a regular file" in refused(tmp_path / "D.csv")
    os.mkfifo(tmp_path / "P.csv")
    assert "is not a regular file" in refused(tmp_path / "P.csv")


def test_a_missing_file_is_refused_not_raised(tmp_path):
    assert "No such file" in refused(tmp_path / "gone.csv")


def test_text_among_the_numbers_leaves_the_other_rows(tmp_path):
    path = text_file(tmp_path, f"{HEADER}\n{LINE}\n2021-03-02,10,11,9,abc,1000\n")
    bars = read_bar_file(path, "T", ColumnNames())
    assert bars.close[0] == 10.5
    assert bars.close[1] != bars.close[1]
    (note,) = bars.notes
    assert "abc" in note.text


def test_columns_are_renamed_by_role_and_others_left_out(tmp_path):
    path = tmp_path / "T.parquet"
    columns = {"Day.Of": ["2021-03-01"], "o": [1.0], "h": [3.0], "l": [0.5], "c": [2.0], "v": [7.0], "x": [0.0]}
    pq.write_table(pa.table(columns), path)
    names = ColumnNames(date="Day.Of", open="o", high="h", low="l", close="c", volume="v")
    table, located = read_bar_table(path, "T", names)
    assert table.column_names == ["date", "open", "high", "low", "close", "volume"]
    assert located.by_role["date"] == "Day.Of"
    assert table["close"].to_pylist() == [2.0]


def test_an_index_may_lack_its_volume_and_a_ticker_may_not(tmp_path):
    path = text_file(tmp_path, f"{HEADER}\n{LINE}\n".replace(",volume", "").replace(",1000", ""))
    bars = read_bar_file(path, "T", ColumnNames(), needs_volume=False)
    assert bars.volume.tolist() == [0.0]
    assert "volume" in refused(path)


def test_a_stamp_follows_size_and_time_and_is_empty_without_a_file(tmp_path):
    path = text_file(tmp_path, "abc")
    os.utime(path, ns=(5, 7_000))
    stamp = file_stamp(path)
    assert stamp.startswith("3-7000-")
    path.write_text("abcd")
    os.utime(path, ns=(5, 7_000))
    assert file_stamp(path).startswith("4-7000-")
    os.utime(path, ns=(5, 8_000))
    assert file_stamp(path).startswith("4-8000-")
    assert file_stamp(tmp_path / "gone") == ""


def test_tickers_that_read_like_nothing_are_text(tmp_path):
    rows = "\n".join(f"{name},{LINE}" for name in ("NAN", '"NULL"', "TRUE", '""'))
    path = text_file(tmp_path, f"ticker,{HEADER}\n{rows}\n")
    table, _ = read_bar_table(path, "T", ColumnNames(ticker="ticker"))
    assert table["ticker"].to_pylist() == ["NAN", "NULL", "TRUE", ""]
