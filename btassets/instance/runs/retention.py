"""Retention at the end of every run: `[retention]` of the settings.

Belongs here: applying the settings, and saying how an instance is kept. Does not belong here: what is
deleted (`btassets.instance.runs.old_runs`).
"""

import datetime as dt
import logging
import sqlite3

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from btassets.book.book import Book
from btassets.instance.dagster_home import is_home
from btassets.instance.runs.old_runs import Limits, forget_old_runs, history_of

_logger = logging.getLogger(__name__)


def retain(instance: dg.DagsterInstance, book: Book) -> int:
    """Delete old runs by the settings; return their number.

    A failure does not fail the run: the deletion is retried at the end of the next run. Another instance than the
    book's own keeps its runs: they belong to others, too.
    """
    limits = book.base.retention
    if not limits.automatic or not is_home(instance, book.instance):
        return 0
    try:
        now = dt.datetime.now(dt.UTC)
        return forget_old_runs(instance, book.instance, Limits(limits.runs, limits.days), now)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        _logger.warning("old runs were not deleted this time: %s", error)
        return 0


def describe_history(book: Book) -> str:
    """Number of runs, size of the instance and its limits, in one line; writes nothing."""
    n_runs, size = history_of(book.instance)
    kept = book.base.retention
    shown = "" if n_runs is None else f"{n_runs} runs, "
    if not kept.automatic:
        return f"{shown}{size:,.0f} MB in .dagster; kept until `btassets prune` (retention.automatic = false)"
    return f"{shown}{size:,.0f} MB in .dagster; at most {kept.runs} runs and {kept.days} days are kept"
