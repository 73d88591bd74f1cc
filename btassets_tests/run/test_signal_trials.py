"""The ledger of own signals: each judged content counts once, and a run that adds itself is fresh."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from btassets.book.book import open_book
from btassets.engine.statistics.families import benjamini_hochberg
from btassets.plan import explain
from btassets.run.run_stage import run_stage
from btassets.run.signal_trials import read_signal_trials, signals_tried, signals_tried_version, write_signal_trials
from btassets_tests.support.own_panel import window

DAY = dt.date(2021, 12, 31)


def rows(*contents: str) -> list[dict[str, object]]:
    return [{"signal": "idea", "content": content, "last_session": DAY} for content in contents]


def test_a_try_counts_once_and_in_order(book: Path) -> None:
    opened = open_book(book, environ={})
    assert (signals_tried(opened), signals_tried_version(opened)) == (frozenset(), None)
    write_signal_trials(opened, rows("a", "b"))
    write_signal_trials(opened, rows("b", "c"))
    write_signal_trials(opened, [])
    ledger = read_signal_trials(opened).to_pylist()
    assert [(row["trial_no"], row["content"], row["scenario"]) for row in ledger] == [
        (1, "a", "base"), (2, "b", "base"), (3, "c", "base"),
    ]  # fmt: skip
    assert signals_tried(opened) == {("idea", "a"), ("idea", "b"), ("idea", "c")}


def test_the_ledger_has_a_second_copy(book: Path) -> None:
    opened = open_book(book, environ={})
    write_signal_trials(opened, rows("a"))
    opened.lake.path("signal_trials").unlink()
    assert signals_tried(open_book(book, environ={})) == {("idea", "a")}


@pytest.mark.parametrize("edited", ["w.close[-2]", "w.close[-1]"])
def test_another_idea_widens_the_family_and_a_comment_does_not(book: Path, edited: str) -> None:
    (book / "own").mkdir()
    for text in (window("return w.close[-1] / w.close[0]"), window(f"return {edited} / w.close[0]  # again")):
        (book / "own" / "idea.py").write_text(text)
        for stage in ("own_signals", "stat_signals"):
            run_stage(stage, open_book(book, environ={}))
    opened = open_book(book, environ={})
    n_tried = 1 if edited == "w.close[-1]" else 2
    assert read_signal_trials(opened).num_rows == n_tried
    table = opened.lake.read("stat_signals").to_pylist()
    assert {row["n_tried"] for row in table if row["signal"] == "idea"} == {n_tried}
    assert {row["n_tried"] for row in table if row["signal"] != "idea"} == {None}
    assert not {stale.name for stale in explain(opened)} & {"own_signals", "stat_signals"}


def test_a_family_counts_tests_without_a_p_value_as_if_they_found_nothing() -> None:
    p = np.array([0.004, np.nan, 0.03])
    padded = benjamini_hochberg(np.concatenate([p[[0, 2]], np.ones(10)]))[:2]
    np.testing.assert_allclose(benjamini_hochberg(p, 12)[[0, 2]], padded)
