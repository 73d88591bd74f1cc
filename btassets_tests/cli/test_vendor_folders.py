"""Folders as vendors' pages hand them out: `init`, then `run`, without an edit of the settings."""

import datetime as dt
import json
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.book.book import open_book
from btassets.sources.calendar.calendars import exchange_sessions
from btassets.storage.lake import Lake, bucket_of
from btassets_tests.support.book_factory import call
from btassets_tests.support.situations import day_number
from btassets_tests.support.small_market import bars

FIRST, LAST = "2023-04-03", "2024-06-28"
NAMES = ("AAPL", "BRK-B", "IBM")


@cache
def _days() -> list[dt.date]:
    """Sessions of New York: other days are compared with every calendar, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        found = exchange_sessions(Lake(Path(folder), 1), "XNYS", day_number(FIRST), day_number(LAST))
    return found.astype("datetime64[D]").tolist()


def _yahoo(rows: list[dict]) -> str:
    lines = ["Date,Open,High,Low,Close,Adj Close,Volume"]
    lines += [
        f"{r['date']},{r['open']},{r['high']},{r['low']},{r['close']},{r['close']},{r['volume']:.0f}" for r in rows
    ]
    return "\n".join(lines) + "\n"


def _stooq(rows: list[dict]) -> str:
    lines = ["<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"]
    lines += [
        f"X,D,{r['date']:%Y%m%d},000000,{r['open']},{r['high']},{r['low']},{r['close']},{r['volume']:.0f},0"
        for r in rows
    ]
    return "\r\n".join(lines) + "\r\n"


def _nasdaq(rows: list[dict]) -> str:
    lines = ["Date,Close/Last,Volume,Open,High,Low"]
    lines += [
        f"{r['date']:%m/%d/%Y},${r['close']:.4f},{r['volume']:.0f},${r['open']:.4f},${r['high']:.4f},${r['low']:.4f}"
        for r in reversed(rows)
    ]
    return "\n".join(lines) + "\n"


def _investing(rows: list[dict]) -> str:
    lines = ['"Date","Price","Open","High","Low","Vol.","Change %"']
    lines += [
        f'"{r["date"]:%m/%d/%Y}","{100 * r["close"]:,.2f}","{100 * r["open"]:,.2f}","{100 * r["high"]:,.2f}",'
        f'"{100 * r["low"]:,.2f}","{r["volume"] / 1e6:.2f}M","0.10%"'
        for r in reversed(rows)
    ]
    return "\n".join(lines) + "\n"


def _tiingo(rows: list[dict]) -> str:
    lines = ["date,open,high,low,close,volume,adjClose,divCash,splitFactor"]
    lines += [
        f"{r['date']}T00:00:00.000Z,{r['open']},{r['high']},{r['low']},{r['close']},{r['volume']:.0f},{r['close']},0.0,1.0"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def _lines(rows: list[dict], day: str = "{:%Y-%m-%d}", sign: str = ",", form: str = "{:.4f}") -> list[str]:
    prices = ("open", "high", "low", "close")
    return [
        sign.join([day.format(r["date"]), *(form.format(r[name]) for name in prices), f"{r['volume']:.0f}"])
        for r in rows
    ]


def _bare(rows: list[dict]) -> str:
    return "\n".join(_lines(rows, "{:%m/%d/%Y}")) + "\n"


def _bare_with_time(rows: list[dict]) -> str:
    return "\n".join(line.replace(",", ",0000,", 1) for line in _lines(rows, "{:%Y%m%d}")) + "\n"


def _plain(rows: list[dict]) -> str:
    return "\n".join(["Date,Open,High,Low,Close,Volume", *_lines(rows)]) + "\n"


def _remarked(rows: list[dict]) -> str:
    return f'# daily bars\n\n{_plain(rows)}"Downloaded from a vendor as of 04-21-2021 05:00pm CDT"\n'


def _german(rows: list[dict]) -> str:
    text = "\n".join(line.replace(".", ",") for line in _lines(rows, "{:%d/%m/%Y}", ";"))
    return f"Datum;Er\u00f6ffnung;Hoch;Tief;Schlusskurs;Volumen\n{text}\n".replace("/", ".")


def _german_thousands(rows: list[dict]) -> str:
    def number(value: float, n: int = 2) -> str:
        return f"{value:,.{n}f}".translate(str.maketrans(",.", ".,"))

    prices = ("open", "high", "low", "close")
    lines = [
        f"{r['date']:%d.%m.%Y};" + ";".join(number(100 * r[p]) for p in prices) + f";{number(r['volume'], 0)}"
        for r in rows
    ]
    return "\n".join(["Date;Open;High;Low;Close;Volume", *lines]) + "\n"


def _stacked(rows: list[dict]) -> str:
    lines = [f"{r['date']},{r['close']},{r['high']},{r['low']},{r['open']},{r['volume']:.0f}" for r in rows]
    return "\n".join(["Price,Close,High,Low,Open,Volume", "Ticker,X,X,X,X,X", "Date,,,,,", *lines]) + "\n"


def _numbered(rows: list[dict]) -> str:
    return "\n".join(["timestamp,1. open,2. high,3. low,4. close,5. volume", *_lines(rows)[::-1]]) + "\n"


def _ticks(rows: list[dict]) -> str:
    head = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
    return "\n".join([head, *(f"{line}\t0\t1" for line in _lines(rows, "{:%Y.%m.%d}", "\t"))]) + "\n"


def _grouped(rows: list[dict]) -> str:
    head = '"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","vwap ","VOLUME "'
    lines = []
    for r in reversed(rows):
        open_, high, low, close = (f'"{100 * r[name]:,.2f}"' for name in ("open", "high", "low", "close"))
        line = [
            f'"{r["date"]:%d-%b-%Y}"',
            '"EQ"',
            open_,
            high,
            low,
            close,
            close,
            close,
            close,
            f'"{r["volume"]:,.0f}"',
        ]
        lines.append(",".join(line))
    return "\ufeff" + "\n".join([head, *lines]) + "\n"


def _zoned(rows: list[dict]) -> str:
    lines = [line + ",0.0,0.0" for line in _lines(rows, "{:%Y-%m-%d} 00:00:00-05:00")]
    return "\n".join(["Date,Open,High,Low,Close,Volume,Dividends,Stock Splits", *lines]) + "\n"


FOLDERS: dict[str, tuple[str, Callable[[list[dict]], str], float]] = {
    "yahoo": ("{}.csv", _yahoo, 1.0),
    "stooq": ("{}.us.csv", _stooq, 1.0),
    "nasdaq": ("HistoricalData_{}.csv", _nasdaq, 1.0),
    "investing": ("{} Historical Data.csv", _investing, 100.0),
    "tiingo": ("{}.csv", _tiingo, 1.0),
    "no names": ("{}.csv", _bare, 1.0),
    "no names, with a time": ("{}_daily.csv", _bare_with_time, 1.0),
    "a folder per ticker": ("{}/daily.csv", _plain, 1.0),
    "a folder per letter": ("stocks/{0[0]}/{0}.us.csv", _stooq, 1.0),
    "partitions": ("ticker={}/part-0.csv", _plain, 1.0),
    "remarks": ("{}.csv", _remarked, 1.0),
    "german": ("{}.csv", _german, 1.0),
    "german thousands": ("{}.csv", _german_thousands, 100.0),
    "yfinance download": ("{}.csv", _stacked, 1.0),
    "yfinance history": ("{}.csv", _zoned, 1.0),
    "alpha vantage": ("daily_{}.csv", _numbered, 1.0),
    "metatrader": ("{}_D1.csv", _ticks, 1.0),
    "nse": ("Quote-Equity-{}-EQ-01-01-2020-to-31-12-2020.csv", _grouped, 100.0),
    "tradingview": ("NASDAQ_{}, 1D.csv", _plain, 1.0),
}


def _made(folder: Path, vendor: str) -> tuple[Path, float]:
    """A book that `init` made over a vendor's folder, and the factor of its prices."""
    file_name, text_of, factor = FOLDERS[vendor]
    for seed, name in enumerate(NAMES):
        path = folder / "downloads" / file_name.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text_of(bars(seed, _days()).to_pylist())
        path.write_text(text, encoding="cp1252" if vendor == "german" else "utf-8")
    made = call("init", folder / "book", "--source", "files", "--path", folder / "downloads")
    assert made.code == 0, made.err
    return folder / "book", factor


