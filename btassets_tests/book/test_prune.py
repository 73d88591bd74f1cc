"""What `prune` deletes of a book's files."""

import datetime as dt
from pathlib import Path

from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.book.prune import prune_files


def test_only_old_folders_that_btassets_made_go(tmp_path: Path) -> None:
    make_book(tmp_path / "[x]*", {"source.kind": "demo"})
    book = open_book(tmp_path / "[x]*", environ={})
    done = book.folder / "landing" / "done"
    for name in ("2021-01-04", "2021-04-01", "20210104", "2021-W01-1", "mine", "[a]*"):
        (done / name).mkdir(parents=True)
    (done / "2020-01-01").write_text("no folder")
    assert prune_files(book, 30, dt.date(2021, 4, 2)) == ["landing/done/2021-01-04"]
    assert sorted(p.name for p in done.iterdir()) == sorted(
        ["2021-04-01", "20210104", "2021-W01-1", "mine", "[a]*", "2020-01-01"]
    )
