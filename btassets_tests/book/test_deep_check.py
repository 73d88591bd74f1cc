"""`doctor --deep`: it reads every file and repairs nothing."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.book.book import Book, open_book
from btassets.book.deep_check import deep_check
from btassets.book.new_book import make_book
from btassets.sources.files.landed import write_landed


@pytest.fixture
def small(tmp_path: Path) -> Book:
    make_book(tmp_path / "book", {"source.kind": "demo", "storage.buckets": 4})
    book = open_book(tmp_path / "book", environ={})
    rows = pa.table({"ticker": ["A", "B"], "x": [1.0, 2.0]})
    book.lake.write("trades", rows, "h")
    book.lake.write("trials", rows, "h", "sweep-1")
    for bucket in (0, 3):
        book.lake.write_bucket("ohlcv_history", bucket, rows, {})
    write_landed(book.folder / "landing" / "bars" / "A.parquet", rows)
    return book


def test_a_whole_book_is_counted(small: Book) -> None:
    found = {checked.kind: checked for checked in deep_check(small)}
    assert {kind: (c.n_files, c.n_rows) for kind, c in found.items() if c.n_files} == {
        "btassets.toml": (1, 0),
        "data/ohlcv_history": (2, 4),
        "data/trades": (1, 2),
        "data/trials": (1, 2),
        "second copies": (1, 2),
        "landing/bars": (2, 4),
    }
    assert [line for c in found.values() for line in c.damaged] == []


def test_every_file_that_was_changed_is_named(small: Book) -> None:
    folder = small.folder
    hit = [
        folder / "data" / "trades" / "base.parquet",
        folder / "data" / "ohlcv_history" / "bucket-0003.parquet",
        folder / "data" / ".copies" / "trials" / "sweep-1.parquet",
        folder / "landing" / "bars" / "A.parquet",
        folder / "landing" / ".copies" / "A.parquet",
    ]
    for path in hit:
        content = bytearray(path.read_bytes())
        content[60] ^= 8
        path.write_bytes(content)
    copied = folder / "data" / "ohlcv_history" / "bucket-0001.parquet"
    copied.write_bytes((folder / "data" / "ohlcv_history" / "bucket-0000.parquet").read_bytes())
    foreign = folder / "data" / "trades" / "mine.parquet"
    pq.write_table(pa.table({"x": [1]}), foreign)
    record = folder / "data" / "candidates" / "checked.json"
    record.parent.mkdir()
    record.write_text("{}")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    damaged = [line for checked in deep_check(small) for line in checked.damaged]
    assert sorted(line.partition(": ")[0] for line in damaged) == sorted(map(str, [*hit, copied, foreign, record]))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_is_not_ours_is_a_note(small: Book) -> None:
    data = small.lake.root
    (data / "trades" / "notes.txt").write_text("mine")
    (data / "trades" / ".damaged-base.parquet").write_text("x")
    (data / "[x]*").mkdir()
    (data / "[x]*" / "a\tb").write_text("odd")
    found = deep_check(small)
    assert [line for checked in found for line in checked.damaged] == []
    notes = "\n".join(note for checked in found for note in checked.notes)
    for words in ("notes.txt: not a file of btassets", "set aside as damaged", "a\tb: not a file of btassets"):
        assert words in notes
