"""The numbers of a sweep's cells: setups bought, portfolio result, and its uncertainty.

Belongs here: batching many configurations through the compiled simulator and the weekly estimator. Does not belong
here: parsing a sweep (`settings.grid`), its document (`sweep.py`) and its page.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import Book
from btassets.engine.days import week_mondays
from btassets.engine.floors import MOMENTUM, Floor, floors_of
from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import Exits, precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules, Policy
from btassets.engine.portfolio.simulation import BookResult, simulate_books
from btassets.engine.portfolio.variants import priced_tickers
from btassets.engine.statistics.influence import Influence, ratio_influence
from btassets.graph.stage import Reads
from btassets.run.floor_sql import judge
from btassets.run.tables import Tables
from btassets.settings.models import Gates, Settings
from btassets.settings.variant_settings import portfolio_variants
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.simulations import book_rules
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes, stored_panel, tickers_with_bars
from btassets.studies.sweep.sweep_setups import Setups, read_setups

BATCH = 250
"""Portfolios per call of the compiled loop: the unit of the progress bar and of a thread's work."""

READS = Reads(
    "sweep",
    "btassets/studies/sweep/sweep_portfolios.py",
    reads=("ohlcv_history", "sessions", "benchmark_closes"),
    outside=("membership",),
)
"""Inputs of a sweep beside the replay."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """Every cell in the given order.

    Attributes
    ----------
    books
        One per cell; None if there was nothing to trade.
    setups
        Mean net R of the graded setups that qualify, with its weekly series, one column per cell.
    """

    books: list[BookResult | None]
    setups: Influence


@dataclass
class _Sample:
    """Values shared by all cells of one sample; arrays are in the order of `entries`, shape (n_entries,)."""

    panel: BarPanel
    tickers: list[str]
    entries: Entries
    setups: pa.Table
    columns: dict[str, npt.NDArray[Any]]
    start: int | None
    week_no: npt.NDArray[np.int64]
    n_weeks: int
    every: tuple[Floor, ...]
    floors: dict[tuple[str, Any], Flags] = field(default_factory=dict)
    exits: dict[tuple[Any, ...], Exits] = field(default_factory=dict)

    def core(self, gates: Gates) -> Flags:
        """Rows that pass every floor except the momentum gate."""
        return np.logical_and.reduce([self._floor(floor, gates) for floor in self.every if floor.name != MOMENTUM])

    def qualified(self, gates: Gates) -> Flags:
        """Rows that pass every floor."""
        return np.logical_and.reduce([self._floor(floor, gates) for floor in self.every])

    def _floor(self, floor: Floor, gates: Gates) -> Flags:
        """Rows that pass one floor, computed once per value of its setting."""
        values = {floor.setting: floor.off for floor in self.every if floor.signal} | gates.values()
        key = floor.setting, values[floor.setting]
        if key not in self.floors:
            found = judge(self.setups, values)
            self.floors.update({(f.setting, values[f.setting]): found[f.name] for f in self.every})
        return self.floors[key]

    def exits_of(self, rules: BookRules) -> tuple[tuple[Any, ...], Exits]:
        """Fills and exits under the rules, computed once for all cells that share them."""
        key = (
            rules.policy,
            rules.max_days,
            rules.fill,
            *(rules.gapped_target, rules.sells_ended, rules.delisting_return),
            *(rules.exit_policy, rules.gap_days),
        )
        if key not in self.exits:
            self.exits[key] = precompute_exits(self.panel, self.entries, rules)
        return key, self.exits[key]


def replay_book(book: Book, settings: Settings) -> Book:
    """The book under a cell's settings of the engine; holds and exit policy are graded again where they differ."""
    own = settings.model_copy(update={"exits": book.settings.exits})
    return replace(book, resolved=replace(book.resolved, settings=own))


