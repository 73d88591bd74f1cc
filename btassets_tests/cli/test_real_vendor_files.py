"""Raw vendor files through the commands, where a machine has them: splits, dividends, and one message saved as CSV.

BTASSETS_REAL_BARS names a folder with `sp500_raw_csv_sample/`: 40 raw files with splits and dividends. No copy of
them belongs to this project. Slower than a made-up market, and the only one whose actions nobody here made up.
"""

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.cli.actions.look import read_table
from btassets_tests.support.book_factory import call

FOLDER = Path(os.environ.get("BTASSETS_REAL_BARS", ""), "sp500_raw_csv_sample")
pytestmark = [
    pytest.mark.real_bars,
    pytest.mark.skipif(
        not os.environ.get("BTASSETS_REAL_BARS"),
        reason="BTASSETS_REAL_BARS is not set: real bars are not in the project",
    ),
]

VENDOR = {
    "source.kind": "files",
    "source.basis": "raw",
    "source.ticker_pattern": "^DA-(.+)-T-",
    "source.columns.date": "timestamp",
    "source.columns.dividend": "dividend_amount",
    "source.columns.split": "split_coefficient",
    "source.columns.adjusted_close": "adjusted_close",
}
SPLIT_DAY = "2020-08-31"  # AAPL, 4:1

OUTSIDE = [("GOOGL", "2014-04-03"), ("HLT", "2017-01-04"), ("HWM", "2016-11-01")]
"""Spin-offs that the vendor codes as cash of more than a fifth of the price: its own returns are off there."""


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book over the 40 files after its bars were read."""
    folder = make_book(tmp_path_factory.mktemp("vendor") / "book", VENDOR | {"source.path": str(FOLDER)})
    answer = call("ingest", "--book", folder, "--quiet")
    assert answer.code == 4, answer.err
    assert "BF.B: " in answer.err
    assert "holds a message instead of bars" in answer.err
    return folder


def table(folder: Path, name: str) -> pa.Table:
    return read_table(open_book(folder, environ={}), name)


def vendor_rows(ticker: str) -> dict[str, dict[str, float]]:
    """Numbers of one vendor file by date."""
    (path,) = FOLDER.glob(f"DA-{ticker}-T-*")
    with path.open(newline="") as file:
        return {
            row["timestamp"]: {name: float(value) for name, value in row.items() if name != "timestamp"}
            for row in csv.DictReader(file)
        }


def test_39_files_are_good_and_one_is_named(vendor: Path) -> None:
    footers = open_book(vendor, environ={}).lake.ticker_footers("ohlcv_history")
    assert len(footers) == 40
    assert [ticker for ticker, facts in footers.items() if facts["blocked"]] == ["BF.B"]
    assert footers["BF.B"]["blocked"].endswith("[Q1]")
    assert sum(facts["n_rows"] for facts in footers.values()) == 189_565
    assert table(vendor, "bar_quarantine").num_rows == 0
    found = table(vendor, "bar_problems").to_pylist()
    assert [row["ticker"] for row in found if row["severity"] == "block"] == ["BF.B"]
    doctor = call("doctor", "--book", vendor)
    assert doctor.code == 0, doctor.out
    assert "blocked BF.B: " in doctor.out


def test_adjusted_returns_are_the_vendors(vendor: Path) -> None:
    """Ours takes a dividend out of the close before, the vendor adds it to the close of the day."""
    bars = table(vendor, "bars").select(["ticker", "date", "close"])
    n_rows, outside = 0, []
    for ticker in bars["ticker"].unique().to_pylist():
        own = bars.filter(pc.equal(bars["ticker"], ticker))
        days, close = [str(day) for day in own["date"].to_pylist()], own["close"].to_numpy()
        given = [row for _, row in sorted(vendor_rows(ticker).items())]
        n_rows += len(days)
        assert len(given) == len(days)
        adjusted = np.array([row["adjusted_close"] for row in given])
        raw = np.array([row["close"] for row in given])
        cash = np.array([row["dividend_amount"] * row["split_coefficient"] for row in given])
        ours, theirs = close[1:] / close[:-1], adjusted[1:] / adjusted[:-1]
        room = np.where(cash[1:] > 0.0, 2e-6 + 1.2 * cash[1:] / raw[:-1] * np.abs(theirs - 1.0), 1e-6)
        outside += [(ticker, days[row + 1]) for row in np.flatnonzero(np.abs(ours / theirs - 1.0) > room)]
    assert n_rows == 189_565
    assert outside == OUTSIDE


def aapl(folder: Path) -> list[dict[str, Any]]:
    rows = table(folder, "candidates")
    return rows.filter(pc.equal(rows["ticker"].cast(pa.string()), "AAPL")).to_pylist()


@pytest.fixture(scope="module")
def around_the_split(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Books of AAPL alone whose files end on the session before the split, and half a year after it."""
    folder = tmp_path_factory.mktemp("aapl")
    (path,) = FOLDER.glob("DA-AAPL-T-*")
    lines = path.read_text().splitlines()
    at = lines[0].split(",").index("timestamp")
    for name, last in (("before", "2020-08-28"), ("after", "2021-02-26")):
        kept = [line for line in lines[1:] if "2016-01-01" <= line.split(",")[at] <= last]
        (folder / name).mkdir()
        (folder / name / path.name).write_text("\n".join([lines[0], *kept]) + "\n")
        make_book(folder / f"{name}-book", VENDOR | {"source.path": str(folder / name)})
        assert call("run", "--book", folder / f"{name}-book", "--quiet").code == 0
    return {name: folder / f"{name}-book" for name in ("before", "after")}


