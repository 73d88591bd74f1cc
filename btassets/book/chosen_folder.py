"""Folder of the book that Dagster's own commands show.

Belongs here: the rule for choosing it. Does not belong here: reading the book (`book.py`), the option `--book` of
`btassets` (`btassets.cli`).
"""

import os
from pathlib import Path

from btassets.book.new_book import DEMO_FOLDER, make_demo_book
from btassets.settings.load import FILE_NAME


def chosen_folder() -> Path:
    """Folder in BTASSETS_BOOK, else the current folder if it is a book, else the demo book, which is created."""
    named = os.environ.get("BTASSETS_BOOK")
    if named:
        return Path(named)
    here = Path.cwd()
    return here if (here / FILE_NAME).is_file() else make_demo_book(here / DEMO_FOLDER)
