"""Facts of a stage's checks, from the function that its declaration names.

Belongs here: calling it, for the scenario that the page shows. Does not belong here: any threshold (the modules
that declarations name), how Dagster learns of the result (`btassets.defs.checks`).
"""

from btassets.book.book import Book
from btassets.graph.flow import STAGES
from btassets.run.resolve import resolve
from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.run.tables import Tables
from btassets.storage.lake import BASE


def check_facts(name: str, outcome: StageOutcome, book: Book) -> list[CheckFact]:
    """Facts of every check that the stage returns; the page shows those of the base scenario."""
    stage = STAGES[name]
    if not stage.judge or book.scenario != BASE:
        return []
    # All settings: what a check compares with (the time of the daily run) decides no number of the table.
    return resolve(stage.judge)(outcome, Tables(stage, book, own=True), book.settings)
