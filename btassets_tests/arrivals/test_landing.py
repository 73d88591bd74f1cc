"""Files that land in a book: taken whole, kept, joined with the source, or left with a reason."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from btassets.arrivals.landing import look_for_landed, take_landed
from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book
from btassets.cli.main import main
from btassets.errors import EXIT_SOME_TICKERS
from btassets.sources.open_source import open_source
from btassets.stages.bars.ohlcv_history import TABLE
from btassets_tests.support.small_market import N_BARS, bars, make_book, sessions, write

NEXT = sessions(1, dt.date(2024, 7, 1))[0]
TODAY = dt.date(2024, 7, 2)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = make_book(tmp_path, 4)
    ingest(made, plan_ingest(made).stale)
    (made.folder / "landing").mkdir()
    return made


def _drop(book: Book, name: str, table: pa.Table) -> Path:
    path = book.folder / "landing" / name
    pq.write_table(table, path)
    return path


def _one_bar(seed: int) -> pa.Table:
    return bars(seed, sessions(N_BARS + 1, NEXT)).slice(N_BARS)


def _ingested(book: Book) -> dict[str, dict]:
    ingest(book, plan_ingest(book).stale)
    return book.lake.ticker_footers(TABLE)


def test_landed_bar_is_joined_and_its_file_moved(book: Book) -> None:
    _drop(book, "T001.parquet", _one_bar(1))
    taken = take_landed(book, 0.0, TODAY)
    assert (taken.tickers, taken.n_files, taken.refused) == (["T001"], 1, {})
    assert plan_ingest(book).stale == ["T001"]
    footers = _ingested(book)
    assert [footers[name]["n_rows"] for name in ("T000", "T001")] == [N_BARS, N_BARS + 1]
    assert plan_ingest(book).stale == [], "what was taken is not news again"
    landing = book.folder / "landing"
    assert [p.name for p in (landing / "done" / str(TODAY)).iterdir()] == ["T001.parquet"]
    assert not look_for_landed(book, 0.0).ready


def test_source_that_catches_up_counts(book: Book) -> None:
    wrong = _one_bar(1)
    wrong = wrong.set_column(5, "volume", pc.multiply(wrong["volume"], 2.0))
    _drop(book, "T001.parquet", wrong)
    take_landed(book, 0.0)
    _ingested(book)
    write(book.folder.parent / "bars", "T001", 1, sessions(N_BARS + 1, NEXT))
    assert open_source(book.base, book.folder).fetch("T001").volume[-1] == 2e6
    assert _ingested(book)["T001"]["n_rows"] == N_BARS + 1


def test_new_ticker_and_long_file(book: Book) -> None:
    days = sessions(N_BARS)
    table = pa.concat_tables(
        bars(seed, days).append_column("ticker", pa.array([name] * len(days))) for seed, name in ((7, "NEW"), (8, "T9"))
    )
    _drop(book, "all.parquet", table)
    assert take_landed(book, 0.0).tickers == ["NEW", "T9"]
    assert {"NEW", "T9"} <= set(plan_ingest(book).listed)
    assert _ingested(book)["NEW"]["n_rows"] == N_BARS


def test_bad_files_stay_with_a_reason_and_the_others_go_on(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    cut = _drop(book, "CUT.parquet", bars(5, sessions(N_BARS)))
    cut.write_bytes(cut.read_bytes()[:3000])
    moved = bars(2, sessions(N_BARS)).slice(N_BARS - 40)
    for column in (1, 2, 3, 4):
        name = moved.column_names[column]
        moved = moved.set_column(column, name, pa.array(moved[name].to_numpy() * 0.5))
    _drop(book, "T002.parquet", moved)
    _drop(book, "T003.parquet", _one_bar(3))
    (book.folder / "landing" / "notes.txt").write_text("no bars")
    taken = take_landed(book, 0.0)
    assert (taken.tickers, taken.n_files) == (["T003"], 1)
    assert "cannot be read as Parquet" in taken.refused["CUT.parquet"]
    assert "another basis" in taken.refused["T002.parquet"]
    assert cut.exists()
    assert look_for_landed(book, 0.0).ready == [], "refused files are not read again until they change"
    assert main(["ingest", "--book", str(book.folder), "--quiet"]) == EXIT_SOME_TICKERS
    said = capsys.readouterr().err
    assert "landing/CUT.parquet stays there" in said
    assert "landing/T002.parquet stays there" in said


def test_half_written_file_waits(book: Book) -> None:
    path = _drop(book, "T001.parquet", _one_bar(1))
    found = look_for_landed(book, 3600.0)
    assert (found.ready, found.unsettled) == ([], [path])
    taken = take_landed(book, 3600.0)
    assert (taken.n_files, taken.unsettled) == (0, ["T001.parquet"])
    assert path.exists()


def test_later_file_of_the_same_name_is_kept_beside_the_first(book: Book) -> None:
    for seed in (1, 1):
        _drop(book, "T001.parquet", _one_bar(seed))
        take_landed(book, 0.0, TODAY)
    done = book.folder / "landing" / "done" / str(TODAY)
    assert sorted(p.name for p in done.iterdir()) == ["2-T001.parquet", "T001.parquet"]


def test_lake_is_rebuilt_with_what_landed(book: Book) -> None:
    _drop(book, "T001.parquet", _one_bar(1))
    take_landed(book, 0.0)
    before = _ingested(book)
    for path in book.lake.bucket_files(TABLE):
        path.unlink()
    assert _ingested(book)["T001"]["version"] == before["T001"]["version"]
    dates = open_source(book.base, book.folder).fetch("T001").dates
    assert bool((np.diff(dates) > 0).all())


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_landed_bars_that_were_damaged_come_back_from_their_second_copy(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    _drop(book, "T001.parquet", _one_bar(1))
    take_landed(book, 0.0, TODAY)
    before = _ingested(book)["T001"]
    kept = book.folder / "landing" / "bars" / "T001.parquet"
    for _ in range(2):
        _flip(kept)
        again = _ingested(book)["T001"]
        assert (again["version"], again["n_rows"], again["blocked"]) == (before["version"], N_BARS + 1, None)
        assert f"{kept}: damaged" in caplog.text
        assert "and restored from its second copy" in caplog.text
        caplog.clear()


def test_landed_bars_that_are_lost_twice_block_their_ticker_alone(book: Book) -> None:
    for number in (1, 2):
        _drop(book, f"T00{number}.parquet", _one_bar(number))
    take_landed(book, 0.0, TODAY)
    before = _ingested(book)
    landing = book.folder / "landing"
    for folder in ("bars", ".copies"):
        _flip(landing / folder / "T001.parquet")
    for _ in range(2):
        after = _ingested(book)
        assert "and so is its second copy" in after["T001"]["blocked"]
        assert after["T001"]["n_rows"] == N_BARS + 1, "the bars of the book stay in use"
        assert after["T001"]["version"] == before["T001"]["version"]
        assert after["T002"]["blocked"] is None
    _drop(book, "T001.parquet", _one_bar(1))
    refused = take_landed(book, 0.0, TODAY).refused
    assert "delete it" in refused["T001.parquet"]
    (landing / "bars" / "T001.parquet").unlink()
    (landing / ".refused.json").unlink()
    assert take_landed(book, 0.0, TODAY).tickers == ["T001"]
    assert _ingested(book)["T001"]["blocked"] is None
