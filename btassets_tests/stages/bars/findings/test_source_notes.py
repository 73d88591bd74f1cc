"""What a source lists against what a book knows and names."""

from pathlib import Path

from btassets.book.book import open_book
from btassets.engine.market.raw_bars import Problem
from btassets.run.tables import inputs_of
from btassets.stages.bars.findings.source_notes import TABLE, SourceNotes, look_at_list, read_notes, write_notes
from btassets_tests.support.situations import files_of, folder_of, look, market, new_book


def test_notes_are_kept_and_compared(tmp_path: Path) -> None:
    folder = new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(market(3))))
    book = look(folder).book
    tables, settings = inputs_of(TABLE, book)
    assert read_notes(tables.writer(TABLE)) == SourceNotes()
    passed_over = Problem("", "Q2", "info", None, 2, "2 files were passed over.")
    notes = look_at_list(tables, settings, {"S0", "S2"}, [passed_over])
    assert notes.gone == ["S1"]
    assert [row[:3] for row in notes.problems] == [["S1", "Q28", "warn"], ["", "Q2", "warn"]]
    write_notes(tables.writer(TABLE), notes)
    assert read_notes(tables.writer(TABLE)) == notes
    (book.lake.root / "ohlcv_history" / "source.json").write_text("[1")
    assert read_notes(tables.writer(TABLE)) is None


def test_members_that_the_source_lacks_are_counted(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", files_of(market(2)))
    members = tmp_path / "members.csv"
    members.write_text("ticker,start,end\ns0,,\nS1,2020-01-06,20210101\nGONE,,\n")
    folder = new_book(tmp_path / "b", source, universe__membership=str(members))
    tables, settings = inputs_of(TABLE, open_book(folder, environ={}))
    notes = look_at_list(tables, settings, {"S0", "S1"}, [])
    assert [row[5] for row in notes.problems] == ["members.csv names 1 tickers that are not in the source (GONE)."]
    found = look(folder)
    assert list(found.book.lake.ticker_footers("ohlcv_history")) == ["S0", "S1"]
