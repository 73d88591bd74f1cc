"""Deletes old landing files and old reports of a book.

Belongs here: what is old enough. Does not belong here: runs of the Dagster instance
(`btassets.instance.runs.old_runs`).
"""

import datetime as dt
import shutil

from btassets.book.book import Book
from btassets.book.replays import drop_replays
from btassets.book.report_folders import sweep_reports
from btassets.storage.files import sweep, writing


def prune_files(book: Book, keep_days: int, today: dt.date) -> list[str]:
    """Delete landed files and reports beyond the limits, and temporary files of dead writers.

    Landed files are in `landing/done/DATE` and are kept `keep_days` days; `storage.keep_reports` reports and
    `storage.keep_replays` replays of no scenario are kept.

    Returns
    -------
    list of str
        Deleted paths, relative to the book's folder.
    """
    gone: list[str] = []
    done = book.folder / "landing" / "done"
    for folder in sorted(done.iterdir()) if done.is_dir() else []:
        try:
            day = dt.date.fromisoformat(folder.name)
        except ValueError:
            continue
        if folder.is_dir() and folder.name == day.isoformat() and (today - day).days > keep_days:
            with writing(folder):
                shutil.rmtree(folder)
            gone.append(str(folder.relative_to(book.folder)))
    if book.reports.is_dir():
        gone += [f"{book.reports.name}/{name}" for name in sweep_reports(book.reports, book.base.storage.keep_reports)]
    gone += drop_replays(book, book.base.storage.keep_replays)
    for root in (book.lake.root, book.reports):
        sweep(root)
    return gone
