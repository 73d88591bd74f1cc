"""Yahoo through a stand-in for yfinance: what came back is looked at."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from btassets.errors import RateLimitedError, SourceUnreachableError, UsageError
from btassets.sources.base import BlockedTickerError, FetchesSince, FetchFailedError
from btassets.sources.vendors.yahoo import YahooSource
from btassets_tests.support.local_server import Market, day_number
from btassets_tests.support.vendor_books import WINDOW

TICKERS = ("AAPL", "BRK.B")


class YFError(Exception):
    pass


class YFTickerMissingError(YFError):
    pass


class YFRateLimitError(YFError):
    pass


class FakeYahoo:
    """As much of yfinance as the source uses."""

    exceptions = SimpleNamespace(
        YFException=YFError, YFTickerMissingError=YFTickerMissingError, YFRateLimitError=YFRateLimitError
    )

    def __init__(self, market: Market) -> None:
        self.market = market
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.raised: list[Exception] = []

    def Ticker(self, spelled: str) -> SimpleNamespace:  # noqa: N802  (yfinance's name)
        return SimpleNamespace(history=lambda **words: self.history(spelled, words))

    def history(self, spelled: str, words: dict[str, Any]) -> pd.DataFrame:
        self.asked.append((spelled, words))
        if self.raised:
            raise self.raised.pop(0)
        ticker = spelled.replace("-", ".")
        if ticker not in self.market.bars:
            raise YFTickerMissingError(spelled)
        rows = self.market.rows(ticker, words["start"], words["end"])  # one day too many on purpose
        index = pd.DatetimeIndex([day for day, _ in rows]).tz_localize("America/New_York")
        frame = pd.DataFrame([row for _, row in rows], index, columns=["Open", "High", "Low", "Close", "Volume"])
        frame["Adj Close"] = frame["Close"]
        frame["Dividends"] = [self.market.dividends.get(ticker, {}).get(day, 0.0) for day, _ in rows]
        splits = self.market.splits.get(ticker, {})
        frame["Stock Splits"] = [splits[day][0] / splits[day][1] if day in splits else 0.0 for day, _ in rows]
        return frame


@pytest.fixture
def fake(market: Market) -> FakeYahoo:
    return FakeYahoo(market)


def source_of(fake: FakeYahoo) -> YahooSource:
    return YahooSource(TICKERS, WINDOW, calls_per_minute=0.0, library=fake)


def test_bars_and_actions(market: Market, fake: FakeYahoo) -> None:
    market.dividends["BRK.B"] = {"2021-03-03": 0.25}
    market.splits["BRK.B"] = {"2021-03-10": (4.0, 1.0)}
    source = source_of(fake)
    assert isinstance(source, FetchesSince)
    assert source.basis == "split"
    bars = source.fetch("BRK.B")
    days = [str(d) for d in bars.dates.astype("datetime64[D]")]
    assert days == sorted(market.bars["BRK.B"])
    assert bars.close.tolist() == [row[3] for _, row in sorted(market.bars["BRK.B"].items())]
    assert bars.dividend[days.index("2021-03-03")] == 0.25
    assert bars.split[days.index("2021-03-10")] == 4.0
    spelled, words = fake.asked[0]
    assert spelled == "BRK-B"
    assert (words["start"], words["end"], words["auto_adjust"]) == ("2021-01-04", "2021-04-17", False)
    part = source.fetch_since("BRK.B", day_number("2021-04-14"))
    assert [str(d) for d in part.dates.astype("datetime64[D]")] == days[-3:]


def test_todays_unfinished_bar_is_cut(market: Market, fake: FakeYahoo) -> None:
    market.bars["AAPL"]["2021-04-17"] = [1.0, 1.0, 1.0, 1.0, 1.0]
    assert source_of(fake).fetch("AAPL").dates[-1] == day_number("2021-04-16")


def test_prices_that_are_not_split_adjusted_are_refused(market: Market, fake: FakeYahoo) -> None:
    market.splits["AAPL"] = {"2021-03-10": (4.0, 1.0)}
    for day, row in market.bars["AAPL"].items():
        if day < "2021-03-10":
            row[:4] = [4 * price for price in row[:4]]
    with pytest.raises(BlockedTickerError, match="2021-03-10: the price falls by the recorded split 4"):
        source_of(fake).fetch("AAPL")


def test_refusals_are_named(market: Market, fake: FakeYahoo) -> None:
    with pytest.raises(BlockedTickerError, match="no bar from"):
        source_of(fake).fetch("NOPE")
    fake.raised = [TypeError("'NoneType' object is not subscriptable")]
    with pytest.raises(FetchFailedError, match=r"yfinance failed \(TypeError\)"):
        source_of(fake).fetch("AAPL")
    source = source_of(fake)
    fake.raised = [YFRateLimitError("x")]
    with pytest.raises(RateLimitedError):
        source.fetch("AAPL")
    n_asked = len(fake.asked)
    with pytest.raises(RateLimitedError):
        source.fetch("BRK.B")
    assert len(fake.asked) == n_asked


def test_three_failures_in_a_row_stop_it(fake: FakeYahoo) -> None:
    source = source_of(fake)
    fake.raised = [OSError("x"), YFError("y"), KeyError("z")]
    for _ in range(2):
        with pytest.raises(FetchFailedError):
            source.fetch("AAPL")
    with pytest.raises(SourceUnreachableError):
        source.fetch("AAPL")


def test_a_frame_without_its_columns(fake: FakeYahoo, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"Open": np.ones(2)}, pd.date_range("2021-04-14", periods=2))
    monkeypatch.setattr(fake, "history", lambda *_: frame)
    with pytest.raises(FetchFailedError, match="lacks High, Low, Close, Volume"):
        source_of(fake).fetch("AAPL")


def test_without_yfinance(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(UsageError, match=r"btassets\[yahoo\]"):
        YahooSource(["AAPL"], WINDOW).fetch("AAPL")
