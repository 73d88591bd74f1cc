"""A cut or foreign settings file never turns a book into another market."""

from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.book.source_mark import remember_source
from btassets.errors import BtassetsError, ForeignBarsError, SettingsFileError
from btassets_tests.support.book_factory import call, lake_files, report_bytes


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.1, 0.35, 0.61, 0.9])
def test_a_cut_file_is_refused_and_nothing_changes(book: Path, kept: float) -> None:
    file = book / "btassets.toml"
    text = file.read_text()
    assert call("run", "--book", book, "--quiet").code == 0  # keeps a copy of the settings
    end = int(len(text) * kept)
    while end and text[end - 1] == "\n":
        end -= 1
    file.write_text(text[:end])
    report, tables = report_bytes(book), lake_files(book)
    for words in (["run", "--quiet"], ["ingest"], ["today"], ["doctor"], ["config"], ["sweep", "gates.min_rr=1,2"]):
        answer = call(*words, "--book", book)
        assert answer.code == 2, (words, answer.err)
        assert "btassets.toml" in answer.err
    assert report_bytes(book) == report
    assert lake_files(book) == tables


def test_removing_the_end_of_the_file_on_purpose_is_no_cut(book: Path) -> None:
    file = book / "btassets.toml"
    text = file.read_text()
    file.write_text(text + "\n[scenario.x.gates]\nmin_rr = 2.0\n")
    assert call("run", "--book", book, "--quiet").code == 0
    file.write_text(text)
    assert call("config", "--book", book).code == 0


def test_the_missing_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "btassets.toml").write_text("[gates]\nmin_rr = 2.0\n")
    with pytest.raises(SettingsFileError, match=r"source\.kind is not set"):
        open_book(tmp_path, environ={})
    assert open_book(tmp_path, environ={"BTASSETS__SOURCE__KIND": "demo"}).base.source.kind == "demo"


def test_the_dagster_page_refuses_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from btassets.defs.resources import BookResource

    (tmp_path / "btassets.toml").write_text("")
    with pytest.raises(SettingsFileError):
        BookResource(folder=str(tmp_path)).open()


def test_bars_of_another_kind_of_source_are_refused(book: Path) -> None:
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace('kind = "files"', 'kind = "demo"'))
    tables = lake_files(book)
    answer = call("run", "--book", book)
    assert answer.code == 2
    assert 'source.kind = "demo"' in answer.err
    assert 'came from source "files"' in answer.err
    assert lake_files(book) == tables
    with pytest.raises(ForeignBarsError):
        open_book(book)


def test_a_mark_without_bars_or_a_torn_one_stops_nothing(tmp_path: Path) -> None:
    folder = make_book(tmp_path / "book", {"source.kind": "files", "source.path": str(tmp_path)})
    remember_source(folder / "data", "tiingo")
    assert open_book(folder, environ={}).base.source.kind == "files"
    (folder / "data" / "source.json").write_text('{"kind": "ti')
    assert open_book(folder, environ={}).base.source.kind == "files"


def test_demo_writes_its_source_and_never_takes_over_a_book(book: Path) -> None:
    text = (book / "btassets.toml").read_text()
    answer = call("demo", "--book", book, "--tickers", "5")
    assert answer.code == 2
    assert "bars of your own" in answer.err
    assert (book / "btassets.toml").read_text() == text


def test_every_refusal_is_one_of_ours(tmp_path: Path) -> None:
    for text in ("[" * 5_000, "a = " + "[" * 5_000, "x = " + "9" * 10_000, "\ufeff[source]\nkind = 'demo'\nx = 1"):
        (tmp_path / "btassets.toml").write_text(text)
        with pytest.raises(BtassetsError) as caught:
            open_book(tmp_path)
        assert caught.value.exit_code == 2
    (tmp_path / "btassets.toml").write_text("\ufeff[source]\nkind = 'demo'\n")
    assert open_book(tmp_path).base.source.kind == "demo"
