"""`prune`: delete old runs, landed files and reports.

Belongs here: what the command prints. Does not belong here: what is old (`btassets.instance.runs.old_runs`,
`btassets.book.prune`).
"""

import datetime as dt
from pathlib import Path

from btassets.book.book import open_book
from btassets.book.prune import prune_files
from btassets.cli.terminal import say
from btassets.cli.where import folder_of
from btassets.storage.lock import book_lock


def command_prune(*, book: Path | None, keep_runs: int, keep_days: int, dry_run: bool) -> int:
    """Delete runs that are neither among the newest nor recent; tables are never deleted."""
    opened = open_book(folder_of(book))
    from btassets.instance.dagster_home import open_instance
    from btassets.instance.runs.old_runs import delete_runs, old_runs

    now = dt.datetime.now(dt.UTC)
    with book_lock(opened.folder, "prune", wait=False), open_instance(opened.instance) as instance:
        runs = old_runs(instance, keep_runs, keep_days, now)
        if dry_run:
            say(f"{len(runs)} runs would be deleted")
            return 0
        n_runs = delete_runs(instance, runs, opened.instance)
        gone = prune_files(opened, keep_days, now.date())
    say(f"{n_runs} runs deleted, {len(gone)} folders of reports and landed files deleted")
    return 0
