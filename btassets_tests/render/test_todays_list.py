"""Today's list as text, CSV and JSON: stable columns, sizes, reasons, missing values."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from btassets.render.todays_list import COLUMNS, as_csv, as_json, as_text, rows_of, why
from btassets.stages.advice.todays_setups import (
    TodaysList,
)

VOTES = ("vote_trend", "vote_position", "vote_directional", "vote_rsi", "vote_volume")


def _example(**changes: Any) -> TodaysList:
    row = {
        "ticker": "AAA",
        "direction": "long",
        "entry": 50.123,
        "stop": 45.0,
        "target": 0.98765,
        "rr": 1.5,
        "confidence": 60.04,
        "percentile": None,
        "action": "LONG_HIGH",
        "risk_level": "Low",
        "failed_floors": "",
        "is_projected": False,
        "level_strength": 41.4,
        **dict.fromkeys(VOTES, -0.04),
    } | changes
    return TodaysList(None, is_signal_day=False, last_signal_day=None, n_setups=1, n_ranked=0, qualified=[row])


def test_formats_keep_their_columns() -> None:
    found = _example()
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["percentile"] == "-"
    assert rows[0]["entry"] == "50.12"
    assert rows[0]["target"] == "0.9877"
    assert rows[0]["why"].startswith("trend +0.0 position +0.0")
    value = json.loads(as_json(found, capital=20_000.0))
    assert tuple(value["qualified"][0]) == (*COLUMNS, "targets")
    assert value["qualified"][0]["percentile"] is None
    assert value["qualified"][0]["size"] == round(0.01 * 20_000 / 5.123, 2)
    assert value["nearest_misses"] == []
    text = as_text(found)
    assert all(name in text for name in COLUMNS)
    assert as_text(_example(entry=50.0, stop=50.0)).count(" - ") == 2


def test_an_empty_list_is_said_in_words() -> None:
    empty = replace(_example(), qualified=[])
    assert as_text(empty).startswith("0 setups qualify at no session")
    assert as_csv(empty) == ",".join(COLUMNS) + "\n"


def test_every_target_is_in_json_and_in_the_reasons() -> None:
    targets = [
        {"place": 1, "price": 55.5, "probability_pct": 45.0, "classification": "conservative", "is_primary": False},
        {"place": 2, "price": 0.9877, "probability_pct": 29.94, "classification": "aggressive", "is_primary": True},
    ]
    found = _example(targets=targets)
    assert json.loads(as_json(found))["qualified"][0]["targets"] == targets
    words = "targets 55.50 (45.0%, conservative), 0.9877* (29.9%, aggressive)"
    assert why(found.qualified[0]).endswith(words)
    assert "targets" not in why(_example(targets=targets[1:]).qualified[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"failed_floors": "rr,confidence"},
            "fails rr, confidence; trend -0.4 position -0.4 directional -0.4 rsi -0.4",
        ),
        ({"is_projected": True, "level_strength": 0.0}, "target projected"),
        ({"level_strength": 41.6}, "target on a level of strength 42"),
        ({"level_strength": None, **dict.fromkeys(VOTES)}, ""),
    ],
)
def test_reasons_are_floors_votes_and_the_target(changes, words):
    row = _example(**dict.fromkeys(VOTES, -0.44) | changes).qualified[0]
    assert words in why(row)
    assert bool(why(row)) == bool(words)


def test_sizes_follow_the_capital_and_are_limited_in_one_name():
    small = _example(entry=100.0, stop=99.0).qualified
    (capped,) = rows_of(small, capital=10_000.0, risk_frac=0.01, cap_frac=0.20)
    assert capped["size"] == 20.0  # 2,000 dollars at most, although 1% risk would buy 100 shares
    (free,) = rows_of(small, capital=10_000.0, risk_frac=0.01, cap_frac=1.0)
    assert free["size"] == 100.0
    assert rows_of(_example(entry=5.0, stop=5.0).qualified)[0]["size"] is None


def test_the_text_says_which_day_it_is_and_lists_misses_apart():
    one = _example()
    day = replace(one, as_of="2021-03-05", last_signal_day="2021-02-26")
    assert as_text(day).startswith("1 setup qualifies at 2021-03-05 (preview: the tests trade week ends only; last")
    assert as_text(replace(day, is_signal_day=True)).startswith("1 setup qualifies at 2021-03-05 (signal day;")
    assert "Nearest misses" not in as_text(day)
    both = replace(day, misses=_example(ticker="MISS", failed_floors="rr").qualified)
    lines = as_text(both).splitlines()
    assert lines.index("Nearest misses") > next(k for k, line in enumerate(lines) if line.startswith("AAA"))
    assert lines[-1].startswith("MISS")
    assert "size: shares at 2.0% risk of 5,000, at most 50% in one." in as_text(
        day, capital=5_000.0, risk_frac=0.02, cap_frac=0.5
    )


def test_signals_of_the_gate_follow_the_percentile() -> None:
    found = _example(percentile=80.0, value_of_vol_6m=0.0123456789, percentile_of_vol_6m=66.66667)
    missed = replace(found, qualified=[], misses=found.qualified)
    names = list(COLUMNS)
    at = names.index("percentile") + 1
    names[at:at] = ["value_of_vol_6m", "percentile_of_vol_6m"]
    (row,) = rows_of(found.qualified)
    assert list(row) == names
    assert (row["value_of_vol_6m"], row["percentile_of_vol_6m"]) == (0.0123457, 66.7)
    assert as_csv(found).splitlines()[0] == as_csv(missed).splitlines()[0] == ",".join(names)
    assert json.loads(as_json(found))["qualified"] == [{**row, "targets": []}]
    for text in (as_text(found), as_text(missed)):
        assert "value_of_vol_6m  percentile_of_vol_6m" in text
        assert "0.0123457" in text
    absent = _example(value_of_vol_6m=None, percentile_of_vol_6m=None)
    assert as_csv(absent).splitlines()[1].count(",-,-,") == 1
