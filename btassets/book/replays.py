"""The replays of a book: which scenarios use them, and deleting those of sweeps.

Belongs here: folders of replays in the lake. Does not belong here: their content (`stages.replay`), what makes them
(`plan.py`).
"""

import shutil

from btassets.book.book import Book, open_book
from btassets.settings.load import BASE_SCENARIO
from btassets.storage.files import writing

_BUCKETED = ("candidates", "signals")
_WHOLE = "factor_signals"


def unused_replays(book: Book) -> list[str]:
    """Names of the stored replays of no scenario with a report, oldest first."""
    root = book.lake.root / _BUCKETED[0]
    stored = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    names = book.lake.scenarios("backtest_report")
    used = {BASE_SCENARIO, *(open_book(book.folder, scenario=name).replay for name in names)}
    others = [path for path in stored if path.name not in used]
    return [path.name for path in sorted(others, key=lambda path: (path.stat().st_mtime_ns, path.name))]


def drop_replays(book: Book, keep: int) -> list[str]:
    """Delete replays of no scenario beyond the newest `keep`.

    Returns
    -------
    list of str
        Deleted paths, relative to the book's folder.
    """
    gone: list[str] = []
    unused = unused_replays(book)
    for name in unused[: max(len(unused) - keep, 0)]:
        for table in _BUCKETED:
            folder = book.lake.root / table / name
            if folder.is_dir():
                with writing(folder):
                    shutil.rmtree(folder)
                gone.append(str(folder.relative_to(book.folder)))
        path = book.lake.path(_WHOLE, name)
        if path.exists():
            with writing(path):
                path.unlink()
            gone.append(str(path.relative_to(book.folder)))
    return gone
