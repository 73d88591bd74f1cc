"""One book at a time, as tests and the bench read it, and the rules of the legacy profile."""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import Exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules
from btassets.engine.portfolio.simulation import BookResult, simulate_books

SEED_RULES = BookRules(fill="close", gapped_target="target", sells_ended=False)
"""The rules of the `legacy` profile: filled at the close, ended tickers kept to the last day."""


def simulate_book(
    panel: BarPanel,
    entries: Entries,
    exits: Exits,
    rules: BookRules,
    *,
    is_qualified: NDArray[np.bool_],
    rank: NDArray[np.float64],
    sessions: NDArray[np.int32] | None = None,
    start_session: int | None = None,
    benchmark: BenchmarkCloses | None = None,
) -> BookResult | None:
    """Run one book with curve and trades; `is_qualified` and `rank` are aligned with `entries`."""
    return simulate_books(
        panel,
        entries,
        [exits],
        [BookConfig(rules)],
        masks=is_qualified[np.newaxis, :],
        ranks=rank[np.newaxis, :],
        sessions=sessions,
        start_session=start_session,
        benchmark=benchmark,
    )[0]
