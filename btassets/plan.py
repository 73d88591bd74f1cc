"""Asking what is stale, and running stages in order without Dagster assets.

Belongs here: the plan that the command line makes before it starts anything, and the straight run
of one scenario. Does not belong here: Dagster runs (`btassets.defs.launch`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from btassets.book.book import Book
from btassets.errors import CheckFailedError, ShardLostError
from btassets.graph.registry import STAGES, downstream
from btassets.run.freshness import input_hash, is_fresh, mark_checked, unmark_checked, was_checked
from btassets.run.run_stage import StageOutcome, run_stages, stale_stage
from btassets.settings.load import BASE_SCENARIO
from btassets.stages.bars.ohlcv_history import IngestPlan, active_tickers, plan_ingest
from btassets.stages.replay import candidates as replay
from btassets.stages.replay.lookahead_check import find_lookahead

Log = Callable[[str], object]


@dataclass(frozen=True)
class RunPlan:
    """What a run of a book would do.

    Attributes
    ----------
    ingest
        Which tickers have to be read from the source.
    replay
        Tickers to replay, as far as known before the ingest.
    stages
        Stale stages and everything below them, in flow order; empty: nothing to do.
    """

    ingest: IngestPlan
    replay: list[str]
    stages: list[str]


def make_plan(book: Book, *, full: bool = False, only: list[str] | None = None) -> RunPlan:
    """Compare source, lake and settings; nothing is computed or written.

    Stages below the first stale one are taken as stale; they skip themselves in the run when
    their inputs turn out to be unchanged.
    """
    ingest = plan_ingest(book, full=full, only=only or ())
    if ingest.stale or ingest.is_list_new:
        return RunPlan(ingest, [], [name for name in STAGES if name in downstream({"ohlcv_history"})])
    stale: set[str] = set()
    tickers: list[str] = []
    for name in STAGES:
        if name == "ohlcv_history" or name in stale:
            continue
        if name == "candidates":
            if not is_fresh(name, book, input_hash(name, book)):
                tickers = replay.plan_replay(book).stale
                if tickers or not was_checked(name, book):
                    # Rows that no lookahead check has passed yet: a run was killed or failed before it.
                    stale |= downstream({name})
                else:
                    mark_checked(name, book, input_hash(name, book))
        elif stale_stage(name, book) is not None:
            stale |= downstream({name})
    if "candidates" in stale and not tickers:
        # Those that left the universe or the lake, too: their rows have to go.
        tickers = sorted({*active_tickers(book), *book.lake.ticker_footers(book.candidates)}, key=str.encode)
    return RunPlan(ingest, tickers, [name for name in STAGES if name in stale])


def run_scenario(book: Book, *, n_threads: int, log: Log) -> list[StageOutcome]:
    """Run every stage of one scenario in this process, in flow order.

    The shared stages (bars, calendar, benchmark) are the base's and must be up to date. The replay
    runs only when the scenario changes a setting that it reads.

    Raises
    ------
    CheckFailedError
        When the scenario's own replay fails the lookahead check.
    """
    if book.replay != BASE_SCENARIO:
        replay_in_process(book, n_threads=n_threads, log=log)
    own = [name for name, stage in STAGES.items() if stage.keyed != "shared" and name != "candidates"]
    outcomes: list[StageOutcome] = []
    for outcome in run_stages(own, book):
        log(f"{outcome.name}: {'unchanged, skipped' if outcome.is_cached else 'computed'}")
        outcomes.append(outcome)
    return outcomes


def replay_in_process(book: Book, *, n_threads: int, log: Log) -> None:
    """Replay every stale ticker of the book's scenario in this process and verify it."""
    plan = replay.plan_replay(book)
    outcome = replay.replay_shard(book, plan, 0, 1, n_threads=n_threads)
    log(f"candidates: {len(outcome.recomputed)} of {len(plan.expected)} tickers replayed")
    lost, _ = replay.arrivals(book, plan)
    if lost:
        raise ShardLostError(len(lost), lost[0])
    found = find_lookahead(book, plan)
    if found.ticker is not None:
        unmark_checked("candidates", book, found.ticker)
        raise CheckFailedError("no_lookahead", str(found.first_mismatch))
    mark_checked("candidates", book, input_hash("candidates", book))
