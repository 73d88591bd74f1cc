"""What the end of every run does for the size of a book's instance: `[retention]` of the settings.

Belongs here: applying the settings, and saying how an instance is kept. Does not belong here: what is
deleted (`btassets.instance.runs.old_runs`).
"""

import datetime as dt
import logging
import sqlite3

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from btassets.book.book import Book
from btassets.instance.runs.old_runs import Limits, forget_old_runs, history_of

_logger = logging.getLogger(__name__)


def retain(instance: dg.DagsterInstance, book: Book) -> int:
    """Forget old runs as the settings say; return how many.

    A run does not fail for it: what cannot be deleted now is tried again at the end of the next run.
    """
    limits = book.base.retention
    if not limits.automatic:
        return 0
    try:
        now = dt.datetime.now(dt.UTC)
        return forget_old_runs(instance, book.instance, Limits(limits.runs, limits.days), now)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        _logger.warning("old runs were not forgotten this time: %s", error)
        return 0


def describe_history(book: Book) -> str:
    """Runs and size of the instance and what is kept, in one line; writes nothing."""
    n_runs, size = history_of(book.instance)
    kept = book.base.retention
    shown = "" if n_runs is None else f"{n_runs} runs, "
    if not kept.automatic:
        return f"{shown}{size:,.0f} MB in .dagster; kept until `btassets prune` (retention.automatic = false)"
    return f"{shown}{size:,.0f} MB in .dagster; at most {kept.runs} runs and {kept.days} days are kept"
