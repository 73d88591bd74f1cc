"""Signals as a file: which value holds at a row, and what is wrong with a file."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.own.given_file import given_values, read_given
from btassets_tests.support.own_panel import FIRST, panel

PANEL = panel()


def day(number: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)


def write(tmp_path: Path, rows: str, head: str = "date,ticker,value\n") -> Path:
    path = tmp_path / "short_interest.csv"
    path.write_text(head + rows, encoding="utf-8")
    return path


def values(path: Path) -> dict[tuple[str, int], float]:
    _, table, age = read_given(path, "own/x")
    found = given_values(table, PANEL, age, "own/x")
    keys = zip(PANEL.ticker, PANEL.date - FIRST, found, strict=True)
    return {(f"T{ticker}", int(date)): value for ticker, date, value in keys if not np.isnan(value)}


def test_a_value_holds_from_its_date_until_it_is_too_old_or_replaced(tmp_path: Path) -> None:
    rows = f"{day(FIRST + 9)},T0,1.5\n{day(FIRST + 15)},t1,2\n{day(FIRST + 18)},T1,\n{day(FIRST + 3)},OTHER,9\n"
    # Rows are at 4, 9, 14, ...: the value of T0 holds at 9 and 14, not 8 days later; that of T1 is replaced by none.
    assert values(write(tmp_path, rows)) == {("T0", 9): 1.5, ("T0", 14): 1.5}
    wide = values(write(tmp_path, rows, "# sign: -1\n# max_age_days: 10\ndate,ticker,value\n"))
    assert wide == {("T0", 9): 1.5, ("T0", 14): 1.5, ("T0", 19): 1.5}


def test_a_value_of_tomorrow_does_not_hold_today(tmp_path: Path) -> None:
    assert values(write(tmp_path, f"{day(FIRST + 10)},T0,1\n")) == {("T0", 14): 1.0}


def test_header_and_rows_of_parquet_and_csv_are_the_same(tmp_path: Path) -> None:
    rows = f"{day(FIRST + 9)},T0,1.5\n"
    path = write(tmp_path, rows, "# sign: -1\n# label: Short interest\ndate,ticker,value\n")
    header, table, age = read_given(path, "own/x")
    assert (header["name"], header["form"], header["sign"], header["label"], age) == (
        "short_interest", "file", -1, "Short interest", 7,
    )  # fmt: skip
    other = tmp_path / "short_interest.parquet"
    pq.write_table(table.replace_schema_metadata({"sign": "-1", "label": "Short interest"}), other)
    again = read_given(other, "own/x")
    assert again[0] == header
    assert again[1].equals(table)


@pytest.mark.parametrize(
    ("rows", "head", "expected"),
    [
        ("2022-01-08,T0,1\n2022-01-08,T0,1\n", "date,ticker,value\n", "two values of T0 at 2022-01-08"),
        ("2022-01-08,T0,high\n", "date,ticker,value\n", "own/x: .*high.*it needs the columns date, ticker, value"),
        ("08/01/2022,T0,1\n", "date,ticker,value\n", "own/x: .*08/01/2022"),
        ("2022-01-08,T0,1\n", "day,ticker,value\n", "own/x: .*date"),
        ("", "date,ticker,value\n", "no row"),
        ("", "", "own/x"),
        ("2022-01-08,T0,inf\n", "date,ticker,value\n", "an infinite value"),
        (",T0,1\n", "date,ticker,value\n", "1 rows have no date"),
        ("2022-01-08,T0,1\n", "# max_age_days: soon\ndate,ticker,value\n", "max_age_days is soon"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path: Path, rows: str, head: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        read_given(write(tmp_path, rows, head), "own/x")


def test_a_file_about_other_tickers_is_refused() -> None:
    table = pa.table({"date": pa.array([day(FIRST)]), "ticker": ["ZZZ"], "value": [1.0]})
    with pytest.raises(ValueError, match="none of its tickers"):
        given_values(table, PANEL, 7, "own/x")
