"""Dates from whatever type a file gave them."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from btassets.sources.values.dates import MISSING_DAY, read_day, read_days
from btassets.sources.values.unreadable import UnreadableValueError

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
    days = read_days(column, "date")
    assert days.dtype == np.int32
    assert days.tolist() == [MARCH_5, MARCH_8]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (chunked(["05/03/2021", "08/03/2021"]), "'05/03/2021'; day and month are ambiguous"),
        (chunked(["25/03/2021", "03/25/2021"]), "both orders of day and month occur"),
        (chunked(["20210230", "20210308"]), "'20210230' in row 1 (1 row in all); there is no such day"),
        (chunked(["2021-02-30", "2021-03-08"]), "'2021-02-30' in row 1 (1 row in all); there is no such day"),
        (chunked(["Total", "2021-03-08"]), "'Total'"),
        (chunked(["2021-03-05", ""]), "row 2 has no date in column 'date' (1 row in all)"),
        (chunked([dt.date(2021, 3, 5), None], pa.date32()), "row 2 has no date"),
        (chunked([utc(5), None], pa.timestamp("ns")), "row 2 has no date"),
        (chunked([1.5, 2.5], pa.float64()), "has 1.5 in row 1"),
        (chunked([44260, 44263], pa.int64()), "has 44260 in row 1"),  # days of a spreadsheet
        (chunked([True, False], pa.bool_()), "holds bool"),
        # midnights in London, written in UTC without their zone
        (chunked(["2021-03-26 00:00:00", "2021-03-28 23:00:00", "2021-03-29 23:00:00"]), "2021-03-28 23:00:00"),
        (chunked([utc(26), utc(28, 23), utc(29, 23)], pa.timestamp("ns")), "midnights in another time zone"),
        # midnights in Kolkata: Mondays are Sundays
        (chunked(["2021-03-07 18:30:00", "2021-03-08 18:30:00"]), "midnights in another time zone"),
        # midnights in UTC, turned to New York
        (chunked([utc(8), utc(9)], pa.timestamp("us", "America/New_York")), "midnights in another time zone"),
        (chunked([1615147200 + 20 * 3600, 1615233600], pa.int64()), "after noon UTC"),
        (chunked(["2021-03-05T20:00:00Z", "2021-03-08T05:00:00Z"]), "after noon UTC"),
        (
            chunked([utc(5, 20), utc(8, 5)], pa.timestamp("us", "UTC")),
            "after noon UTC",
        ),
        (chunked([dt.date(1700, 1, 1), dt.date(2021, 3, 8)], pa.date32()), "between 1800 and 2200"),
    ],
)
def test_other_dates_are_refused_by_name(column: pa.ChunkedArray, said: str) -> None:
    with pytest.raises(UnreadableValueError) as caught:
        read_days(column, "date")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "column",
    [
        chunked([20210305, 20210308], pa.int64()),
        chunked([20210305.0, 20210308.0], pa.float64()),
        chunked(["20210305", "20210308"]),
        chunked(["20210305.0", "20210308.0"]),
        chunked([1614902400, 1615161600], pa.int64()),
        chunked([1614920400000, 1615179600000], pa.int64()),  # 05:00 UTC, midnight in New York
        chunked(["1614902400000000", "1615161600000000"]),
        chunked([1614902400000000000, 1615161600000000000], pa.int64()),
        chunked(["2021/03/05", "2021.03.08"]),
        chunked(["2021-3-5", "2021-3-8"]),
        chunked(["05-Mar-2021", "8 March 2021"]),
        chunked(["Mar 5, 2021", "March 08 2021"]),
        chunked(["2021-03-05 00:00:00-05:00", "2021-03-08 00:00:00-05:00"]),
        chunked(["2021-03-05 00:00:00+09:00", "2021-03-08 00:00:00+09:00"]),
    ],
    ids=lambda column: str(column[0]),
)
def test_other_forms_of_the_same_dates(column: pa.ChunkedArray) -> None:
    assert read_days(column, "date").tolist() == [MARCH_5, MARCH_8]


@pytest.mark.parametrize(
    "texts", [["05/03/2021", "25/03/2021"], ["03/05/2021", "03/25/2021"], ["5.3.2021", "25.3.2021"]]
)
def test_a_whole_column_shows_the_order_of_day_and_month(texts: list[str]) -> None:
    assert read_days(chunked(texts), "date").tolist() == [MARCH_5, MARCH_5 + 20]


def test_missing_cells_and_single_values() -> None:
    column = pa.array([None, "", "2021-03-05"])
    assert read_days(column, "date", may_be_missing=True).tolist() == [MISSING_DAY, MISSING_DAY, MARCH_5]
    given = [None, "", "NaT", "20210305", 20210305, dt.date(2021, 3, 5), "5 Mar 2021", utc(5)]
    assert [read_day(value, "start") for value in given] == [None, None, None, *[MARCH_5] * 5]
    with pytest.raises(UnreadableValueError, match="tomorrow"):
        read_day("tomorrow", "start")
    assert read_days(chunked(["1965-01-04", "1969-12-31"]), "date").tolist() == [-1823, -1]
