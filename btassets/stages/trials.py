"""How many configurations have been tried on a book's data.

Belongs here: the count that the deflated Sharpe ratio needs. Does not belong here: what the count means
(`engine.statistics.sharpe`).
"""

from btassets.engine.portfolio.variants import POLICIES, STRATEGY_VARIANTS
from btassets.stages.book import Book

TRIALS = "trials"
_OF_ONE_RUN = len(POLICIES) + len(STRATEGY_VARIANTS) - 1  # the base variant is the hold policy


def n_trials(book: Book) -> int:
    """Distinct configurations tried: the ledger's rows, and at least the books of this run."""
    if book.lake.footer(TRIALS) is None:
        return _OF_ONE_RUN
    return max(_OF_ONE_RUN, book.lake.read(TRIALS).num_rows)
