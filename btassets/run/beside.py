"""Writing the outputs of stages beyond tables, and finding them again.

Belongs here: the functions that `btassets/graph/outside.py` names for these outputs. Does not belong here: which stage
returns which output.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from btassets.book.book import Book
from btassets.book.report_folders import damages_of, point_latest, sweep_reports, write_report
from btassets.run import shown_lists
from btassets.run.freshness import bars_version
from btassets.run.setup_rule import own_content
from btassets.run.stage_result import ReportFiles
from btassets.run.trials import append_trials, has_run_trials, run_rows
from btassets.run.verdict_history import Look, append_verdicts, has_history
from btassets.storage.lake import BASE, Footer
from btassets.storage.sealed import tell_damage

if TYPE_CHECKING:  # importing the simulator would load its compiler even for a plan
    from btassets.engine.portfolio.simulation import BookResult


def write_trials(book: Book, results: "Sequence[BookResult | None]") -> None:
    """Add the configurations of one run to the ledger, `results` in the order of `trials.books_of_a_run`."""
    append_trials(book, run_rows(book.settings, results, bars_version(book), own_content(book)))


def has_trials(book: Book, _footers: Sequence[Footer | None]) -> bool:
    """Whether the ledger contains the run's configurations on the present data."""
    return has_run_trials(book, bars_version(book))


def write_verdicts(book: Book, look: Look) -> None:
    """Append the run's verdicts to the scenario's history."""
    append_verdicts(book, look.as_of, look.claims)


def has_verdicts(book: Book, _footers: Sequence[Footer | None]) -> bool:
    """Whether a history exists for the scenario, or for the base if the scenario reuses its tables."""
    return has_history(book)


def write_journal(book: Book, records: Sequence[shown_lists.Record]) -> None:
    """Add the list of a run to the scenario's journal."""
    shown_lists.append(book, shown_lists.lists_log(book), records)


def has_journal(book: Book, footers: Sequence[Footer | None]) -> bool:
    """Whether the journal ends as the table says."""
    return shown_lists.has_lines(book, "journal", _facts(footers).get("head"))


def write_journal_results(book: Book, records: Sequence[shown_lists.Record]) -> None:
    """Add the results that a run graded for the first time."""
    shown_lists.append(book, shown_lists.results_log(book), records)


def has_journal_results(book: Book, footers: Sequence[Footer | None]) -> bool:
    """Whether the log of results ends as the table says."""
    return shown_lists.has_lines(book, "journal_results", _facts(footers).get("head"))


def _facts(footers: Sequence[Footer | None]) -> dict[str, Any]:
    return footers[0].facts if footers and footers[0] is not None else {}


def write_report_files(book: Book, report: ReportFiles) -> None:
    """Write the files of a report; for the scenario `base`, `reports/latest` then shows it."""
    write_report(book.reports, report.folder, report.texts)
    if book.scenario == BASE:
        point_latest(book.reports, report.folder)
    sweep_reports(book.reports, book.base.storage.keep_reports)


def has_report_files(book: Book, footers: Sequence[Footer | None]) -> bool:
    """Whether the report's files still exist unchanged; users may delete reports/ at any time."""
    facts = _facts(footers)
    shown = [book.folder / str(facts.get("folder"))] + ([book.reports / "latest"] if book.scenario == BASE else [])
    files = facts.get("files", {})
    found = [(place / name, why) for place in shown for name, why in damages_of(place, files).items()]
    # `latest` is a link to the folder, or a copy of it.
    for path, why in {path.resolve(): (path, why) for path, why in reversed(found)}.values():
        if path.exists():
            tell_damage(path, f"damaged ({why}); it is rebuilt")
    return bool(files) and not found
