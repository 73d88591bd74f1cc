"""The part of a name or path that is the ticker."""

import re

import pytest

from btassets.sources.files.name_pattern import is_date, path_pattern, ticker_pattern


@pytest.mark.parametrize(
    ("stems", "pattern"),
    [
        (["AAPL", "MSFT", "X"], ""),
        (["BTC-USD", "ETH-USD", "XRP-USD"], ""),
        (["0700.HK", "0005.HK", "9988.HK"], ""),
        (["AAPL_daily", "MSFT_daily", "X_daily"], "^(.+)_daily$"),
        (["eod_A", "eod_B", "eod_C"], "^eod_(.+)$"),
        (["eod_A", "eod_a", "eod_C"], ""),  # two of them would be one
        (["A_x", "B_x"], ""),  # two names show no rule
        (["NASDAQ_A, 1D", "NASDAQ_B, 1D", "NASDAQ_C, 1D"], "^NASDAQ_(.+), \\dD$"),
    ],
)
def test_the_part_of_a_name_that_is_the_ticker(stems: list[str], pattern: str) -> None:
    assert ticker_pattern(stems) == pattern


@pytest.mark.parametrize(
    ("paths", "tickers"),
    [
        (["AAPL/daily", "BRK-B/daily", "IBM/daily"], ["AAPL", "BRK-B", "IBM"]),
        (["AAPL/AAPL", "BRK-B/BRK-B", "IBM/IBM"], ["AAPL", "BRK-B", "IBM"]),
        (["A/AAPL", "B/BRK-B", "I/IBM"], ["AAPL", "BRK-B", "IBM"]),
        (["us/A/AAPL_D1", "us/B/BRK-B_D1", "us/I/IBM_D1"], ["AAPL", "BRK-B", "IBM"]),
        (["ticker=AAPL/part-0", "ticker=IBM/part-0", "ticker=X/part-0"], ["AAPL", "IBM", "X"]),
        (["A/x/AAPL", "B/IBM", "X"], ["AAPL", "IBM", "X"]),
        (["AAPL/2020-01-02", "IBM/2021-01-02"], ["AAPL", "IBM"]),  # days are no tickers
        (["AAPL/2019", "AAPL/2020"], None),  # several files of a ticker
        (["A/x", "A/x/y", "A/x/y/x"], None),
    ],
)
def test_the_part_of_a_path_that_is_the_ticker(paths: list[str], tickers: list[str] | None) -> None:
    pattern = path_pattern(paths)
    if tickers is None:
        assert pattern == ""
    else:
        assert [re.search(pattern, path)[1] for path in paths] == tickers


def test_a_day_is_told_from_a_ticker() -> None:
    assert is_date("2020-01-02")
    assert is_date("prices_20200102")
    assert not is_date("0700.HK")
