"""Opening a `files` source: the path starts from the book's folder, and an empty one is refused."""

from pathlib import Path

import pytest

from btassets.errors import NoBarsError
from btassets.settings.models import Settings
from btassets.settings.source_settings import Source, SourceColumns
from btassets.sources.files.open_files import open_files


def test_a_relative_path_starts_from_the_book_and_columns_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "x_ABC.csv").write_text("day,open,high,low,close,volume\n2024-01-02,1,2,1,1.5,100\n")
    source = Source(kind="files", path="bars", basis="raw", ticker_pattern="x_(.+)", columns=SourceColumns(date="day"))
    opened = open_files(Settings(source=source), tmp_path, None)
    assert (opened.tickers(), opened.basis) == (["ABC"], "raw")
    assert opened.fetch("ABC").close.tolist() == [1.5]


def test_an_empty_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoBarsError, match=r"source\.path"):
        open_files(Settings(source=Source(kind="files")), tmp_path, None)
