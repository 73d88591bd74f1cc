"""Definitions of one book, for Dagster to load.

The only module that reads a book at import: the folder in BTASSETS_BOOK, else the current folder if it contains
`btassets.toml`, else the demo book `.btassets/demo`, which is created if it does not exist.
"""

import os
from pathlib import Path

from btassets.arrivals.of_book import active_tickers
from btassets.book.book import open_book
from btassets.book.new_book import DEMO_FOLDER, make_demo_book
from btassets.compiled import use_cache_folder
from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource
from btassets.instance.other_instances import notice
from btassets.instance.processes.fork_server import fork_runs
from btassets.masking import remember_environment
from btassets.settings.load import FILE_NAME

use_cache_folder()
remember_environment(os.environ)
fork_runs()


def book_folder() -> Path:
    """Folder of the book to load."""
    named = os.environ.get("BTASSETS_BOOK")
    if named:
        return Path(named)
    here = Path.cwd()
    return here if (here / FILE_NAME).is_file() else make_demo_book(here / DEMO_FOLDER)


_book = open_book(book_folder())
_notice = notice(_book.instance, lambda: active_tickers(_book))

defs = book_defs(BookResource.of(_book), _book.base.executor.shards, automated=_book, notice=_notice)
