"""Handles a page that no command of btassets started, as plain `dagster dev`.

Belongs here: adding the book's tickers as partitions, and detecting and reporting an instance other than the book's.
Does not belong here: the book's own instance (`btassets.instance.dagster_home`).
"""

import contextlib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import dagster as dg
from dagster._core.instance import InstanceRef
from dagster._serdes import deserialize_value

from btassets.errors import BtassetsError
from btassets.instance.ticker_ranges import PARTITIONS, register

_WORD = "--instance-ref"

_logger = logging.getLogger("btassets")


def notice(home: Path, tickers: Callable[[], Sequence[str]], words: Sequence[str] | None = None) -> str | None:
    """Message that this code server serves a page of another instance; None if the instance is the book's.

    Adds the partitions in either: a book that never ran has none, and on the page a run starts from partitions.

    Parameters
    ----------
    home
        The book's `.dagster` folder.
    tickers
        Returns the names of the partitions; an unreadable lake returns none.
    words
        Arguments of the code server; None: those of this process.
    """
    reference = _served_instance(sys.argv if words is None else words)
    if reference is None:
        return None
    _register(reference, tickers, PARTITIONS)
    folder = Path(reference.local_artifact_storage.base_dir)
    if folder.resolve() == home.resolve():
        return None
    text = (
        f"this page keeps its runs in {folder}, not in the book's own instance: runs, materializations and switches "
        f"of the book are in {home}. To see them use `btassets ui --book {home.parent}`, or set DAGSTER_HOME={home} "
        "for `dagster dev`."
    )
    _logger.warning(text)
    return text


def register_in_page(tickers: Callable[[], Sequence[str]], partitions: str, words: Sequence[str] | None = None) -> None:
    """Add partitions to the instance of the page that this code server serves; nothing in any other process.

    Parameters
    ----------
    tickers
        Returns their names; an unreadable book returns none.
    partitions
        Name of the partitions definition.
    words
        Arguments of the code server; None: those of this process.
    """
    reference = _served_instance(sys.argv if words is None else words)
    if reference is not None:
        _register(reference, tickers, partitions)


def _served_instance(words: Sequence[str]) -> InstanceRef | None:
    if _WORD not in words[:-1]:
        return None
    return deserialize_value(words[list(words).index(_WORD) + 1], InstanceRef)


def _register(reference: InstanceRef, tickers: Callable[[], Sequence[str]], partitions: str) -> None:
    with dg.DagsterInstance.from_ref(reference) as instance, contextlib.suppress(BtassetsError):
        register(instance, list(tickers()), partitions)
