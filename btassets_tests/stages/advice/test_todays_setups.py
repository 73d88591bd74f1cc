"""What qualifies today: the same verdicts as the statistics, misses by hand, sizes, formats."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.engine.portfolio.sizing import size
from btassets.engine.setups.scores import VOTE_WEIGHTS
from btassets.graph.advice import TODAYS_SETUPS
from btassets.render.todays_list import as_text
from btassets.run.floor_sql import qualifies
from btassets.run.tables import inputs_of
from btassets.settings.models import Gates
from btassets.stages.advice.todays_setups import (
    MAX_MISSES,
    conflicts,
    failed_floors,
    nearest_misses,
    todays_list,
    verdicts,
)
from btassets_tests.support.small_books import every_book, run_book, scenario_book

VOTES = ("vote_trend", "vote_position", "vote_directional", "vote_rsi", "vote_volume")


def _setups(*rows: tuple[str, str, float, float]) -> pa.Table:
    return pa.table(
        {
            "ticker": [row[0] for row in rows],
            "direction": [row[1] for row in rows],
            "rr": pa.array([row[2] for row in rows], pa.float64()),
            "confidence": pa.array([row[3] for row in rows], pa.float64()),
            "best_prob": pa.array([50.0] * len(rows)),
            "ev": pa.array([0.1] * len(rows)),
            "action": ["LONG_HIGH"] * len(rows),
            "risk_level": ["Low"] * len(rows),
        }
    )


def test_misses_by_hand() -> None:
    gates = Gates(min_rr=2.0, min_confidence=50.0, min_momentum_percentile=80.0).model_dump()
    setups = _setups(
        ("A", "long", 2.5, 60.0),  # passes
        ("B", "long", 1.8, 60.0),  # rr: 10% short
        ("C", "long", 2.5, 60.0),  # percentile 76: 5% short
        ("D", "long", 1.9, 49.0),  # two floors
        ("E", "short", 2.5, 60.0),  # can never qualify: neither its side nor its action
        ("F", "long", 2.5, 60.0),  # no percentile: 100% short
        ("G", "long", 1.8, 60.0),  # as B, later in the order of ties
    )
    percentile = np.array([90.0, 90.0, 76.0, 90.0, 90.0, np.nan, 90.0])
    verdict = verdicts(gates, setups, percentile)
    names = setups["ticker"].to_pylist()
    assert qualifies(verdict).tolist() == [True, False, False, False, False, False, False]
    assert [names[k] for k in nearest_misses(gates, setups, percentile, verdict)] == ["C", "B", "G", "F"]
    assert failed_floors(verdict) == [
        [],
        ["rr"],
        ["momentum"],
        ["rr", "confidence"],
        ["neutral", "momentum"],
        ["momentum"],
        ["rr"],
    ]


def test_without_a_gate_shorts_may_miss_and_a_few_are_enough() -> None:
    gates = Gates(min_rr=2.0, min_confidence=0.0, exclude_neutral=False, min_momentum_percentile=0.0).model_dump()
    setups = _setups(*((f"T{k:02d}", "short", 1.0 + k / 100, 60.0) for k in range(30)))
    percentile = np.full(30, np.nan)
    verdict = verdicts(gates, setups, percentile)
    assert nearest_misses(gates, setups, percentile, verdict) == list(range(29, 29 - MAX_MISSES, -1))
    assert (
        nearest_misses(gates, setups.slice(0, 0), percentile[:0], verdicts(gates, setups.slice(0, 0), percentile[:0]))
        == []
    )


@pytest.mark.parametrize("name", ["base", "everything", "nothing"])
def test_signal_day_list_is_what_the_statistics_qualify(name: str) -> None:
    book = every_book()[name]
    found = todays_list(*inputs_of("todays_setups", book, own=True), signal_day=True)
    graded = book.lake.read("graded_setups", book.scenario)
    same = graded.filter(pc.equal(graded["asof_date"], found.as_of))
    own = same.filter(same["qualified"])
    assert same.num_rows == found.n_setups > 0
    assert {(r["ticker"], r["direction"]) for r in found.qualified} == set(
        zip(own["ticker"].to_pylist(), own["direction"].to_pylist(), strict=True)
    )
    by_key = {(r["ticker"], r["direction"]): r for r in same.to_pylist()}
    for row in (*found.qualified, *found.misses):
        assert row["percentile"] == by_key[row["ticker"], row["direction"]]["activation_momentum_percentile"]
    assert found.is_signal_day
    assert found.as_of == found.last_signal_day


def test_when_t_is_a_week_end_both_lists_are_one() -> None:
    book = run_book(extend=1)  # 2026-01-02, a Friday
    today, week = (
        todays_list(*inputs_of("todays_setups", book, own=True)),
        todays_list(*inputs_of("todays_setups", book, own=True), signal_day=True),
    )
    assert str(today.as_of) == "2026-01-02"
    assert today.is_signal_day
    assert today == week


def test_preview_says_so() -> None:
    found = todays_list(*inputs_of("todays_setups", run_book(), own=True))
    assert str(found.as_of) == "2025-12-31"
    assert not found.is_signal_day
    assert str(found.last_signal_day) == "2025-12-26"
    assert "preview" in as_text(found)


def test_table_and_numbers() -> None:
    for book in every_book().values():
        table = book.lake.read("todays_setups", book.scenario)
        assert table.schema == TODAYS_SETUPS.schema
        footer = book.lake.footer("todays_setups", book.scenario)
        n = pc.sum(table["is_qualified"]).as_py() or 0
        assert footer.facts["numbers"]["qualified_today"] == n
        assert footer.facts["numbers"]["misses_today"] == table.num_rows - n <= MAX_MISSES
        for row in table.to_pylist():
            assert (row["failed_floors"] == "") == row["is_qualified"]
            assert all(-1 <= row[vote] <= 1 for vote in VOTES)


def test_best_percentile_first() -> None:
    rows = todays_list(*inputs_of("todays_setups", scenario_book("everything"), own=True)).qualified
    ranks = [-1.0 if r["percentile"] is None else r["percentile"] for r in rows]
    assert len(rows) > 5
    assert ranks == sorted(ranks, reverse=True)


def test_votes_are_those_of_the_replay() -> None:
    """The weighted votes give the technical score that the replay stored."""
    book = scenario_book("everything")
    stored: dict[str, float] = {}
    for bucket in range(book.lake.n_buckets):
        part = book.lake.read_bucket(book.candidates, bucket, ["ticker", "is_latest", "technical"])
        if part is not None:
            rows = part.filter(part["is_latest"])
            stored.update(zip(rows["ticker"].to_pylist(), rows["technical"].to_pylist(), strict=True))
    for row in todays_list(*inputs_of("todays_setups", book, own=True)).qualified:
        score = 50.0 + 50.0 * sum(w * row[vote] for w, vote in zip(VOTE_WEIGHTS, VOTES, strict=True))
        assert score == pytest.approx(stored[row["ticker"]], abs=1e-9)


def test_seed_ranks_rows() -> None:
    book = scenario_book("legacy")
    found = todays_list(*inputs_of("todays_setups", book, own=True))
    assert found.n_ranked == found.n_setups == 16
    week = todays_list(*inputs_of("todays_setups", book, own=True), signal_day=True)
    assert week.n_ranked == week.n_setups
    assert week.is_signal_day


@pytest.mark.parametrize(
    ("entry", "stop", "shares"),
    [
        (100.0, 95.0, 20.0),
        (100.0, 90.0, 10.0),
        (100.0, 99.9, 20.0),
        (100.0, 105.0, 20.0),
        (5.0, 5.0, 0.0),
        (0.0, 1.0, 0.0),
    ],
)
def test_size_by_hand(entry: float, stop: float, shares: float) -> None:
    assert size(entry, stop, 10_000.0, 0.01, 0.20) == pytest.approx(shares)


@given(st.floats(0.01, 1e5), st.floats(0.01, 1e5), st.floats(1.0, 1e9), st.floats(1e-4, 1.0), st.floats(1e-3, 1.0))
def test_size_never_risks_or_costs_more(entry: float, stop: float, capital: float, risk: float, cap: float) -> None:
    shares = size(entry, stop, capital, risk, cap)
    assert shares >= 0
    assert shares * abs(entry - stop) <= risk * capital * (1 + 1e-12)
    assert shares * entry <= cap * capital * (1 + 1e-12)


@pytest.mark.parametrize(
    ("known", "n_levels", "expected"),
    [
        ({}, 3, []),
        ({}, 0, ["0 levels in range, fewer than 3"]),
        ({"is_apart": 0.0, "is_stretched": 1.0, "stretch_atr": -2.62}, 5, ["close 2.6 ATR below EMA20"]),
        (
            {"is_apart": 1.0, "technical": 71.2, "momentum_score": 50.9, "is_stretched": 1.0, "stretch_atr": 3.0},
            2,
            ["technical score 71, momentum score 51", "close 3.0 ATR above EMA20", "2 levels in range, fewer than 3"],
        ),
    ],
)
def test_conflicts_in_words(known: dict[str, float], n_levels: int, expected: list[str]) -> None:
    assert conflicts(known, n_levels) == expected


def test_every_row_names_as_many_conflicts_as_its_risk_level_counts() -> None:
    rows = run_book().lake.read("todays_setups", "base").to_pylist()
    assert rows
    counts = [len(row["conflicts"].split("; ")) if row["conflicts"] else 0 for row in rows]
    assert [("Low", "Medium", "High")[min(n, 2)] for n in counts] == [row["risk_level"] for row in rows]


def test_a_setup_of_an_own_rule_has_no_conflicts_in_words():
    assert conflicts({}, None) == []
    assert conflicts({}, 2) == ["2 levels in range, fewer than 3"]