def test_a_split_leaves_no_false_stop(around_the_split: dict[str, Path]) -> None:
    """Of the setups that are open over the 4:1 split none ends on it, and none loses what the raw gap would cost."""
    days = sorted(vendor_rows("AAPL"))
    at = days.index(SPLIT_DAY)
    before = vendor_rows("AAPL")[days[at - 1]]["close"]
    assert vendor_rows("AAPL")[SPLIT_DAY]["open"] / before < 0.3  # what a series that ignores it falls by
    over = [row for row in aapl(around_the_split["after"]) if days[at - 20] <= str(row["asof_date"]) < SPLIT_DAY]
    assert len([row for row in over if row["direction"] == "long"]) >= 4
    for row in over:
        if row["direction"] == "long":
            assert str(row["label_end_date"]) != SPLIT_DAY or row["outcome"] != "stop_hit", row
        for name in ("realized_r", "r_mtm", "realized_r_open", "r_mtm_open"):
            assert row[name] is None or abs(row[name]) < 6.0, (name, row)


def test_setups_before_a_split_do_not_know_of_it(around_the_split: dict[str, Path]) -> None:
    """The same rows, in the prices of their day, whether or not the split has happened yet."""
    key = ("asof_date", "direction")
    books = [
        {
            tuple(row[k] for k in key): row
            for row in aapl(around_the_split[name])
            if row["is_bar"] and "2017-02-01" <= str(row["asof_date"]) <= "2020-08-28"
        }
        for name in ("before", "after")
    ]
    assert books[0].keys() == books[1].keys()
    assert len(books[0]) > 200
    factors = []
    for one in books[0]:
        early, late = books[0][one], books[1][one]
        factors.append(late["entry"] / early["entry"])
        for name in ("stop", "target"):
            assert late[name] / early[name] == pytest.approx(factors[-1], rel=1e-9), (one, name)
        for name in ("rr", "confidence", "best_prob", "ev", "momentum"):
            assert (early[name] is None) == (late[name] is None), (one, name)
            if early[name] is not None:
                assert late[name] == pytest.approx(early[name], rel=1e-7, abs=1e-7), (one, name)
        assert (early["action"], early["risk_level"]) == (late["action"], late["risk_level"])
        if early["n_forward"] == 30:
            assert (early["outcome"], early["hold_days"]) == (late["outcome"], late["hold_days"])
            assert (early["r_mtm_open"] is None) == (late["r_mtm_open"] is None)
            if early["r_mtm_open"] is not None:
                assert late["r_mtm_open"] == pytest.approx(early["r_mtm_open"], rel=1e-7, abs=1e-7)
    assert set(factors) == {1.0}
