"""Findings about a source before it is read: each harm that a person would see at a glance."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from btassets.arrivals.first_look import first_look
from btassets.book.book import open_book
from btassets_tests.support.situations import (
    csv_of,
    every_day,
    files_of,
    folder_of,
    iso,
    look,
    market,
    new_book,
    rescaled,
    walk,
    weekdays,
)


def said(tmp_path: Path, files: dict[str, str], **settings: Any) -> str:
    folder = new_book(tmp_path / "b", folder_of(tmp_path / "s", files), **settings)
    return "\n".join(first_look(open_book(folder, environ={})))


def split() -> dict[str, str]:
    stocks = market()
    return files_of(stocks | {name: rescaled(stocks[name], 200, 1 / 35, 35.0) for name in ("S1", "S3")})


def unit() -> dict[str, str]:
    return files_of(market(2) | {"P": rescaled(walk(8, weekdays()), 200, 100.0)})


def twins() -> dict[str, str]:
    return files_of(market(3) | {"COPY": market(3)["S1"]})


def stopped() -> dict[str, str]:
    return files_of(market(8, weekdays(n=250)) | {f"L{k}": walk(50 + k, weekdays()) for k in range(9)})


def future() -> dict[str, str]:
    files = files_of(market(3))
    return files | {"S1.csv": files["S1.csv"].replace("\n2021-01-", "\n2121-01-", 1)}


def adjusted() -> dict[str, str]:
    return files_of(market(3), head="date,open,high,low,close,volume,Adj Close", more=lambda _row: "12.5")


@pytest.mark.parametrize(
    ("files", "settings", "words"),
    [
        (split, {}, ["2 of 6 tickers move like unrecorded splits (S1, S3)", "35:1 split"]),
        (unit, {}, ["P 2020-10-12", "the unit of the prices changes by 100"]),
        (lambda: files_of(market(3, every_day())), {"calendar": "XNYS"}, ["a market that trades seven days a week"]),
        (lambda: files_of(market(3), stamp=lambda d: iso(d - 1)), {"calendar": "XNYS"}, ["dates a day early"]),
        (lambda: files_of(market(3, weekdays(n=1500)[::5])), {}, ["have bars a week or more apart"]),
        (twins, {}, ["COPY and S1 have the same bars"]),
        (stopped, {}, ["8 of 17 tickers have their last bar on this day"]),
        (future, {}, ["S1 2121-01-", "dates must not be"]),
        (adjusted, {}, ["3 of 3 files have an unused adjusted close beside the close"]),
        (lambda: files_of(market(3)), {}, [""]),
    ],
)
def test_each_harm_is_named_before_the_first_run(
    tmp_path: Path, files: Callable[[], dict[str, str]], settings: dict[str, Any], words: list[str]
) -> None:
    found = said(tmp_path, files(), **settings)
    assert all(word in found for word in words), found
    assert bool(found) == bool(words[0])
    assert not list((tmp_path / "b" / "data").glob("ohlcv*"))


def test_a_shorter_file_is_named_before_it_is_read(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", files_of(market(3)))
    folder = new_book(tmp_path / "b", source)
    look(folder)
    lines = csv_of(market(3)["S1"]).splitlines()
    (source / "S1.csv").write_text("\n".join([lines[0], *lines[-40:]]) + "\n")
    assert "S1 2021-01-04" in first_look(open_book(folder, environ={}))[0]
    assert "would replace 300" in first_look(open_book(folder, environ={}))[0]
