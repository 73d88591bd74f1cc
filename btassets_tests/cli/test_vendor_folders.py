"""Folders as vendors' pages hand them out: `init`, then `ingest`, without an edit of the settings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.book.book import open_book
from btassets.storage.lake import bucket_of
from btassets_tests.support.book_factory import call
from btassets_tests.support.small_market import bars, sessions

N = 300
NAMES = ("AAPL", "BRK-B", "IBM")


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


FOLDERS: dict[str, tuple[str, Callable[[list[dict]], str], float]] = {
    "yahoo": ("{}.csv", _yahoo, 1.0),
    "stooq": ("{}.us.csv", _stooq, 1.0),
    "nasdaq": ("HistoricalData_{}.csv", _nasdaq, 1.0),
    "investing": ("{} Historical Data.csv", _investing, 100.0),
    "tiingo": ("{}.csv", _tiingo, 1.0),
}


@pytest.mark.parametrize("vendor", FOLDERS)
def test_a_downloaded_folder_is_read_without_an_edit(vendor: str, tmp_path: Path) -> None:
    file_name, text_of, factor = FOLDERS[vendor]
    source = tmp_path / "downloads"
    source.mkdir()
    days = sessions(N)
    for seed, name in enumerate(NAMES):
        (source / file_name.format(name)).write_text(text_of(bars(seed, days).to_pylist()), encoding="utf-8")
    folder = tmp_path / "book"
    made = call("init", folder, "--source", "files", "--path", source)
    assert made.code == 0, made.err
    settings = (folder / "btassets.toml").read_bytes()
    read = call("ingest", "--book", folder, "--quiet")
    assert read.code == 0, read.err
    assert (folder / "btassets.toml").read_bytes() == settings
    footers = open_book(folder).lake.ticker_footers("ohlcv_history")
    assert len(footers) == len(NAMES)
    assert all(facts["blocked"] is None for facts in footers.values())
    lake = open_book(folder).lake
    first = next(iter(footers))
    stored = lake.read_bucket("ohlcv_history", bucket_of(first, lake.n_buckets))
    assert stored is not None
    own = stored.filter(pc.equal(stored["ticker"].cast(pa.string()), first))
    given = dict(zip(days, factor * bars(0, days)["close"].to_numpy(), strict=True))
    kept = own["date"].to_pylist()
    assert len(kept) > 0.95 * N, "only holidays are dropped"
    np.testing.assert_allclose(own["close"].to_numpy(), [given[day] for day in kept], rtol=1e-3)
