"""The portfolios of a report, simulated on graded setups: two exit policies, the variants, equal-weight holds.

Belongs here: turning `graded_setups` and bars into inputs of the simulator, under the scenario's settings. Does not
belong here: the simulation (`engine.portfolio`) and rounding (the report).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.market.bars import Bars
from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.equal_weight import equal_weight_hold, equal_weight_renewed
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets.engine.portfolio.simulation import BookResult
from btassets.engine.portfolio.variants import (
    POLICIES,
    StrategyVariant,
    priced_tickers,
    simulate_policies,
    simulate_variants,
)
from btassets.settings.models import Settings
from btassets.settings.variant_settings import portfolio_variants

Curve = tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]
"""Dates and values."""


@dataclass(frozen=True)
class BookRuns:
    """All portfolios of one report; a result is None if there was nothing to trade.

    Attributes
    ----------
    policies
        By exit policy, `target` and `hold`.
    variants
        In the order of the report.
    equal_weight
        Return in percent of an equal-weight hold of the eligible list over the same dates: `hold`
        (never rebalanced) and `renewed` (at each week end, 0.1% of turnover); None without a common
        calendar, as in the legacy profile.
    reference_curves
        Dates and values of the comparisons, by name: `benchmark`, `equal_weight_hold`, `equal_weight_renewed`, all from
        the starting capital.
    """

    policies: dict[str, BookResult | None]
    variants: list[tuple[StrategyVariant, BookResult | None]]
    equal_weight: dict[str, float] | None
    reference_curves: dict[str, Curve] = field(default_factory=dict)


def bar_panel(bars: Mapping[str, Bars], calendar: npt.NDArray[np.int32]) -> tuple[BarPanel, list[str]]:
    """Bars of all tickers as one panel, and the tickers in its order (bytes)."""
    tickers = sorted(bars, key=str.encode)
    parts = [bars[ticker] for ticker in tickers]
    offsets = np.cumsum([0, *(part.n_bars for part in parts)], dtype=np.int64)

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0)

    prices = {name: joined(name) for name in ("open", "high", "low", "close")}
    return BarPanel.from_dates(calendar, offsets, joined("dates"), **prices), tickers


def book_rules(settings: Settings) -> BookRules:
    """Rules of the scenario's portfolio; each policy sets its own `policy`."""
    return BookRules(
        starting_capital=settings.portfolio.starting_capital,
        max_positions=settings.portfolio.max_positions,
        risk_frac=settings.portfolio.risk_frac,
        notional_cap_frac=settings.portfolio.notional_cap_frac,
        cost_per_side_frac=settings.costs.per_side_frac,
        hold_days=max(settings.exits.hold_days),
        horizon_days=settings.engine.horizon_days,
        fill=settings.method.portfolio,
        gapped_target=settings.method.gapped_target,
        sells_ended=settings.method.ended == "graded",
        delisting_return=settings.costs.delisting_return,
        exit_policy=settings.exits.policy,
        gap_days=settings.engine.gap_days,
    )


