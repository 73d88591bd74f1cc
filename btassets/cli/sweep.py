"""`sweep`: a grid over settings, thousands of books over one replay.

Belongs here: the words, progress, where the files lie. Does not belong here: any number.
"""

import argparse
import json
import shutil
import webbrowser
from typing import Any

from btassets.book.book import Book
from btassets.cli.look import write_table
from btassets.cli.run import waiting
from btassets.cli.terminal import Progress, say
from btassets.cli.where import book_of
from btassets.compiled import use_cache_folder
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.files import replace_text
from btassets.storage.lock import book_lock

_FILES = ("sweep.html", "sweep.json", "sweep.csv")


def command_sweep(arguments: argparse.Namespace) -> int:
    """Run every cell of a grid, print its field and its best cells, and write its page."""
    book = book_of(arguments)
    start_arrow_alone()
    use_cache_folder()
    from btassets.storage.warehouse import refresh_views
    from btassets.studies.sweep.sweep import sweep_document, sweep_table

    progress = Progress(is_quiet=arguments.quiet)
    with book_lock(book.folder, "sweep", wait=not arguments.no_wait, on_wait=waiting):
        document = sweep_document(
            book,
            arguments.grid,
            policy=arguments.exit,
            by=arguments.by,
            progress=lambda done, total: progress("books", done, total),
        )
        refresh_views(book.folder, book.lake)
    folder = write_sweep(book, document)
    table = sweep_table(document)
    if arguments.out is not None:
        write_table(table, arguments.out)
    if arguments.format == "json":
        say(as_json(document).rstrip("\n"))
    elif arguments.format == "csv":
        say((folder / "sweep.csv").read_text(encoding="utf-8").rstrip("\n"))
    else:
        from btassets.studies.sweep.sweep_text import sweep_text

        say(sweep_text(document))
        say()
        for label, name in zip(("sweep", "", ""), _FILES, strict=True):
            say(f"{label:<6}  {folder / name}")
        if arguments.out is not None:
            say(f"        {arguments.out}")
    if arguments.open:
        webbrowser.open((folder / "sweep.html").as_uri())
    return 0


def as_json(document: dict[str, Any]) -> str:
    """Text of sweep.json; NaN is refused, missing is null."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_sweep(book: Book, document: dict[str, Any]) -> Any:
    """Write page, JSON and table of a sweep into its folder; `keep_runs` sweeps are kept."""
    from btassets.studies.sweep.sweep import folder_of, sweep_table
    from btassets.studies.sweep.sweep_page import sweep_page

    folder = book.reports / folder_of(document)
    replace_text(folder / "sweep.html", sweep_page(document))
    replace_text(folder / "sweep.json", as_json(document))
    write_table(sweep_table(document), folder / "sweep.csv")
    others = sorted(
        (p for p in book.reports.glob("sweep-*") if p.is_dir() and p != folder),
        key=lambda p: (p.stat().st_mtime_ns, p.name),
        reverse=True,
    )
    for old in others[book.base.storage.keep_runs - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    return folder
