"""Signals in SQL: the header, and what a query may return and read."""

from pathlib import Path

import numpy as np
import pytest

from btassets.own.evaluate import Limits, all_values
from btassets.own.own_process import OwnSignalError
from btassets.own.own_query import header
from btassets_tests.support.own_panel import LIMITS, panel, write_signal

PANEL = panel()


def test_the_header_is_read_from_the_comments_at_the_top() -> None:
    found = header("\ufeff-- Sign: -1\n-- a note\n-- label: Gap\nselect 1 -- description: no\n", "gap")
    assert (found["name"], found["sign"], found["label"], found["description"]) == ("gap", -1, "Gap", "")
    assert header("select 1", "over_night")["label"] == "Over night"
    with pytest.raises(ValueError, match="sign is 'up'"):
        header("-- sign: up\nselect 1", "gap")


def test_values_are_those_of_the_query_at_the_rows(tmp_path: Path) -> None:
    signal = write_signal(
        tmp_path, "select ticker, date, high / low - 1 as value from bars where ticker <> 'T1';", "gap.sql"
    )
    found = all_values(signal, PANEL, LIMITS)
    expected = [
        np.nan
        if ticker == 1
        else PANEL.arrays[ticker].columns["high"][bar] / PANEL.arrays[ticker].columns["low"][bar] - 1
        for ticker, bar in zip(PANEL.ticker, PANEL.bar, strict=True)
    ]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select ticker, date from bars", "returns the columns ticker, date; it must return ticker, date, value"),
        (
            "select ticker, date, 1 as value from bars union all select ticker, date, 2 from bars",
            "2 rows for T0 2022-01-12; it must return one per ticker and date",
        ),
        ("select ticker, date, random() as value from bars", "random gives another value at another time"),
        ("select ticker, date, year(now()) as value from bars", "now gives another value"),
        ("select ticker, date, 1e308 * 10 as value from bars", "infinite"),
        ("select * from 'other.parquet'", "own"),
        ("selec ticker from bars", "own/own_query.sql: ParserException"),
        ("drop table bars", "a signal is one SELECT; this is DROP"),
        ("", "a signal is one SELECT; this is nothing"),
        ("-- sign: -1\n-- nothing else", "a signal is one SELECT; this is nothing"),
        ("select 1; select 2", "a signal is one SELECT; this is SELECT, SELECT"),
        ("attach 'x.db' as y", "a signal is one SELECT; this is ATTACH"),
        ("copy bars to 'x.csv'", "a signal is one SELECT; this is COPY"),
        ("install httpfs", "a signal is one SELECT; this is "),
        ("set memory_limit = '1TB'", "a signal is one SELECT; this is "),
        ("select * from candidates", "candidates does not exist"),
        ("select ticker, date, uuid() as value from bars", "uuid gives another value"),
        ("select ticker, date, length(getenv('HOME')) as value from bars", "getenv gives another value"),
        ("select ticker, date, 'high' as value from bars", "Could not convert string 'high' to DOUBLE"),
        ("select ticker, date, count(*) as value from glob('/etc/*'), bars group by all", "disabled by configuration"),
    ],
)
def test_a_query_out_of_bounds_is_refused(tmp_path: Path, query: str, expected: str) -> None:
    signal = write_signal(tmp_path, query, "own_query.sql")
    with pytest.raises(OwnSignalError) as caught:
        all_values(signal, PANEL, LIMITS)
    assert expected in str(caught.value)


def test_a_query_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("ticker,date,value\nT0,2022-01-08,1\n")
    signal = write_signal(tmp_path, f"select * from read_csv('{tmp_path}/secret.csv')", "reads.sql")
    with pytest.raises(OwnSignalError, match="disabled"):
        all_values(signal, PANEL, LIMITS)


def test_a_query_without_end_is_refused_at_its_limit(tmp_path: Path) -> None:
    query = (
        "with recursive r(n) as (select 1 union all select n + 1 from r) select ticker, date, n as value from bars, r"
    )
    with pytest.raises(OwnSignalError, match="the query took more than 1 s"):
        all_values(write_signal(tmp_path, query, "endless.sql"), PANEL, Limits(query_seconds=1.0))
