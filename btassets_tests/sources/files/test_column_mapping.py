"""Dates and numbers from whatever type a file gave them."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from btassets.sources.base import BlockedTickerError
from btassets.sources.files.column_mapping import ColumnNames, locate_columns, raw_bars_of, read_dates, read_numbers

MARCH_5 = (dt.date(2021, 3, 5) - dt.date(1970, 1, 1)).days
MARCH_8 = MARCH_5 + 3


def utc(day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    """A time in March 2021; Arrow keeps its clock as it is for a column without a zone."""
    return dt.datetime(2021, 3, day, hour, minute, tzinfo=dt.UTC)


def chunked(values: list[object], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values[:1], kind), pa.array(values[1:], kind)])


@pytest.mark.parametrize(
    "column",
    [
        chunked([dt.date(2021, 3, 5), dt.date(2021, 3, 8)], pa.date32()),
        chunked([dt.date(2021, 3, 5), dt.date(2021, 3, 8)], pa.date64()),
        chunked([utc(5), utc(8, 16, 30)], pa.timestamp("ns")),
        chunked([utc(5), utc(8)], pa.timestamp("s")),
        # 05:00 UTC is midnight in New York; 04:00 in summer
        chunked([utc(5, 5), utc(8, 5)], pa.timestamp("us", "UTC")),
        # stored as UTC, read in its own zone: 2021-03-05 20:00 in New York is the 6th in UTC
        chunked([utc(6, 1), utc(9, 1)], pa.timestamp("us", "America/New_York")),
        # 15:00 UTC is the next midnight in Tokyo
        chunked([utc(4, 15), utc(7, 15)], pa.timestamp("us", "Asia/Tokyo")),
        chunked(["2021-03-05", "2021-03-08"], pa.string()),
        chunked(["2021-03-05", "2021-03-08"], pa.large_string()),
        chunked([" 2021-03-05 00:00:00", "2021-03-08T16:00:00.000"], pa.string()),
        chunked(["2021-03-05T00:00:00-05:00", "2021-03-08T23:59:00-0500"], pa.string()),
        chunked(["2021-03-05T05:00:00Z", "2021-03-08T05:00:00Z"], pa.string()),
        chunked(["2021-03-05", "2021-03-08"], pa.string()).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_dates_are_exchange_dates(column: pa.ChunkedArray) -> None:
    days = read_dates(column, "T", "date")
    assert days.dtype == np.int32
    assert days.tolist() == [MARCH_5, MARCH_8]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (chunked(["05/03/2021", "2021-03-08"]), "'05/03/2021' (1 rows in all)"),
        (chunked(["20210305", "20210308"]), "'20210305' (2 rows in all)"),
        (chunked(["2021-02-30", "2021-03-08"]), "'2021-02-30' (1 rows in all)"),
        (chunked(["Total", "2021-03-08"]), "'Total'"),
        (chunked(["2021-03-05", ""]), "row 2 has no date (1 rows in all)"),
        (chunked([dt.date(2021, 3, 5), None], pa.date32()), "row 2 has no date"),
        (chunked([utc(5), None], pa.timestamp("ns")), "row 2 has no date"),
        (chunked([20210305, 20210308], pa.int64()), "holds int64"),
        (chunked([1.5, 2.5], pa.float64()), "holds double"),
        (chunked(["2021-03-05T20:00:00Z", "2021-03-08T05:00:00Z"]), "after noon UTC"),
        (
            chunked([utc(5, 20), utc(8, 5)], pa.timestamp("us", "UTC")),
            "after noon UTC",
        ),
        (chunked([dt.date(1700, 1, 1), dt.date(2021, 3, 8)], pa.date32()), "between 1800 and 2200"),
    ],
)
def test_other_dates_are_refused_by_name(column: pa.ChunkedArray, said: str) -> None:
    with pytest.raises(BlockedTickerError) as caught:
        read_dates(column, "T", "date")
    assert caught.value.rule == "Q1"
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "column",
    [
        chunked([1.5, None], pa.float64()),
        chunked([1.5, None], pa.float32()),
        chunked([Decimal("1.5"), None], pa.decimal128(10, 4)),
        chunked(["1.5", None], pa.string()),
        chunked([" +1.5e0 ", "null"], pa.string()),
        chunked(["1.5", "N/A"], pa.string()).dictionary_encode(),
        chunked([1.5, float("nan")], pa.float64()),
    ],
    ids=lambda column: str(column.type),
)
def test_numbers_of_any_type_and_nan_for_none(column: pa.ChunkedArray) -> None:
    values, note = read_numbers(column, np.array([1, 2], np.int32), "T", "close")
    assert note is None
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [1.5, np.nan])


def test_integers_and_an_empty_column() -> None:
    dates = np.array([1, 2], np.int32)
    assert read_numbers(chunked([7, 8], pa.int64()), dates, "T", "volume")[0].tolist() == [7.0, 8.0]
    assert np.isnan(read_numbers(chunked([None, None], pa.null()), dates, "T", "volume")[0]).all()
    sliced = pa.chunked_array([pa.array([1.0, 2.0, 3.0, 4.0])]).slice(1, 2)
    assert read_numbers(sliced, dates, "T", "close")[0].tolist() == [2.0, 3.0]


@pytest.mark.parametrize("text", ["abc", "1,234.5", "12,5", "1_000", "$5", "0x10", "--5", "1.2.3", "infinite"])
def test_text_in_a_price_cell_is_nan_and_named(text: str) -> None:
    dates = np.array([MARCH_5, MARCH_8], np.int32)
    values, note = read_numbers(chunked(["1.5", text]), dates, "AAPL", "close")
    np.testing.assert_array_equal(values, [1.5, np.nan])
    assert note is not None
    assert (note.ticker, note.rule, note.severity, note.date, note.n) == ("AAPL", "Q4", "info", MARCH_8, 1)
    assert f"AAPL 2021-03-08: close is {text!r} (1 rows in all)" in note.text


@pytest.mark.parametrize("kind", [pa.bool_(), pa.list_(pa.float64())])
def test_a_column_that_cannot_hold_numbers_is_refused(kind: pa.DataType) -> None:
    column = pa.chunked_array([pa.array([None, None], kind)])
    with pytest.raises(BlockedTickerError, match="prices, volume and actions are numbers"):
        read_numbers(column, np.array([1, 2], np.int32), "T", "close")


def test_columns_are_found_exactly_or_without_case_and_spaces() -> None:
    available = ["Date", " open", "HIGH", "low", "Close", "close", "volume"]
    located = locate_columns(available, ColumnNames(), "T")
    assert located.by_role["close"] == "close"  # exact before "Close"
    assert (located.by_role["date"], located.by_role["open"], located.by_role["high"]) == (
        "Date",
        " open",
        "HIGH",
    )


@pytest.mark.parametrize(
    ("available", "said"),
    [
        (["date", "open", "high", "low", "close"], "column 'volume' is missing (found: 'date'"),
        ([], "found: none"),
        (["date", "open", "high", "low", "close", "close", "volume"], "column 'close' is there 2 times"),
        (["date", "open", "high", "low", "Close", "CLOSE", "volume"], "column 'close' is there 2 times"),
    ],
)
def test_a_missing_or_double_column_is_named(available: list[str], said: str) -> None:
    with pytest.raises(BlockedTickerError) as caught:
        locate_columns(available, ColumnNames(), "T")
    assert caught.value.rule == "Q1"
    assert said in str(caught.value)


def bar_table(**changes: list[object]) -> pa.Table:
    columns: dict[str, list[object]] = {
        "date": ["2021-03-05", "2021-03-08"],
        "open": ["1", "2"],
        "high": ["1", "2"],
        "low": ["1", "2"],
        "close": ["1", "2"],
        "volume": ["10", "20"],
    }
    return pa.table(columns | changes)


def test_empty_actions_are_no_actions_and_text_in_one_blocks() -> None:
    names = ColumnNames(dividend="dividend", split="split")
    table = bar_table(dividend=["", "0.5"], split=["2", ""])
    raw = raw_bars_of(table, locate_columns(table.column_names, names, "T"), "T")
    assert raw.dividend.tolist() == [0.0, 0.5]
    assert raw.split.tolist() == [2.0, 1.0]
    assert raw.adjusted_close is None
    wrong = bar_table(dividend=["0", "0.5"], split=["2:1", "1"])
    with pytest.raises(BlockedTickerError, match="2:1") as caught:
        raw_bars_of(wrong, locate_columns(wrong.column_names, names, "T"), "T")
    assert caught.value.rule == "Q1"


def test_actions_that_nobody_mapped_are_mentioned() -> None:
    table = bar_table(dividend_amount=["0", "0"], split_coefficient=["1", "2"])
    raw = raw_bars_of(table, locate_columns(table.column_names, ColumnNames(), "T"), "T")
    assert [note.severity for note in raw.notes] == ["info"]
    assert "dividend_amount, split_coefficient are not read" in raw.notes[0].text
    assert raw.split.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "kind", [pa.decimal128(20, 6), pa.decimal256(40, 6), pa.decimal64(12, 6), pa.decimal128(38, 18)], ids=str
)
def test_decimals_are_the_numbers_that_their_text_is(kind: pa.DataType) -> None:
    """Bit for bit: a price from a decimal column, from CSV and from a database is the same price."""
    texts = ["0.1", "67.1821", "423.7169", "0.3333", "1.9378", "12.34", *(f"{k}.{k:04d}" for k in range(1, 500, 7))]
    column = pa.chunked_array([pa.array([*map(Decimal, texts), None], kind)])
    values, note = read_numbers(column, np.zeros(len(column), np.int32), "T", "close")
    assert note is None
    assert values[:-1].tolist() == [float(text) for text in texts]
    assert np.isnan(values[-1])
