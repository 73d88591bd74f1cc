"""Shared inputs of the simulations in the statistics, prepared once.

Belongs here: bars, setups and percentiles of a scenario as inputs of the simulator. Does not belong here: the list of
simulations (`stat_portfolio.py`, `walk_forward_portfolio.py`) and the simulator (`engine.portfolio`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import Exits, precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.stages.portfolio.simulations import book_rules, ranked_members
from btassets.stages.portfolio.stored_inputs import (
    read_benchmark_closes,
    read_setups_in_play,
    stored_panel,
    tickers_with_bars,
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BookInputs:
    """Inputs of the portfolio.

    Attributes
    ----------
    panel
        Closes on the calendar; the exit of each setup is already known.
    entries
        Setups that pass the floors, by session.
    rules
        The scenario's rules.
    exits
        By name, `target` and one `hold_N` for each hold of the settings.
    activation, raw
        Percentiles of the entries, shape (n_entries,).
    is_qualified, meets_core
        Verdicts of the gate, shape (n_entries,).
    start
        First session of every portfolio; None: each its own.
    benchmark_returns
        Daily returns of the benchmark on the calendar's sessions, shape (n_sessions,), NaN if a close is missing.
    percentile
        Activation percentile by ranked week end and ticker, shape (n_weeks, n_tickers), NaN = none.
    week_of
        Row of `percentile` for each session and the one after the last: the last week end at or before
        it, -1 before the first; shape (n_sessions + 1,).
    """

    panel: BarPanel
    entries: Entries
    rules: BookRules
    exits: dict[str, Exits]
    activation: Floats
    raw: Floats
    is_qualified: Flags
    meets_core: Flags
    start: int | None
    benchmark_returns: Floats
    percentile: Floats
    week_of: npt.NDArray[np.int64]

    def exits_of(self, policy: str) -> Exits:
        """Exits of the portfolio's own policy, `target` or `hold`."""
        return self.exits["target" if policy == "target" else f"hold_{self.rules.hold_days}"]


def read_book_inputs(tables: Tables, settings: Settings) -> BookInputs:
    """Read bars, setups and percentiles of the book's scenario."""
    sessions, rules = read_sessions(tables), book_rules(settings)
    used = tickers_with_bars(tables, settings)
    week_ends, percentile = _percentiles(tables, list(used))
    start = None
    where = pc.field("meets_core")
    if rules.fill == "open" and len(week_ends):
        start = int(np.searchsorted(sessions.days, week_ends[0]))
        # Portfolios never buy shorts; but if each starts with its own first setup, that may be a short.
        where &= (pc.field("direction") == "long") | pc.field("qualified")
    graded = read_setups_in_play(tables, where)
    panel = stored_panel(tables, settings, sessions.days, used)
    entries = Entries.from_rows(
        panel,
        ticker_no=pc.index_in(graded["ticker"], pa.array(list(used), pa.string())).to_numpy().astype(np.int32),
        asof_date=graded["asof_date"].cast(pa.int32()).to_numpy(),
        is_long=pc.equal(graded["direction"], "long").to_numpy(),
        **{name: graded[name].to_numpy() for name in ("entry", "stop", "target", "price_factor")},
    )

    def column(name: str) -> npt.NDArray[Any]:
        return graded[name].to_numpy()[entries.row_no]

    exits = {"target": precompute_exits(panel, entries, replace(rules, policy="target"))}
    for n in settings.exits.hold_days:
        exits[f"hold_{n}"] = precompute_exits(panel, entries, replace(rules, policy="hold", hold_days=n))
    return BookInputs(
        panel=panel.of_closes(),
        entries=entries,
        rules=rules,
        exits=exits,
        activation=column("activation_momentum_percentile"),
        raw=column("momentum_percentile"),
        is_qualified=column("qualified").astype(np.bool_),
        meets_core=column("meets_core").astype(np.bool_),
        start=start,
        benchmark_returns=_benchmark_returns(tables, sessions),
        percentile=percentile,
        week_of=np.searchsorted(week_ends, [*panel.calendar, 2**31 - 1], side="right").astype(np.int64) - 1,
    )


def _percentiles(tables: Tables, tickers: Sequence[str]) -> tuple[npt.NDArray[np.int32], Floats]:
    """Ranked week ends, int32 days ascending, and activation percentiles, shape (n_weeks, n_tickers)."""
    columns = ("grid", "asof_date", "ticker", "activation_momentum_percentile")
    ranks = tables["percentile_ranks"].where(columns, pc.field("grid") == "week", wanted=columns[1:])
    days, week_no, ticker_no = ranked_members(ranks, tickers)
    percentile = np.full((len(days), len(tickers)), np.nan)
    percentile[week_no, ticker_no] = ranks["activation_momentum_percentile"].to_numpy()
    return days, percentile


def _benchmark_returns(tables: Tables, sessions: Sessions) -> Floats:
    closes = np.full(len(sessions.days), np.nan)
    benchmark = read_benchmark_closes(tables, sessions.last)
    if benchmark is not None:
        _, own, theirs = np.intersect1d(sessions.days, benchmark.dates, assume_unique=True, return_indices=True)
        closes[own] = benchmark.closes[theirs]
    return np.concatenate((np.full(1, np.nan), closes[1:] / closes[:-1] - 1.0))