@pytest.mark.parametrize("vendor", FOLDERS)
def test_a_downloaded_folder_is_read_without_an_edit(vendor: str, tmp_path: Path) -> None:
    folder, factor = _made(tmp_path, vendor)
    settings = (folder / "btassets.toml").read_bytes()
    read = call("ingest", "--book", folder, "--quiet")
    assert read.code == 0, read.err
    assert (folder / "btassets.toml").read_bytes() == settings
    lake = open_book(folder).lake
    footers = lake.ticker_footers("ohlcv_history")
    assert len(footers) == len(NAMES)
    assert all(facts["blocked"] is None for facts in footers.values())
    days = _days()
    for seed, name in enumerate(NAMES):
        ticker = next(t for t in footers if t.startswith(name[:3]))
        stored = lake.read_bucket("ohlcv_history", bucket_of(ticker, lake.n_buckets))
        assert stored is not None
        own = stored.filter(pc.equal(stored["ticker"].cast(pa.string()), ticker))
        kept = own["date"].to_pylist()
        assert kept == days
        for column in ("open", "high", "low", "close"):
            given = dict(zip(days, factor * bars(seed, days)[column].to_numpy(), strict=True))
            np.testing.assert_allclose(own[column].to_numpy(), [given[day] for day in kept], rtol=1e-3, err_msg=column)
        assert (own["volume"].to_numpy() == 2e6).all()


