"""The walk-forward of a scenario: the pick of each train window, and one portfolio that follows the picks.

Belongs here: the grid of configurations over the graded setups, and the stitched portfolio. Does not belong here:
windows and the choice (`engine.statistics.walk_forward`), the simulation (`engine.portfolio`).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.portfolio.exits import chosen_exits
from btassets.engine.portfolio.portfolio_rules import BookConfig
from btassets.engine.portfolio.simulation import simulate_books
from btassets.engine.statistics.ewc import estimate
from btassets.engine.statistics.influence import difference, setup_influence
from btassets.engine.statistics.walk_forward import selected, window_of
from btassets.stages.portfolio.simulation_inputs import BookInputs
from btassets.stages.statistics.stat_sample import Sample, estimate_row

RANKINGS = ("residual", "raw")
CUTOFFS = (50.0, 60.0, 70.0, 80.0, 90.0)

NO_INTERVAL = dict.fromkeys(("se", "dof", "ci_lo", "ci_hi", "p_raw", "mde80", "n_eff"))
"""Two years of a mean with the market's move in it: an interval of it would cover 80 to 90% (decision 0027)."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WalkForward:
    """Result of the walk-forward.

    Attributes
    ----------
    windows
        Rows of `wf_windows`.
    comparison
        Rows of `stat_overfit`: picked, fixed, and their paired difference over the test weeks.
    weekly_r
        Summed net R of every configuration by week, shape (n_weeks, n_configurations).
    dates, equity, fixed_equity, benchmark_equity
        The stitched portfolio from the first test session, the production portfolio from the same start, and the
        benchmark; NaN = no close.
    """

    windows: list[dict[str, Any]]
    comparison: list[dict[str, Any]]
    weekly_r: Floats
    dates: npt.NDArray[np.int32]
    equity: Floats
    fixed_equity: Floats
    benchmark_equity: Floats


def walk_forward(inputs: BookInputs, sample: Sample) -> WalkForward:
    """Pick in each train by the highest mean net R, and evaluate in the test.

    Parameters
    ----------
    inputs
        Panel, entries, percentiles and rules of the portfolio.
    sample
        Graded setups and the windows.
    """
    gates = [(ranking, cutoff) for ranking in RANKINGS for cutoff in CUTOFFS]
    masks = np.stack([sample.cutoff_mask(cutoff, ranking) for ranking, cutoff in gates], axis=1)
    n_exits = len(sample.exits)
    weekly = np.zeros((sample.n_weeks, len(gates) * n_exits))
    known = np.nan_to_num(sample.net_r)
    for g in range(len(gates)):
        rows = masks[:, g]
        for e in range(n_exits):
            weekly[:, g * n_exits + e] = np.bincount(
                sample.week_no[rows], weights=known[rows, e], minlength=sample.n_weeks
            )
    used = np.flatnonzero(weekly.any(axis=1))
    weekly = weekly[used[0] : used[-1] + 1] if len(used) else weekly[:0]
    place = window_of(sample.asof_session, sample.walk)
    production = sample.flags["qualified"]
    last = n_exits - 1
    picks: list[int | None] = []
    windows: list[dict[str, Any]] = []
    picked = np.zeros(len(place), dtype=np.bool_)
    picked_r = np.full(len(place), np.nan)
    days = inputs.panel.calendar
    trains = sample.train_means(masks, sample.net_r)
    for w, (window, (mean, n)) in enumerate(zip(sample.walk, trains, strict=True)):
        choice = selected(mean.ravel(), n.ravel())
        picks.append(choice)
        row: dict[str, Any] = {
            "window": window.number,
            "train_first": _day(days, window.train_first),
            "train_last": _day(days, window.train_last),
            "test_first": _day(days, window.test_first),
            "test_last": _day(days, window.test_last),
            "fixed_net_r": _mean(sample.net_r[production & (place == w), last]),
        }
        if choice is not None:
            g, e = divmod(choice, n_exits)
            tested = masks[:, g] & (place == w)
            picked |= tested
            picked_r[tested] = sample.net_r[tested, e]
            row |= {
                "n_train": n.ravel()[choice],
                "ranking": gates[g][0],
                "min_momentum_percentile": gates[g][1],
                "exit": sample.exits[e],
                "train_net_r": mean.ravel()[choice],
                "n_test": int(np.count_nonzero(~np.isnan(sample.net_r[tested, e]))),
                "test_net_r": _mean(sample.net_r[tested, e]),
            }
        windows.append(row)
    comparison = _comparison(sample, picked, picked_r, production & (place >= 0))
    nothing = WalkForward(windows, comparison, weekly, np.empty(0, np.int32), *(np.empty(0) for _ in range(3)))
    if not sample.walk or all(choice is None for choice in picks):
        return nothing
    return _stitched(inputs, sample, gates, picks, nothing)


