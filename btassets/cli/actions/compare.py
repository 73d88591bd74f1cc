"""`compare A B`: two scenarios, paired.

Belongs here: the command's output and the location of its files. Does not belong here: any number.
"""

import json
import webbrowser
from pathlib import Path

from btassets.book.book import Book, open_book
from btassets.cli.actions.update import waiting
from btassets.cli.terminal import say, tell
from btassets.cli.where import folder_of as book_folder
from btassets.errors import UsageError
from btassets.settings.names import checked_name
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.files import replace_text
from btassets.storage.lock import book_lock


def command_compare(*, first: str, second: str, book: Path | None, layout: str, is_opened: bool, no_wait: bool) -> int:
    """Pair the finished tables of two scenarios, print the differences, and write their page."""
    where = book_folder(book)
    one, other = _open(where, first), _open(where, second)
    start_arrow_alone()
    from btassets.studies.compare.compare import compare_document, folder_of
    from btassets.studies.compare.compare_page import compare_page

    with book_lock(where, "compare", wait=not no_wait, on_wait=waiting):
        document = compare_document(one, other)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    folder = one.reports / folder_of(document)
    replace_text(folder / "compare.html", compare_page(document))
    replace_text(folder / "compare.json", text)
    for warning in document["warnings"]:
        tell(f"warning: {warning}")
    if layout == "json":
        say(text.rstrip("\n"))
    else:
        from btassets.studies.compare.compare_text import compare_text

        say(compare_text(document))
        say()
        say(f"compare  {folder / 'compare.html'}")
        say(f"         {folder / 'compare.json'}")
    if is_opened:
        webbrowser.open((folder / "compare.html").as_uri())
    return 0


def _open(where: Path, name: str) -> Book:
    """Open the book in a declared or previously run scenario."""
    checked_name("compare", name)
    base = open_book(where)
    known = dict.fromkeys(("base", *base.resolved.scenarios, *base.lake.scenarios("backtest_report")))
    if name not in known:
        raise UsageError(f"compare: no scenario {name}", f"this book has {', '.join(known)}.")
    return open_book(where, scenario=name)
