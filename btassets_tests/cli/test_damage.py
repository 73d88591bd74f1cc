"""Damage to a book's files through the command line: named, made again, refused by commands that only read."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets.book.settings_copy import copy_of_settings
from btassets_tests.support.book_factory import call, different, make_book, report_bytes, tables_of
from btassets_tests.torture.damage import kinds_of

pytestmark = pytest.mark.long  # each test runs whole commands

UNNAMED = ("warehouse.json", "warehouse.duckdb", ".copies.parquet", ".copies.toml")
"""No number comes from them; they are written again without a word."""


def flip(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_bit_in_every_kind_of_file_is_told_and_made_again(book: Path, finished_book: Path) -> None:
    kinds = kinds_of(book)
    assert len(kinds) > 40
    hit = {kind: files[len(files) // 2] for kind, files in kinds.items()}
    for path in hit.values():
        flip(path)
    # What vouches for the report's files is damaged, too: they are written again without being looked at.
    named = [path for kind, path in hit.items() if kind not in UNNAMED and not kind.startswith("report.")]
    answer = call("doctor", "--book", book, "--deep")
    assert answer.code == 7
    # The journal's second copy is compared with its original by the check of the chain, which renews it.
    copies = [path for path in named if ".copies/journal" in path.as_posix()]
    assert [path for path in copies if f"{path}: damaged" not in answer.err] == []
    named = [path for path in named if path not in copies]
    assert f"{len(named) + 1} damaged files: `btassets run`" in answer.out, "and one second copy"
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 0, answer.err
    assert [str(path.relative_to(book)) for path in named if path.name not in answer.err] == []
    assert "Traceback" not in answer.err
    assert different(tables_of(book), tables_of(finished_book)) == []
    assert report_bytes(book) == report_bytes(finished_book)
    again = call("run", "--book", book, "--quiet")
    assert "damaged" not in again.err
    assert "nothing changed" in again.err
    assert call("doctor", "--book", book, "--deep").code == 0


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("ohlcv_history", ("export", "bars", "--out", "{out}/bars.csv")),
        ("ohlcv_history", ("sql", "select count(*) from ohlcv_history")),
        ("candidates", ("export", "candidates", "--out", "{out}/c.parquet")),
        ("candidates", ("sweep", "gates.min_rr=1,2", "--quiet")),
        ("trades", ("sql", "select * from trades")),
        ("todays_setups", ("export", "todays_setups", "--out", "{out}/t.json")),
    ],
)
def test_a_command_that_reads_refuses_what_is_damaged(
    book: Path, tmp_path: Path, table: str, words: tuple[str, ...]
) -> None:
    path = sorted((book / "data" / table).rglob("*.parquet"))[0]
    flip(path)
    for _ in range(2):
        answer = call(*(word.format(out=tmp_path) for word in words), "--book", book)
        assert answer.code == 7, answer
        assert f"{path}: damaged" in answer.err
        assert "`btassets run` rebuilds it" in answer.err
        assert answer.out == ""
    assert path.exists(), "a command that reads changes nothing"
    assert call("sql", "select count(*) from sessions", "--book", book).code == 0, "other tables are processed"


def test_a_report_that_was_cut_is_refused_and_written_again(book: Path, finished_book: Path) -> None:
    path = book / "reports" / "latest" / "report.json"
    path.write_bytes(path.read_bytes()[:1000])
    answer = call("report", "--book", book)
    assert answer.code == 7
    assert "report.json: damaged" in answer.err
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 0, answer.err
    assert "report.json: damaged" in answer.err
    assert report_bytes(book) == report_bytes(finished_book)


def test_damaged_bars_without_their_source_are_refused(
    tmp_path: Path, finished_book: Path, market_folder: Path
) -> None:
    book = Path(shutil.copytree(finished_book, tmp_path / "book", symlinks=True))
    market = Path(shutil.copytree(market_folder, tmp_path / "market"))
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace(str(market_folder), str(market)))
    assert call("run", "--book", book, "--quiet").code == 0
    before = tables_of(book)
    market.rename(tmp_path / "away")
    path = sorted((book / "data" / "ohlcv_history").glob("bucket-*"))[0]
    flip(path)
    for _ in range(2):
        answer = call("run", "--book", book, "--quiet")
        assert answer.code == 3, answer
        assert str(market) in answer.err
        assert call("export", "bars", "--book", book, "--out", tmp_path / "bars.csv").code == 7
    (tmp_path / "away").rename(market)
    assert call("run", "--book", book, "--quiet").code == 0
    assert different(tables_of(book), before) == []


def test_a_ticker_that_the_source_lost_is_named_when_its_bars_are_damaged(
    tmp_path: Path, finished_book: Path, market_folder: Path
) -> None:
    book = Path(shutil.copytree(finished_book, tmp_path / "book", symlinks=True))
    market = Path(shutil.copytree(market_folder, tmp_path / "market"))
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace(str(market_folder), str(market)))
    assert call("run", "--book", book, "--quiet").code == 0
    gone = sorted((market / "bars").iterdir())[0]
    gone.unlink()
    assert call("run", "--book", book, "--quiet").code == 0, "its bars stay in use"
    path = next(
        p for p in (book / "data" / "ohlcv_history").glob("bucket-*") if gone.stem in str(pq.read_table(p)["ticker"])
    )
    flip(path)
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 4, answer.err
    assert f"{gone.stem}: its bars were in a damaged file and are no longer in the source" in answer.err
    again = call("run", "--book", book, "--quiet")
    assert again.code == 0, again.err


def test_the_settings_of_the_last_run_are_kept(book: Path, tmp_path: Path, market_folder: Path) -> None:
    file = book / "btassets.toml"
    assert copy_of_settings(book).read_text() == file.read_text()
    file.write_text(file.read_text() + "\n# mine\n")
    assert "differs from" in call("doctor", "--book", book, "--deep").out
    assert call("run", "--book", book, "--quiet").code == 0
    assert copy_of_settings(book).read_text() == file.read_text()


@pytest.mark.parametrize("name", ["[x]*", "tab\there", "it's {a,b}"])
def test_a_book_in_a_folder_of_any_name(tmp_path: Path, finished_book: Path, market_folder: Path, name: str) -> None:
    neighbour = make_book(tmp_path / "x", market_folder)
    assert neighbour.exists()
    book = Path(shutil.copytree(finished_book, tmp_path / name, symlinks=True))
    shutil.rmtree(book / "data" / "graded_setups")
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 0, answer.err
    assert different(tables_of(book), tables_of(finished_book)) == []
    assert call("sql", "select count(*) from candidates", "--book", book).code == 0
    assert call("sweep", "gates.min_rr=1,2", "--quiet", "--book", book).code == 0
