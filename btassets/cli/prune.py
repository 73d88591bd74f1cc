"""`prune`: forget old runs, landed files and reports.

Belongs here: the words of the command. Does not belong here: what is old (`btassets.instance.old_runs`,
`btassets.book.prune`).
"""

import argparse
import datetime as dt

from btassets.book.book import open_book
from btassets.book.prune import prune_files
from btassets.cli.terminal import say
from btassets.cli.where import folder_of
from btassets.storage.lock import book_lock


def command_prune(arguments: argparse.Namespace) -> int:
    """Delete what is neither among the newest runs nor young; numbers and tables stay."""
    book = open_book(folder_of(arguments))
    from btassets.instance.dagster_home import open_instance
    from btassets.instance.database_refusals import database_refusals
    from btassets.instance.old_runs import delete_runs, old_runs

    now = dt.datetime.now(dt.UTC)
    with (
        book_lock(book.folder, "prune", wait=False),
        database_refusals(book.instance),
        open_instance(book.instance) as instance,
    ):
        runs = old_runs(instance, arguments.keep_runs, arguments.keep_days, now)
        if arguments.dry_run:
            say(f"{len(runs)} runs would be forgotten")
            return 0
        delete_runs(instance, runs, book.instance)
        gone = prune_files(book, arguments.keep_days, now.date())
    say(f"{len(runs)} runs forgotten, {len(gone)} folders of reports and landed files deleted")
    return 0
