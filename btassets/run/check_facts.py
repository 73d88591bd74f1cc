"""Facts of a stage's checks, from the function that its declaration names.

Belongs here: calling it, for the scenario shown on the page. Does not belong here: any threshold (the modules named by
declarations), reporting the result to Dagster (`btassets.defs.checks`).
"""

from btassets.book.book import Book
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.resolve import resolve
from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.run.tables import Tables
from btassets.storage.lake import BASE


def check_facts(name: str, outcome: StageOutcome, book: Book) -> list[CheckFact]:
    """Facts of every check of the stage, for the base scenario."""
    stage = flow_of(book).stages[name]
    if not stage.judge or book.scenario != BASE:
        return []
    # All settings: a check may compare with settings that affect no number of the table (the time of the daily run).
    return resolve(stage.judge)(outcome, Tables(stage, book, own=True), book.settings)
