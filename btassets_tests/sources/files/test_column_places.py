"""Columns of a file without names, found by their values."""

import numpy as np
import pytest

from btassets.sources.files.column_places import column_places
from btassets_tests.support.situations import csv_of, walk, weekdays


def rows_of(seed: int) -> list[list[str]]:
    return [line.split(",") for line in csv_of(walk(seed, weekdays(n=60))).splitlines()[1:]]


ROWS = rows_of(1)
USUAL = {"date": "#1", "open": "#2", "high": "#3", "low": "#4", "close": "#5", "volume": "#6"}


def ordered(*columns: int) -> list[list[str]]:
    return [[row[n] for n in columns] for row in ROWS]


def test_the_usual_order() -> None:
    assert column_places(ROWS) == USUAL
    assert column_places(ROWS[::-1]) == USUAL


def test_another_order_of_prices() -> None:
    found = column_places(ordered(0, 4, 2, 3, 1, 5))
    assert found == USUAL | {"close": "#2", "open": "#5"}
    assert column_places(ordered(0, 3, 2, 1, 4, 5)) == USUAL | {"low": "#2", "open": "#4"}


def test_times_tickers_and_further_columns_are_passed_over() -> None:
    rows = [["AAPL", row[0], "0000", *row[1:], "17", "x y"] for row in ROWS]
    assert column_places(rows) == {
        "ticker": "#1", "date": "#2", "open": "#4", "high": "#5", "low": "#6", "close": "#7", "volume": "#8"
    }  # fmt: skip


def test_one_ticker_of_a_long_file_shows_the_places() -> None:
    rows = [[name, *row] for name in ("AAPL", "IBM") for row in ROWS]
    assert column_places(rows) == {role: f"#{int(place[1:]) + 1}" for role, place in USUAL.items()} | {"ticker": "#1"}


def test_decimal_commas() -> None:
    rows = [
        [row[0], *(f"{float(price):.4f}".replace(".", ",") for price in row[1:5]), f"{float(row[5]):.0f}"]
        for row in ROWS
    ]
    assert column_places(rows) == USUAL


@pytest.mark.parametrize(
    "rows",
    [
        [],
        ROWS[:3],
        [*ROWS, ["x"]],
        [row[1:] for row in ROWS],  # no date
        [row[:5] for row in ROWS],  # no volume
        ordered(0, 1, 2, 3, 5),  # no four prices
        [[row[0], "1", "1", "1", "1", "5"] for row in ROWS],  # prices that show no order
    ],
)
def test_no_place_is_guessed_unless_all_are_found(rows: list[list[str]]) -> None:
    assert column_places(rows) == {}


def test_prices_of_any_walk_are_told_apart() -> None:
    for seed in range(20):
        rows = rows_of(seed)
        order = np.random.default_rng(seed).permutation(4) + 1
        mixed = [[row[0], *(row[n] for n in order), row[5]] for row in rows]
        found = column_places(mixed)
        assert (found["high"], found["low"]) == tuple(f"#{list(order).index(n) + 2}" for n in (2, 3))
        assert (found["open"], found["close"]) == tuple(f"#{list(order).index(n) + 2}" for n in (1, 4))