def run_cells(
    book: Book, settings: Sequence[Settings], policy: Policy, *, progress: Callable[[int, int], object]
) -> Cells:
    """Simulate one portfolio per cell and average its setups.

    Parameters
    ----------
    book
        Its replay, and that of every other setting of the engine (`replay_book`), is up to date.
    settings
        Of each cell.
    policy
        Exit policy of every portfolio, and of the setups' R.
    progress
        Called with the number of portfolios done and the total.
    """
    tables, stored = Tables(READS, book), book.settings
    sessions = read_sessions(tables)
    used = tickers_with_bars(tables, stored)
    panel, tickers = stored_panel(tables, stored, sessions.days, used), list(used)
    benchmark = read_benchmark_closes(tables, sessions.last)
    by_sample: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for k, own in enumerate(settings):
        key = (
            own.setup,
            own.engine,
            own.gates.ranking,
            own.quality,
            own.method,
            own.costs.delisting_return,
            own.exits.policy,
        )
        by_sample[key].append(k)
    books: list[BookResult | None] = [None] * len(settings)
    parts: list[tuple[list[int], Influence]] = []
    n_done = 0
    for members in by_sample.values():
        own = [settings[k] for k in members]
        holds = sorted({max(s.exits.hold_days) for s in own}) if policy == "hold" else ()
        setups = read_setups(replay_book(book, own[0]), own[0], [s.gates for s in own], holds, panel, tickers)
        sample = _sample(setups, panel, tickers, own[0], [s.gates for s in own])
        batches = [members[at : at + BATCH] for at in range(0, len(members), BATCH)]

        def work(batch: list[int], sample: _Sample = sample) -> tuple[list[int], list[BookResult | None], Influence]:
            cells = [settings[k] for k in batch]
            return batch, _books(sample, cells, policy, benchmark), _setup_means(sample, cells, policy)

        for own_settings in own:  # before the threads start: shared values are computed once
            sample.qualified(own_settings.gates)
            sample.exits_of(replace(book_rules(own_settings), policy=policy))
        with ThreadPoolExecutor(max_workers=book.settings.executor.threads) as pool:
            for batch, results, means in pool.map(work, batches):
                for k, result in zip(batch, results, strict=True):
                    books[k] = result
                parts.append((batch, means))
                n_done += len(batch)
                progress(n_done, len(settings))
    return Cells(books, _in_order(parts))


def _sample(setups: Setups, panel: BarPanel, tickers: list[str], settings: Settings, every: Sequence[Gates]) -> _Sample:
    rows = setups.rows
    entries = Entries.from_rows(
        panel,
        ticker_no=pc.index_in(rows["ticker"], pa.array(tickers, pa.string())).to_numpy().astype(np.int32),
        asof_date=rows["asof_date"].cast(pa.int32()).to_numpy(),
        is_long=pc.equal(rows["direction"], "long").to_numpy(),
        **{name: rows[name].to_numpy() for name in ("entry", "stop", "target", "price_factor")},
    )
    at = entries.row_no
    names = ("risk_pct", "gross_r", *(name for name in rows.column_names if name.startswith("time_r_")))
    columns = {name: rows[name].cast(pa.float64()).to_numpy()[at] for name in names}
    columns["activation"] = rows["activation_momentum_percentile"].to_numpy()[at]
    columns["raw"] = rows["momentum_percentile"].to_numpy()[at]
    columns["is_graded"] = rows["is_graded"].to_numpy().astype(np.bool_)[at]
    start = None
    if settings.method.portfolio == "open" and setups.first_week is not None:
        start = int(np.searchsorted(panel.calendar, setups.first_week))
    days = panel.calendar
    mondays = week_mondays(days[[0, -1]]) if len(days) else np.zeros(2, np.int32)
    return _Sample(
        panel=panel,
        tickers=tickers,
        entries=entries,
        setups=rows.take(pa.array(at)),
        columns=columns,
        every=floors_of(name for gates in every for name in gates.values()),
        start=start,
        week_no=(week_mondays(entries.asof_date) - mondays[0]).astype(np.int64) // 7,
        n_weeks=int(mondays[1] - mondays[0]) // 7 + 1,
    )


