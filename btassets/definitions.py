"""Definitions of one book, for Dagster to load.

The only module that reads a book at import (`btassets.book.chosen_folder`).
"""

import os

from btassets.arrivals.of_book import known_tickers
from btassets.book.book import open_book
from btassets.book.chosen_folder import chosen_folder
from btassets.compiled import use_cache_folder
from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource
from btassets.instance.dagster_home import write_home
from btassets.instance.other_instances import notice
from btassets.instance.processes.fork_server import fork_runs
from btassets.masking import remember_environment

use_cache_folder()
remember_environment(os.environ)
fork_runs()


_book = open_book(chosen_folder())
if _book.base.executor.kind == "celery":
    write_home(_book.instance)  # a host on which no command has run yet
_notice = notice(_book.instance, lambda: known_tickers(_book))

defs = book_defs(BookResource.of(_book), _book.base.executor.shards, automated=_book, notice=_notice)
