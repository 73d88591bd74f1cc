"""The text of a small CSV file: without its byte order mark, or refused with the setting that names it."""

from pathlib import Path

import pytest

from btassets.book.table_text import text_of_table
from btassets.errors import SettingError


def refuse(problem: str) -> SettingError:
    return SettingError("holdings.file", "h.csv", problem, "btassets.toml")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_bytes(b"\xef\xbb\xbfticker,shares\nA,1\n")
    assert text_of_table(tmp_path / "h.csv", "ticker and shares", refuse) == "ticker,shares\nA,1\n"


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"no such file.*name a CSV file with the columns ticker and shares"):
        text_of_table(tmp_path / "h.csv", "ticker and shares", refuse)
    (tmp_path / "h.csv").write_bytes("ticker,shares".encode("utf-16"))
    with pytest.raises(SettingError, match="is not UTF-8 text; save it as CSV in UTF-8"):
        text_of_table(tmp_path / "h.csv", "ticker and shares", refuse)
