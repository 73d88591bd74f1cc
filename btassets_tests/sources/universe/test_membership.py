"""The file of dated membership: what it may say, and every way in which it is refused."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.errors import MembershipError
from btassets.sources.universe.membership import EVER, read_membership


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def test_spells_by_ticker_both_days_included(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(
        "Ticker , start, END,weight\n"
        "XOM,2020-01-02,2020-08-31,1\n"
        "BRK-B,,,2\n"
        "\n"
        "XOM,2021-06-01,,1\n"
        "TRUE,2020-05-05,2020-05-05,0\n",
        encoding="utf-8-sig",
    )
    found = read_membership(path)
    assert found.name == "members.csv"
    assert found.spells == {
        "BRK.B": ((-EVER, EVER),),
        "TRUE": ((day("2020-05-05"), day("2020-05-05")),),
        "XOM": ((day("2020-01-02"), day("2020-08-31")), (day("2021-06-01"), EVER)),
    }


def test_parquet_and_csv_say_the_same_and_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    csv, parquet = tmp_path / "m.csv", tmp_path / "m.parquet"
    csv.write_text("ticker,start,end\nA,2020-01-02,\nB,2020-01-02,2021-01-04\n")
    columns = {
        "ticker": ["B", "A"],
        "start": pa.array([dt.date(2020, 1, 2)] * 2, pa.date32()),
        "end": pa.array([dt.datetime(2021, 1, 4, tzinfo=dt.UTC), None], pa.timestamp("us")),
    }
    pq.write_table(pa.table(columns), parquet)
    assert read_membership(parquet).spells == read_membership(csv).spells
    assert read_membership(parquet).version == read_membership(csv).version
    before = read_membership(csv).version
    csv.write_text("ticker,start,end\nA,2020-01-02,\nB,2020-01-02,2021-01-05\n")
    assert read_membership(csv).version != before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column ticker (found: none)"),
        ("ticker,start\nA,2020-01-02\n", "has no column end (found: ticker, start)"),
        ("ticker,start,end\n", "has no row"),
        ("ticker,start,end\nA,2020-01-02,\n,2020-01-02,\n", "row 2 has no ticker"),
        ("ticker,start,end\nA,02/01/2020,\n", "row 1 has '02/01/2020' as a date"),
        ("ticker,start,end\nA,2020-01-02,2019-01-02\n", "row 1: A ends on 2019-01-02, before it starts on 2020-01-02"),
        ("ticker,start,end\nA,2020-01-02\n", "row 1 has 2 fields, the header 3"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_row_and_value(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "members.csv"
    path.write_text(text)
    with pytest.raises(MembershipError) as caught:
        read_membership(path)
    assert said in str(caught.value)
    assert "members.csv" in str(caught.value)
    assert caught.value.exit_code == 2


def test_no_file_and_no_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MembershipError, match="no such file"):
        read_membership(tmp_path / "none.csv")
    (tmp_path / "bad.parquet").write_bytes(b"rubbish")
    with pytest.raises(MembershipError, match="cannot be read"):
        read_membership(tmp_path / "bad.parquet")
    (tmp_path / "bad.csv").write_bytes(b"ticker,start,end\n\xff\xfe,,\n")
    with pytest.raises(MembershipError, match="cannot be read"):
        read_membership(tmp_path / "bad.csv")
