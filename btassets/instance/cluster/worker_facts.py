"""Facts of one host of a cluster, by which all of them are compared.

Belongs here: collecting the facts on one host. Does not belong here: asking the workers, and comparing them
(`cluster_check.py`).
"""

import os
import socket
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from btassets import __version__
from btassets.book.book import open_book
from btassets.code_version import code_version
from btassets.errors import BtassetsError
from btassets.own.discover import find_sources
from btassets.settings.source_settings import Source

MARK = "cluster-check-"
"""Prefix of the files by which hosts show that they see the same folder."""

_DECIDING = ("numpy", "pandas", "pyarrow", "duckdb", "numba", "dagster", "dagster-celery")
"""Packages whose release may change a bit of a table, or the form of a step."""


@cache
def code() -> str:
    """Version of the code that this process has loaded; kept, because files may be upgraded below a running worker."""
    return f"btassets {__version__} ({code_version('btassets', 'dbt_like_sql')})"


@cache
def libraries() -> str:
    """Releases of the packages that decide the numbers."""
    return ", ".join(f"{name} {_release(name)}" for name in _DECIDING)


def _release(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def facts(folder: Path, token: str) -> dict[str, Any]:
    """Facts of this process about the book in `folder`; a problem is a fact, never an error.

    Parameters
    ----------
    folder
        The book's folder.
    token
        Name of this check; the asking host has written a file of that name, and this one leaves its own beside it.
    """
    home = folder / ".dagster"
    found: dict[str, Any] = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "folder": str(folder),
        "cores": os.cpu_count() or 1,
        "code": code(),
        "libraries": libraries(),
        "settings": "",
        "own": "",
        "source": "",
        "problem": "",
        "seen": "",
        "wrote": "",
    }
    with suppress(OSError):  # the text stays empty: another folder
        found["seen"] = (home / f"{MARK}{token}").read_text(encoding="utf-8")
    try:
        name = f"{MARK}{token}-{socket.gethostname()}-{os.getpid()}"
        (home / name).write_text(token, encoding="utf-8")
        found["wrote"] = name
    except OSError as error:
        found["problem"] = f"{home}: {error.strerror or error}"
    try:
        book = open_book(folder)
        found["settings"] = book.resolved.hash
        found["own"] = ", ".join(
            f"{source.name} {'+'.join(sorted(source.code.values()))}" for source in find_sources(folder)
        )
        found["source"] = _missing_source(folder, book.base.source)
    except BtassetsError as error:
        found["problem"] = str(error)
    found["time"] = time.time()
    return found


def _missing_source(folder: Path, source: Source) -> str:
    """Path of the source if it is a local one that this host does not see; empty otherwise."""
    if source.kind != "files" or not source.path:
        return ""
    path = folder / Path(source.path).expanduser()
    return "" if path.exists() else str(path)
