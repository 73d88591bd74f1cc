"""Replays that no scenario uses: the oldest go, those of scenarios stay."""

import os

from btassets.book.book import open_book
from btassets.book.replays import drop_replays, unused_replays
from btassets_tests.support.small_books import run_as, run_book


def planted(book, name, age):
    for table in ("candidates", "signals"):
        folder = book.lake.root / table / name
        folder.mkdir(parents=True)
        (folder / "bucket-0000.parquet").write_bytes(b"x")
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    book.lake.path("factor_signals", name).write_bytes(b"x")


def test_the_newest_are_kept_and_those_of_scenarios_always():
    book = run_book()
    used = run_as(book, "own-stop", engine__atr_stop_multiple=2.0)
    assert used.replay.startswith("replay-")
    opened = open_book(book.folder)
    drop_replays(opened, 0)  # other tests share the book
    assert unused_replays(opened) == drop_replays(opened, 0) == []
    for name, age in (("replay-new", 1), ("replay-old", 3), ("replay-mid", 2)):
        planted(opened, name, age)
    assert unused_replays(opened) == ["replay-old", "replay-mid", "replay-new"]
    gone = drop_replays(opened, 2)
    assert gone == ["data/candidates/replay-old", "data/signals/replay-old", "data/factor_signals/replay-old.parquet"]
    assert unused_replays(opened) == ["replay-mid", "replay-new"]
    assert drop_replays(opened, 2) == []
    assert len(drop_replays(opened, 0)) == 6
    assert opened.lake.bucket_files(used.candidates)
    assert opened.lake.bucket_files(opened.candidates)
    assert opened.lake.footer("factor_signals", used.replay) is not None