def _books(
    sample: _Sample, cells: Sequence[Settings], policy: Policy, benchmark: BenchmarkCloses | None
) -> list[BookResult | None]:
    rules = [replace(book_rules(s), policy=policy) for s in cells]
    if rules[0].fill == "close":
        return [_book_by_close(sample, s, r, benchmark) for s, r in zip(cells, rules, strict=True)]
    if sample.start is None:
        return [None] * len(cells)
    masks: dict[tuple[Any, ...], int] = {}
    stack: list[Flags] = []
    exits: dict[tuple[Any, ...], tuple[int, Exits]] = {}
    configs: list[BookConfig] = []
    for own, rule in zip(cells, rules, strict=True):
        gates = own.gates
        values = gates.values()
        floors = tuple(values.get(floor.setting) for floor in sample.every if floor.name != MOMENTUM)
        if floors not in masks:
            masks[floors] = len(stack)
            stack.append(sample.core(gates))
        key, found = sample.exits_of(rule)
        exits.setdefault(key, (len(exits), found))
        configs.append(
            BookConfig(rule, mask_no=masks[floors], exits_no=exits[key][0], cutoff_pct=gates.min_momentum_percentile)
        )
    return simulate_books(
        sample.panel,
        sample.entries,
        [found for _, found in exits.values()],
        configs,
        masks=np.stack(stack),
        ranks=sample.columns["activation"][np.newaxis],
        start_session=sample.start,
        benchmark=benchmark,
        with_trades=False,
        with_curves=False,
    )


def _book_by_close(
    sample: _Sample, settings: Settings, rules: BookRules, benchmark: BenchmarkCloses | None
) -> BookResult | None:
    """Sessions of all tickers that qualify for the gate or any variant, as used by the legacy profile."""
    core, qualified = sample.core(settings.gates), sample.qualified(settings.gates)
    priced = priced_tickers(
        len(sample.tickers),
        ticker_no=sample.entries.ticker_no,
        is_long=sample.entries.is_long,
        meets_core=core,
        is_qualified=qualified,
        activation_percentile=sample.columns["activation"],
        raw_percentile=sample.columns["raw"],
        variants=portfolio_variants(settings.variant),
    )
    return simulate_books(
        sample.panel,
        sample.entries,
        [sample.exits_of(rules)[1]],
        [BookConfig(rules)],
        masks=qualified[np.newaxis],
        ranks=sample.columns["activation"][np.newaxis],
        sessions=sample.panel.sessions_of(priced),
        benchmark=benchmark,
        with_trades=False,
        with_curves=False,
    )[0]


def _setup_means(sample: _Sample, cells: Sequence[Settings], policy: Policy) -> Influence:
    """Mean net R over the qualified setups of each cell, clustered by week."""
    sums = np.zeros((3, sample.n_weeks, len(cells)))
    returns: dict[tuple[int, float], Floats] = {}
    for j, own in enumerate(cells):
        days = max(own.exits.hold_days)
        key = (days, own.costs.per_side_frac)
        if key not in returns:
            returns[key] = _net_r(sample, "gross_r" if policy == "target" else f"time_r_{days}", key[1])
        chosen = sample.qualified(own.gates) & ~np.isnan(returns[key])
        rows = np.flatnonzero(chosen)
        week, value = sample.week_no[rows], returns[key][rows]
        for place, weights in enumerate((value, None, value * value)):
            sums[place, :, j] = np.bincount(week, weights=weights, minlength=sample.n_weeks)
    return ratio_influence(sums[0], sums[1], sums[2])


def _net_r(sample: _Sample, name: str, per_side_frac: float) -> Floats:
    risk = sample.columns["risk_pct"]
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.where(risk > 0, 2 * per_side_frac / risk, 0.0)
    return np.where(sample.columns["is_graded"], sample.columns[name] - cost, np.nan)


def _in_order(parts: Sequence[tuple[list[int], Influence]]) -> Influence:
    """The columns of all batches in the order of their cells."""
    order = np.argsort(np.concatenate([np.array(batch) for batch, _ in parts]), kind="stable")

    def joined(name: str, axis: int = 0) -> npt.NDArray[Any]:
        return np.concatenate([getattr(part, name) for _, part in parts], axis=axis)

    return Influence(
        estimate=joined("estimate")[order],
        psi=joined("psi", 1)[:, order],
        first=joined("first")[order],
        last=joined("last")[order],
        n_obs=joined("n_obs")[order],
        variance=joined("variance")[order],
    )
