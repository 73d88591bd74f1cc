"""Writing what a stage returns beyond tables, and finding it again.

Belongs here: the functions that `btassets/graph/outside.py` names for these outputs. Does not belong here: which
stage returns what.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from btassets.book.book import Book
from btassets.book.report_folders import point_latest, sweep_reports, write_report
from btassets.run.freshness import bars_version
from btassets.run.stage_result import ReportFiles
from btassets.run.trials import append_trials, has_run_trials, run_rows
from btassets.storage.lake import BASE, Footer

if TYPE_CHECKING:  # the simulator would load its compiler for whoever only plans
    from btassets.engine.portfolio.simulation import BookResult


def write_trials(book: Book, results: "Sequence[BookResult | None]") -> None:
    """Add the configurations of one run to the ledger, `results` in the order of `trials.BOOKS_OF_A_RUN`."""
    append_trials(book, run_rows(book.settings, results, bars_version(book)))


def has_trials(book: Book, _footers: Sequence[Footer | None]) -> bool:
    """Whether the ledger has the run's configurations on the present data."""
    return has_run_trials(book, bars_version(book))


def write_report_files(book: Book, report: ReportFiles) -> None:
    """Write the files of a report; for the scenario `base`, `reports/latest` then shows it."""
    write_report(book.reports, report.folder, report.texts)
    if book.scenario == BASE:
        point_latest(book.reports, report.folder)
    sweep_reports(book.reports, book.base.storage.keep_runs)


def has_report_files(book: Book, footers: Sequence[Footer | None]) -> bool:
    """Whether the report's files are still there: reports/ may be deleted at any time."""
    first = footers[0] if footers else None
    folder = None if first is None else first.facts.get("folder")
    shown = [book.folder / str(folder)] + ([book.reports / "latest"] if book.scenario == BASE else [])
    return all((place / "report.json").is_file() for place in shown)