def run_books(
    graded: pa.Table,
    ranks: pa.Table,
    panel: BarPanel,
    tickers: Sequence[str],
    settings: Settings,
    benchmark: BenchmarkCloses | None,
) -> BookRuns:
    """Simulate every portfolio over all qualified setups, graded or not.

    Parameters
    ----------
    graded
        Rows of `graded_setups` in the tie order, including at least those that pass the floors; every ticker
        is one of `tickers`.
    ranks
        Table `percentile_ranks`: its week rows define eligibility by date.
    panel, tickers
        From `bar_panel`; the calendar ends at T.
    settings
        `method.portfolio = "open"` simulates on one common calendar from the first ranked week end to T; `close` (the
        legacy profile) starts each portfolio at its own first entry and uses the sessions of every ticker that
        qualifies for the gate or for any variant.
    benchmark
        Closes up to T.
    """

    def column(name: str) -> npt.NDArray[Any]:
        return graded[name].to_numpy()

    rules, variants = book_rules(settings), portfolio_variants(settings.variant)
    ticker_no = pc.index_in(graded["ticker"], pa.array(tickers, pa.string())).to_numpy().astype(np.int32)
    entries = Entries.from_rows(
        panel,
        ticker_no=ticker_no,
        asof_date=graded["asof_date"].cast(pa.int32()).to_numpy(),
        is_long=pc.equal(graded["direction"], "long").to_numpy(),
        **{name: column(name) for name in ("entry", "stop", "target", "price_factor")},
    )
    activation, raw = column("activation_momentum_percentile"), column("momentum_percentile")
    qualified, meets_core = column("qualified"), column("meets_core")
    sessions = start = None
    equal_weight, references = None, dict[str, Curve]()
    if rules.fill == "close":
        sessions = panel.sessions_of(
            priced_tickers(
                len(tickers),
                ticker_no=ticker_no,
                # The gate excludes rows labelled short; the portfolio buys rows labelled long.
                is_long=pc.not_equal(graded["direction"], "short").to_numpy(),
                meets_core=meets_core,
                is_qualified=qualified,
                activation_percentile=activation,
                raw_percentile=raw,
                variants=variants,
            )
        )
    else:
        week_ends, is_eligible = _eligible_weeks(ranks, panel, tickers)
        if not len(week_ends):
            return BookRuns(dict.fromkeys(POLICIES), [(variant, None) for variant in variants], None)
        start = int(week_ends[0])
        equal_weight, references = _references(panel, week_ends, is_eligible, settings, benchmark)
    at = entries.row_no
    common = {"sessions": sessions, "start_session": start, "benchmark": benchmark}
    return BookRuns(
        simulate_policies(panel, entries, rules, is_qualified=qualified[at], rank=activation[at], **common),
        simulate_variants(
            panel,
            entries,
            rules,
            meets_core=meets_core[at],
            activation_percentile=activation[at],
            raw_percentile=raw[at],
            variants=variants,
            **common,
        ),
        equal_weight,
        references,
    )


def _references(
    panel: BarPanel,
    week_ends: npt.NDArray[np.int32],
    is_eligible: npt.NDArray[np.bool_],
    settings: Settings,
    benchmark: BenchmarkCloses | None,
) -> tuple[dict[str, float], dict[str, Curve]]:
    """Returns of the equal-weight holds, and the curves that the books are compared with."""
    days, capital = panel.calendar[int(week_ends[0]) :], settings.portfolio.starting_capital
    held = _equal_weight(panel, week_ends, is_eligible, settings)
    curves: dict[str, Curve] = {f"equal_weight_{name}": (days, curve) for name, curve in held.items()}
    if benchmark is not None:
        curves |= _benchmark_curve(days, benchmark, capital)
    return {name: (curve[-1] / capital - 1.0) * 100.0 for name, curve in held.items()}, curves


def ranked_members(
    weeks: pa.Table, tickers: Sequence[str]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Week ends of `percentile_ranks`, int32 days ascending, and for each row its week and ticker numbers."""
    days, week_no = np.unique(weeks["asof_date"].cast(pa.int32()).to_numpy(), return_inverse=True)
    return days, week_no, pc.index_in(weeks["ticker"], pa.array(tickers, pa.string())).to_numpy()


def _eligible_weeks(
    ranks: pa.Table, panel: BarPanel, tickers: Sequence[str]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Sessions of the ranked week ends, ascending, and the tickers ranked there, (n_weeks, n_tickers)."""
    days, week_no, ticker_no = ranked_members(ranks.filter(pc.equal(ranks["grid"], "week")), tickers)
    is_eligible = np.zeros((len(days), len(tickers)), dtype=np.bool_)
    is_eligible[week_no, ticker_no] = True
    return np.searchsorted(panel.calendar, days).astype(np.int32), is_eligible


def _equal_weight(
    panel: BarPanel, week_ends: npt.NDArray[np.int32], is_eligible: npt.NDArray[np.bool_], settings: Settings
) -> dict[str, npt.NDArray[np.float64]]:
    capital, delisting = settings.portfolio.starting_capital, settings.costs.delisting_return
    held = equal_weight_hold(panel, is_eligible[0], int(week_ends[0]), capital, delisting_return=delisting)
    renewed, _ = equal_weight_renewed(panel, week_ends, is_eligible, capital, delisting_return=delisting)
    return {"hold": held, "renewed": renewed}


def _benchmark_curve(dates: npt.NDArray[np.int32], benchmark: BenchmarkCloses, capital: float) -> dict[str, Curve]:
    """Capital in the benchmark from its first close on or after the start; a missing day keeps the last close."""
    at = np.searchsorted(benchmark.dates, dates, side="right") - 1
    known = (at >= 0) & (benchmark.dates[np.maximum(at, 0)] >= dates[0])
    if not known.any():
        return {}
    closes = benchmark.closes[at[known]]
    return {"benchmark": (dates[known], capital * closes / closes[0])}
