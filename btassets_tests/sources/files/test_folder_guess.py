"""What `init` finds in a folder of a vendor: names of columns, tickers in file names, basis, calendar."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.engine.market.raw_bars import RawBars
from btassets.sources.calendar.calendars import exchange_sessions
from btassets.sources.files.folder_guess import guess_folder
from btassets.storage.lake import Lake
from btassets_tests.support.situations import (
    Days,
    csv_of,
    day_number,
    every_day,
    files_of,
    folder_of,
    iso,
    market,
    rescaled,
    walk,
    weekdays,
)

NO_GUESS = {"source.basis", "calendar"}


def with_actions(seed: int, *, is_raw: bool) -> RawBars:
    """A stock with a split 4:1 and four dividends; raw prices show the split."""
    bars = walk(seed, weekdays())
    bars = rescaled(bars, 150, 0.25, 4.0) if is_raw else bars
    split, dividend = np.ones(len(bars)), np.zeros(len(bars))
    split[150] = 4.0
    dividend[[40, 100, 200, 260]] = 0.005 * bars.close[[39, 99, 199, 259]]
    return replace(bars, split=split, dividend=dividend)


def new_york(folder: Path) -> Days:
    """Days that fit the first calendar tried; others are compared with every calendar, in seconds."""
    return exchange_sessions(Lake(folder / "lake", 1), "XNYS", day_number("2019-01-02"), day_number("2020-12-31"))


def vendor_csv(bars: RawBars, stamp: Callable[[int], str] = iso) -> str:
    head = "timestamp,open_price,high_price,low_price,close_price,vol,dividend_amount,split_coefficient"
    return csv_of(bars, head=head, stamp=stamp, more=lambda row: f"{bars.dividend[row]:.6f},{bars.split[row]:g}")


@pytest.mark.parametrize(("is_raw", "basis"), [(True, "raw"), (False, None)])
def test_names_pattern_and_basis_of_a_vendor_folder(tmp_path: Path, is_raw: bool, basis: str | None) -> None:
    def american(day: int) -> str:
        year, month, date = iso(day).split("-")
        return f"{month}/{date}/{year}"

    stocks = {name: with_actions(k, is_raw=is_raw) for k, name in enumerate(("AAPL", "BRK-B", "X", "SPY"))}
    files = {f"DA-{name}-T-2020.csv": vendor_csv(bars, american) for name, bars in stocks.items()}
    found = guess_folder(folder_of(tmp_path / "s", files))
    columns = {key.removeprefix("source.columns."): value for key, value in found.values.items() if "columns" in key}
    assert columns == {
        "date": "timestamp",
        "open": "open_price",
        "high": "high_price",
        "low": "low_price",
        "close": "close_price",
        "volume": "vol",
        "dividend": "dividend_amount",
        "split": "split_coefficient",
    }
    assert found.values["source.ticker_pattern"] == r"^DA-(.+)-T-\d\d\d\d$"
    if basis is not None:
        assert found.values["source.basis"] == basis
        assert "recorded splits" in found.seen["source.basis"]
    else:
        assert found.values.get("source.basis") != "raw"
    assert found.values.keys() == found.seen.keys()


def test_plain_files_need_no_setting(tmp_path: Path) -> None:
    found = guess_folder(folder_of(tmp_path / "s", files_of(market(4))))
    assert not found.values.keys() - NO_GUESS


def test_a_file_of_many_tickers_and_one_file_a_day_need_their_column(tmp_path: Path) -> None:
    stocks = market(3, weekdays(n=80))
    rows = [f"{name},{line}" for name, bars in stocks.items() for line in csv_of(bars).splitlines()[1:]]
    head = "symbol,date,open,high,low,close,volume"
    long = folder_of(tmp_path / "s", {"all.csv": "\n".join([head, *rows]) + "\n"})
    assert guess_folder(long / "all.csv").values["source.columns.ticker"] == "symbol"
    assert guess_folder(long).values["source.columns.ticker"] == "symbol"
    daily = {
        f"{iso(int(day))}.csv": "\n".join([head, *(row for row in rows if iso(int(day)) in row)]) + "\n"
        for day in weekdays(n=80)
    }
    assert guess_folder(folder_of(tmp_path / "d", daily)).values["source.columns.ticker"] == "symbol"
    own = {f"{name}.csv": "\n".join([head, *(r for r in rows if r.startswith(name))]) + "\n" for name in stocks}
    assert "source.columns.ticker" not in guess_folder(folder_of(tmp_path / "o", own)).values


def test_an_index_without_a_name_is_the_date(tmp_path: Path) -> None:
    files = files_of(market(3), head=",Open,High,Low,Close,Volume")
    assert guess_folder(folder_of(tmp_path / "s", files)).values["source.columns.date"] == ""
    bars = walk(1, weekdays())
    table = pa.table(
        {
            "Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close, "Volume": bars.volume,
            "__index_level_0__": pa.array(bars.dates, pa.date32()),
        }
    )  # fmt: skip
    folder = tmp_path / "p"
    folder.mkdir()
    pq.write_table(table, folder / "A.parquet")
    assert guess_folder(folder).values["source.columns.date"] == "__index_level_0__"


def test_calendars_of_other_markets(tmp_path: Path) -> None:
    week = guess_folder(folder_of(tmp_path / "w", files_of(market(3, every_day()))))
    assert week.values["calendar"] == "data"
    lake = Lake(tmp_path / "lake", 1)
    london = exchange_sessions(lake, "XLON", day_number("2018-01-02"), day_number("2020-12-31"))
    assert guess_folder(folder_of(tmp_path / "l", files_of(market(3, london)))).values["calendar"] == "XLON"
    new_york = exchange_sessions(lake, "XNYS", day_number("2018-01-02"), day_number("2020-12-31"))
    for name, days in (("n", new_york), ("early", new_york - 1)):  # a day off: for the reader to refuse
        assert "calendar" not in guess_folder(folder_of(tmp_path / name, files_of(market(3, days)))).values


def test_what_cannot_be_read_gives_no_guess(tmp_path: Path) -> None:
    assert guess_folder(folder_of(tmp_path / "e", {"A.csv": "<html>", "B.parquet": "x"})).values == {}
    assert guess_folder(folder_of(tmp_path / "n", {"notes.txt": "x"})).values == {}


def test_files_without_names_get_their_columns_by_place(tmp_path: Path) -> None:
    stocks = {name: walk(k, new_york(tmp_path)) for k, name in enumerate(("AAPL", "IBM", "X"))}
    bare = {f"{name}.csv": csv_of(bars).split("\n", 1)[1] for name, bars in stocks.items()}
    found = guess_folder(folder_of(tmp_path / "s", bare))
    places = {key: value for key, value in found.values.items() if "columns" in key}
    roles = ("date", "open", "high", "low", "close", "volume")
    assert places == {f"source.columns.{role}": f"#{n}" for n, role in enumerate(roles, 1)}
    assert "no line of names" in found.seen["source.columns.date"]
    long = "".join(f"{name},{line}\n" for name, text in bare.items() for line in text.splitlines())
    found = guess_folder(folder_of(tmp_path / "long", {"all.csv": long}))
    assert found.values["source.columns.ticker"] == "#1"
    assert found.values["source.columns.date"] == "#2"
    own = {name: "".join(f"{name[:-4]},{line}\n" for line in text.splitlines()) for name, text in bare.items()}
    assert "source.columns.ticker" not in guess_folder(folder_of(tmp_path / "own", own)).values
    words = dict.fromkeys(bare, "r,s,u,w,x,y\n" * 9)
    assert not guess_folder(folder_of(tmp_path / "words", words)).values


def test_folders_below_the_folder_are_read_by_a_pattern_with_a_slash(tmp_path: Path) -> None:
    root = tmp_path / "s"
    days = new_york(tmp_path)
    for name, bars in market(3, days).items():
        folder_of(root / name, {"daily.csv": csv_of(bars)})
    assert guess_folder(root).values["source.ticker_pattern"] == "^([^/]+)/[^/]+$"
    folder_of(root, files_of(market(3, days)))
    assert "source.ticker_pattern" not in guess_folder(root).values  # files in the folder itself come first


def test_a_volume_of_nothing_but_0_gives_way_to_the_ticks(tmp_path: Path) -> None:
    head = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    files = {
        f"{name}_D1.csv": head + "".join(f"{line}\t0\t1\n" for line in csv_of(bars).replace(",", "\t").splitlines()[1:])
        for name, bars in market(3, new_york(tmp_path)).items()
    }
    assert guess_folder(folder_of(tmp_path / "s", files)).values["source.columns.volume"] == "<TICKVOL>"
