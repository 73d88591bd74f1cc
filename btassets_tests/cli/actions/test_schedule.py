"""The service of a book: names, units and crontab lines that quote any folder."""

import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from btassets.cli.actions.schedule import command_line, crontab_line, unit_name, unit_text


def book_at(folder):
    return SimpleNamespace(folder=Path(folder), instance=Path(folder) / ".dagster")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/books/my book", "btassets-my-book.service"),
        ("/x/Räume_2024!", "btassets-r-ume-2024.service"),
        ("/x/--a--", "btassets-a.service"),
    ],
)
def test_a_unit_is_named_after_its_folder(folder, name):
    assert unit_name(book_at(folder)) == name


def test_a_unit_starts_the_daemon_of_its_own_book():
    text = unit_text(book_at('/books/my "100%" $book\\x'))
    start = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    assert start.endswith(r'"ui" "--no-page" "--book" "/books/my \"100%%\" $$book\\x"')
    assert f'"{sys.executable}"' in start
    assert "of my" in text.splitlines()[1]
    assert "100%%" in text.splitlines()[1]
    assert "Restart=on-failure" in text


def test_a_crontab_line_is_read_back_as_the_command():
    book = book_at("/books/my 100% book")
    line = crontab_line(book)
    assert line.startswith("@reboot ")
    assert r"100\%" in line
    words = shlex.split(line.replace("\\%", "%"))
    assert words[1 : 1 + len(command_line(book))] == command_line(book)
    assert words[-3:] == [">>", "/books/my 100% book/.dagster/daemon.log", "2>&1"]