def _day(days: npt.NDArray[np.int32], session: int) -> Any:
    return days[session].astype("datetime64[D]").item()


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _comparison(
    sample: Sample, picked: npt.NDArray[np.bool_], picked_r: Floats, fixed: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    mine = setup_influence(sample.week_no, picked_r, sample.n_weeks, picked)
    base = setup_influence(sample.week_no, sample.net_r[:, -1], sample.n_weeks, fixed)
    rows = []
    for measure, influence in (
        ("selected_test_net_r", mine),
        ("fixed_test_net_r", base),
        ("selected_minus_fixed", difference(mine, base)),
    ):
        row = {"measure": measure, **estimate_row(estimate(influence, sample.overlap_weeks), 0, "r")}
        rows.append(row if measure == "selected_minus_fixed" else row | NO_INTERVAL)
    return rows


def _stitched(
    inputs: BookInputs,
    sample: Sample,
    gates: list[tuple[str, float]],
    picks: list[int | None],
    found: WalkForward,
) -> WalkForward:
    """One pass: entries follow their window's pick, each position keeps its initial exit."""
    entries, rules = inputs.entries, inputs.rules
    place = window_of(entries.asof_session.astype(np.int64), sample.walk)
    place[entries.asof_session > sample.walk[-1].test_last] = -1
    n_exits = len(sample.exits)
    mask = np.zeros(len(entries), dtype=np.bool_)
    rank = inputs.activation.copy()
    choice = np.zeros(len(entries), dtype=np.int64)
    for w, pick in enumerate(picks):
        if pick is None:
            continue
        g, e = divmod(pick, n_exits)
        ranking, cutoff = gates[g]
        percentile = inputs.raw if ranking == "raw" else inputs.activation
        rows = place == w
        mask |= rows & inputs.meets_core & entries.is_long & (percentile >= cutoff)
        rank[rows] = percentile[rows]
        choice[rows] = e
    start = sample.walk[0].test_first
    fixed = inputs.is_qualified & (place >= 0)
    books = simulate_books(
        inputs.panel,
        entries,
        [chosen_exits([inputs.exits[name] for name in sample.exits], choice), inputs.exits_of("hold")],
        [BookConfig(rules), BookConfig(rules, mask_no=1, rank_no=1, exits_no=1)],
        masks=np.stack([mask, fixed]),
        ranks=np.stack([rank, inputs.activation]),
        start_session=start,
        with_trades=False,
        with_curves=False,
        with_counts=False,
    )
    dates = inputs.panel.calendar[start:]
    curves = [np.full(len(dates), np.nan) if b is None else b.equity for b in books]
    returns = inputs.benchmark_returns[start + 1 :]
    benchmark = np.full(len(dates), np.nan)
    if not np.isnan(returns).all():
        growth = np.concatenate((np.ones(1), np.cumprod(1.0 + np.nan_to_num(returns))))
        benchmark = rules.starting_capital * growth
    return replace(found, dates=dates, equity=curves[0], fixed_equity=curves[1], benchmark_equity=benchmark)