IN_EVERY_RUN = ("nasdaq", "no names", "partitions", "german thousands")
"""A report of each of the others is a slow test: `ingest` reads every one above."""


@pytest.mark.long
@pytest.mark.parametrize(
    "vendor", [pytest.param(name, marks=() if name in IN_EVERY_RUN else pytest.mark.slow) for name in FOLDERS]
)
def test_a_downloaded_folder_becomes_a_report_without_an_edit(vendor: str, tmp_path: Path) -> None:
    folder, _ = _made(tmp_path, vendor)
    run = call("run", "--book", folder, "--quiet")
    assert run.code == 0, run.err
    report = json.loads((folder / "reports/latest/report.json").read_text())
    assert f"{len(NAMES)} tickers" in run.out
    assert (folder / "reports/latest/report.html").stat().st_size > 50_000
    assert report["tickers"] == len(NAMES)
    assert report["candidates"] > 0


REFUSED: dict[str, tuple[str, str, str]] = {
    "tickers side by side": (
        "all.csv",
        "Price,Close,Close,High,High\nTicker,A,B,A,B\nDate,,,,\n2021-03-01,1,1,1,1\n",
        "2 tickers side by side",
    ),
    "text": ("{}.txt", _plain([]) + "2021-03-01,1,1,1,1,5\n", "rename them to .csv"),
    "text below": ("us/1/{}.us.txt", _plain([]) + "2021-03-01,1,1,1,1,5\n", "rename them to .csv"),
    "json": ("{}.json", "[]", "save them as CSV or Parquet"),
    "parts": ("{}/year=2021/{}.csv", "x", "a pattern with a slash"),
    "spaces": ("{}.csv", "2021-03-01 1 1 1 1 5\n", "separated by commas"),
    "closes only": ("{}.csv", "Date,Close\n2021-03-01,1\n", "bars need date, open, high, low, close and volume"),
    "two digits": ("{}.csv", _plain([]) + "03/01/21,1,1,1,1,5\n", "dates must be text as YYYY-MM-DD"),
    "UTC evenings": ("{}.csv", _plain([]) + "2021-03-01T21:00:00Z,1,1,1,1,5\n", "write exchange dates"),
    "a web page": ("{}.csv", "<html><body>limit</body></html>", "holds a message instead of bars"),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_what_is_not_read_is_refused_with_what_to_do(shape: str, tmp_path: Path) -> None:
    file_name, text, said = REFUSED[shape]
    for name in NAMES:
        for year in ("2020", "2021") if shape == "parts" else ("",):
            path = tmp_path / "downloads" / file_name.format(name, year)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    made = call("init", tmp_path / "book", "--source", "files", "--path", tmp_path / "downloads")
    assert made.code == 0, made.err
    assert said in made.out + made.err
    run = call("run", "--book", tmp_path / "book", "--quiet")
    assert run.code == 3
    assert said in run.err
