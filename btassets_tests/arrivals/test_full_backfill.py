"""A full read that was cut short resumes with the tickers that are left, for a day."""

import os
import time
from types import SimpleNamespace

import pytest

from btassets.arrivals.full_backfill import FullBackfill


@pytest.fixture
def book(tmp_path):
    return SimpleNamespace(lake=SimpleNamespace(root=tmp_path))


def test_noted_tickers_are_left_out_until_the_read_is_finished(book):
    read = FullBackfill(book, "run-1")
    assert read.remaining(["B", "A", "C"]) == ["B", "A", "C"]
    read.note(["A"])
    read.note(["C", "X"])
    again = FullBackfill(book, "run-1")
    assert again.remaining(["B", "A", "C"]) == ["B"]
    assert FullBackfill(book, "run-2").remaining(["A"]) == ["A"]
    again.finish()
    again.finish()
    assert FullBackfill(book, "run-1").remaining(["B", "A"]) == ["B", "A"]


@pytest.mark.parametrize(("age_hours", "left"), [(23.9, []), (24.1, ["A"])])
def test_progress_older_than_a_day_is_forgotten(book, age_hours, left):
    FullBackfill(book, "old").note(["A"])
    (path,) = book.lake.root.rglob("*.txt")
    then = time.time() - age_hours * 3600
    os.utime(path, (then, then))
    assert FullBackfill(book, "old").remaining(["A"]) == left


def test_a_token_with_slashes_stays_in_the_folder(book):
    FullBackfill(book, "../../run/1").note(["A"])
    (path,) = book.lake.root.rglob("*.txt")
    assert path.parent.parent == book.lake.root
    assert FullBackfill(book, "../../run/1").remaining(["A", "B"]) == ["B"]
