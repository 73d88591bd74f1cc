"""Rows of an earlier replay that are kept: the lake after many evenings equals one made at once, byte for byte."""

from pathlib import Path

import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.plan import replay_in_process
from btassets.run.run_stage import run_stage
from btassets.stages.replay import candidates
from btassets_tests.support.book_factory import make_book
from btassets_tests.support.evenings import needed_for
from btassets_tests.support.growing_market import GrowingMarket

N_BARS, N_EVENINGS = 420, 10
TABLES = ("candidates", "signals", "factor_signals", "percentile_ranks", "graded_setups", "sessions")


def run(folder: Path) -> Book:
    book = open_book(folder, environ={}, mends=True)
    ingest(book, plan_ingest(book).stale)
    for name in needed_for("graded_setups"):
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=lambda _: None)
        elif name != "ohlcv_history":
            run_stage(name, book)
    return book


def files(folder: Path) -> dict[str, bytes]:
    root = folder / "data"
    return {
        str(p.relative_to(root)): p.read_bytes() for name in TABLES for p in sorted((root / name).rglob("*.parquet"))
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_evening_by_evening_gives_the_files_of_one_run(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = GrowingMarket(tmp_path, seed, N_BARS, N_EVENINGS)
    columns = {f"source__columns__{name}": name for name in ("dividend", "split")}
    options = {"source__basis": "raw", "storage__buckets": 4, **columns}
    make_book(tmp_path / "book", tmp_path, **options)
    replayed: list[tuple[str, int]] = []
    plain = candidates.replay_one

    def noted(item, inputs, first=0):
        replayed.append((item.ticker, first))
        return plain(item, inputs, first)

    monkeypatch.setattr(candidates, "replay_one", noted)
    for k in range(N_EVENINGS):
        event = market.evening(k)
        replayed.clear()
        run(tmp_path / "book")
        kept = [ticker for ticker, first in replayed if first]
        if event in ("dividend", "split", "none") and k:
            assert len(kept) >= len(replayed) - (k == 4)  # all but a new listing
        if event == "benchmark":
            assert not kept
    make_book(tmp_path / "fresh", tmp_path, **options)
    run(tmp_path / "fresh")
    ours, theirs = files(tmp_path / "book"), files(tmp_path / "fresh")
    assert list(ours) == list(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []
