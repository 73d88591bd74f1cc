"""Whole stages side by side: what waits for what, and what a refusal stops."""

import threading
from pathlib import Path

import pytest

from btassets.book.book import Book, open_book
from btassets.errors import TableContractError
from btassets.graph.flow import STAGES, upstream
from btassets.run import run_stage as module
from btassets.run.run_stage import run_stages
from btassets.run.stage_result import StageOutcome

NAMES = ("percentile_ranks", "graded_setups", "setup_group_stats", "calibration", "stat_portfolio", "setup_stats")


class Work:
    """Stages that do nothing but note when they began and ended."""

    def __init__(self, refused: str = "", met: tuple[str, str] | None = None) -> None:
        self.refused = refused
        self.met = met
        self.barrier = threading.Barrier(2, timeout=300.0)
        self.notes: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def __call__(self, name: str, _book: Book) -> StageOutcome:
        with self.lock:
            self.notes.append(("began", name))
        if self.met and name in self.met:
            self.barrier.wait()
        if name == self.refused:
            raise TableContractError(name, "refused")
        with self.lock:
            self.notes.append(("ended", name))
        return StageOutcome(name, is_cached=False, footers={})


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_stage_begins_when_what_it_reads_has_ended(
    book: Path, monkeypatch: pytest.MonkeyPatch, n_threads: int
) -> None:
    work = Work()
    monkeypatch.setattr(module, "run_stage", work)
    found = [outcome.name for outcome in run_stages(NAMES, open_book(book, environ={}), n_threads=n_threads)]
    assert sorted(found) == sorted(NAMES)
    for name in NAMES:
        for read in set(upstream(STAGES[name])) & set(NAMES):
            assert work.notes.index(("ended", read)) < work.notes.index(("began", name))


def test_stages_that_do_not_read_each_other_run_side_by_side(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each waits until the other has begun too: one after the other they would never end.
    work = Work(met=("setup_group_stats", "stat_portfolio"))
    monkeypatch.setattr(module, "run_stage", work)
    found = [outcome.name for outcome in run_stages(NAMES, open_book(book, environ={}), n_threads=2)]
    assert set(found) == set(NAMES)


def test_a_refusal_stops_what_has_not_begun_and_loses_nothing_that_ended(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(refused="setup_group_stats", met=("setup_group_stats", "stat_portfolio"))
    monkeypatch.setattr(module, "run_stage", work)
    found: list[str] = []
    with pytest.raises(TableContractError, match="refused"):
        found.extend(outcome.name for outcome in run_stages(NAMES, open_book(book, environ={}), n_threads=2))
    assert ("began", "setup_stats") not in work.notes
    ended = [name for what, name in work.notes if what == "ended"]
    assert set(ended) == {"percentile_ranks", "graded_setups", "stat_portfolio"} | (set(ended) & {"calibration"})
