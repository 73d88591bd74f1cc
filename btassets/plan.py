"""Determine what is stale and why, and run stages in order without Dagster assets.

Belongs here: the plan that the command line computes before a run, its explanation, and the plain run of one scenario.
Does not belong here: Dagster runs (`btassets.defs.launch`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from btassets.arrivals.of_book import active_tickers, plan_ingest, plan_without_source
from btassets.book.book import Book
from btassets.errors import CheckFailedError, DamagedFileError, ShardLostError
from btassets.graph.flow import downstream, stages_under, upstream
from btassets.graph.ranking import ranks_own_signals
from btassets.run.freshness import (
    has_whole_records,
    input_hash,
    is_fresh,
    mark_checked,
    note_inputs,
    unmark_checked,
    was_checked,
)
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.reasons import Reason, reasons_of
from btassets.run.run_stage import run_stages, stale_stage
from btassets.run.stage_result import StageOutcome
from btassets.run.tables import inputs_of
from btassets.settings.load import BASE_SCENARIO
from btassets.stages.bars.ohlcv_history import IngestPlan
from btassets.stages.bars.read_reasons import READER, read_reasons
from btassets.stages.replay import candidates as replay

_FROM_THE_SOURCE = frozenset({"ohlcv_history", "benchmark_closes"})

Log = Callable[[str], object]

_NAMED = 5
"""Number of tickers named in a reason."""


@dataclass(frozen=True)
class RunPlan:
    """Work that a run of a book would do.

    Attributes
    ----------
    ingest
        Tickers to read from the source.
    replay
        Tickers to replay, as known before the ingest.
    stages
        Stale stages and everything downstream, in flow order; empty: nothing to do.
    """

    ingest: IngestPlan
    replay: list[str]
    stages: list[str]


def make_plan(book: Book, *, full: bool = False, only: list[str] | None = None, reads: bool = True) -> RunPlan:
    """Compare source, lake and settings; computes nothing.

    Stages below the first stale one count as stale; at run time they are skipped if their inputs turn out unchanged.

    Parameters
    ----------
    full
        Read every ticker again.
    only
        Tickers to read; None: all.
    reads
        Whether the source is queried; if not, bars and benchmark are taken from the lake.
    """
    ingest = plan_ingest(book, full=full, only=only or ()) if reads else plan_without_source(book)
    stages = stages_under(book.settings, flow_of(book).stages)
    kept = {"ohlcv_history"} if reads or book.lake.footer("benchmark_closes") is None else _FROM_THE_SOURCE
    if ingest.stale or ingest.is_list_new:
        alone = {n for n, stage in stages.items() if stage.own_code and not upstream(stage, stages)}
        below = downstream({"ohlcv_history", *(n for n in alone if stale_stage(n, book) is not None)}, stages)
        return RunPlan(ingest, [], [name for name in stages if name in below])
    if not has_whole_records("ohlcv_history", book) and book.lake.mends:
        note_inputs("ohlcv_history", book)
    stale: set[str] = set()
    tickers: list[str] = []
    for name in stages:
        if name in kept or name in stale:
            continue
        if name == "candidates":
            if not is_fresh(name, book, input_hash(name, book)):
                tickers = replay.plan_replay(*inputs_of("candidates", book)).stale
                if tickers or not was_checked(name, book):
                    # Rows that no lookahead check has passed yet, because a run was killed or failed before it.
                    stale |= downstream({name}, stages)
                else:
                    mark_checked(name, book, input_hash(name, book))
        elif stale_stage(name, book) is not None:
            stale |= downstream({name}, stages)
    if "candidates" in stale and not tickers:
        # Includes those that left the universe or the lake, because their rows must be removed.
        tickers = sorted({*active_tickers(book), *book.lake.ticker_footers(book.candidates)}, key=str.encode)
    return RunPlan(ingest, tickers, [name for name in stages if name in stale - kept])


@dataclass(frozen=True)
class StaleStage:
    """One stage that a run would update, and why.

    Attributes
    ----------
    name
        Name of the stage.
    reasons
        Differences, the stage's own first.
    """

    name: str
    reasons: list[Reason]


def explain(book: Book) -> list[StaleStage]:
    """Stages that a run of the book's scenario would update, in flow order, each with its reasons.

    Nothing is computed or written. The effect of unread bars is unknown until they are read: such a stage names its
    upstream stage.
    """
    base = book.in_base()
    ingest = plan_ingest(base)
    found: dict[str, StaleStage] = {}
    stages = stages_under(book.settings, flow_of(book).stages)
    for name, stage in stages.items():
        is_shared = stage.keyed == "shared" or (stage.keyed == "replay" and book.replay == BASE_SCENARIO)
        above = [Reason("upstream", up) for up in upstream(stage, stages) if up in found]
        own = _own_reasons(name, base if is_shared else book, ingest, has_stale_input=bool(above))
        if own or above:
            found[name] = StaleStage(name, [*own, *above])
    return list(found.values())


def _own_reasons(name: str, book: Book, ingest: IngestPlan, *, has_stale_input: bool) -> list[Reason]:
    """Reasons of one stage without those of upstream stages; empty if it is up to date."""
    if name == "ohlcv_history":
        by_reason = read_reasons(inputs_of(name, book)[0], ingest.stale)
        found = [Reason("tickers", why, n=len(own), now=", ".join(own[:_NAMED])) for why, own in by_reason.items()]
        found += [Reason("list", name)] if ingest.is_list_new else []
        return [*found, *(reasons_of(name, book) if READER in by_reason else [])]
    try:
        if is_fresh(name, book, input_hash(name, book)):
            return []
        found = reasons_of(name, book)
        if flow_of(book).stages[name].is_partitioned and not has_stale_input:
            tickers = replay.plan_replay(*inputs_of(name, book)).stale
            is_done = not tickers and was_checked(name, book)
            found = [] if is_done else [*found, *_replay_reasons(tickers)] or [Reason("missing", name)]
    except DamagedFileError as error:
        # Its own file, or that of an upstream stage, which has its own reason.
        return [] if has_stale_input else [Reason("damaged", name, now=str(error))]
    return found


def _replay_reasons(tickers: Sequence[str]) -> list[Reason]:
    what = "the replay does not match current bars, calendar, benchmark, settings and code"
    return [Reason("tickers", what, n=len(tickers), now=", ".join(tickers[:_NAMED]))] if tickers else []


def run_scenario(book: Book, *, n_threads: int, log: Log) -> list[StageOutcome]:
    """Run every stage of one scenario in this process, in flow order.

    The shared stages (bars, calendar, benchmark) are the base's and must be up to date. The replay runs only if the
    scenario changes one of its settings.

    Raises
    ------
    CheckFailedError
        If the scenario's own replay fails the lookahead check.
    """
    if book.replay != BASE_SCENARIO:
        replay_in_process(book, n_threads=n_threads, log=log)
    own = [name for name, stage in flow_of(book).stages.items() if stage.keyed != "shared" and name != "candidates"]
    outcomes: list[StageOutcome] = []
    for outcome in run_stages(own, book):
        log(f"{outcome.name}: {'unchanged, skipped' if outcome.is_cached else 'computed'}")
        outcomes.append(outcome)
    return outcomes


def replay_alone(book: Book) -> None:
    """Bring the replay of the book's settings and the signals of its gate up to date, and nothing that needs them.

    Raises
    ------
    CheckFailedError
        If the replay fails the lookahead check.
    """
    replay_in_process(book, n_threads=book.settings.executor.threads, log=lambda _text: None)
    own = ["own_signals"] if ranks_own_signals(book.settings) else []
    list(run_stages(["factor_signals", *own], book))


def replay_in_process(book: Book, *, n_threads: int, log: Log) -> None:
    """Replay every stale ticker of the book's scenario in this process and verify it."""
    from btassets.stages.replay.lookahead_check import find_lookahead  # late: a plan must not load numba

    tables, settings = inputs_of("candidates", book)
    plan = replay.plan_replay(tables, settings)
    outcome = replay.replay_shard(tables, settings, plan, 0, 1, n_threads=n_threads)
    log(f"candidates: {len(outcome.recomputed)} of {len(plan.expected)} tickers replayed")
    lost, _ = replay.arrivals(tables, plan)
    if lost:
        raise ShardLostError(len(lost), lost[0])
    replay.refuse_failed_rule(tables)
    found = find_lookahead(tables, settings, plan)
    if found.ticker is not None:
        unmark_checked("candidates", book, found.ticker)
        raise CheckFailedError("no_lookahead", str(found.first_mismatch))
    mark_checked("candidates", book, input_hash("candidates", book))
