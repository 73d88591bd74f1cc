"""A book inside another deployment: `build_defs`, the public function for a definitions module of one's own.

Belongs here: names under a prefix, and what a guest leaves to its host: executor of the host's own assets, loggers,
retention of runs. Does not belong here: a book with an instance of its own (`btassets.definitions`).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from btassets.arrivals.of_book import known_tickers
from btassets.book.book import open_book
from btassets.compiled import use_cache_folder
from btassets.defs.build import parts
from btassets.defs.placement import placed
from btassets.defs.resources import BookResource
from btassets.instance.other_instances import register_in_page
from btassets.instance.runs.executors import guest_executor, locked_executor


def build_defs(
    book_folder: str | Path,
    *,
    key_prefix: str | Sequence[str] | None = None,
    executor: dg.ExecutorDefinition | None = None,
) -> dg.Definitions:
    """Definitions of a book, to be merged with those of a deployment or of further books.

    Asset keys begin with the prefix; so do, joined by `_`, the names of partitions, jobs, steps, groups, resources,
    schedules and sensors. Schedules and sensors are off until they are switched on.

    Parameters
    ----------
    book_folder
        Folder with a `btassets.toml`. Every process of the deployment must see it under this path.
    key_prefix
        One part or several, each of letters, digits and `_`. None: the folder's name, other characters as `_`.
    executor
        Executor of the book's jobs. None: their steps run in the process of the run. Any executor holds the book's
        lock, so that runs of the deployment and of the command line never mix.

    Raises
    ------
    UsageError
        If the prefix is not a name.
    BtassetsError
        If the folder is not a book, or its settings are wrong.

    Examples
    --------
    A definitions module with two books::

        import dagster as dg
        from btassets import build_defs

        defs = dg.Definitions.merge(
            build_defs("/data/books/us", key_prefix="us"),
            build_defs("/data/books/europe", key_prefix=["research", "europe"]),
        )
    """
    use_cache_folder()
    folder = Path(book_folder).resolve()
    place = placed(_name_of(folder) if key_prefix is None else key_prefix)
    book = open_book(folder)
    register_in_page(lambda: known_tickers(book), place.partitions)
    threads = book.base.executor.threads
    return parts(
        BookResource.of(book, threads=threads),
        1,
        place,
        executor=guest_executor(folder, place.name("book")) if executor is None else locked_executor(folder, executor),
        automated=book,
    )


def _name_of(folder: Path) -> str:
    """A folder's name as a prefix.

    >>> _name_of(Path("/data/us-stocks 2"))
    'us_stocks_2'
    """
    name = re.sub(r"\W", "_", folder.name, flags=re.ASCII)
    return f"_{name}" if name[:1].isdigit() else name or "book"
