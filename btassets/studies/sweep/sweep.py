"""A sweep: a grid over the settings of setups and portfolios, as one document for page, table and files.

Belongs here: the results of each cell, the best cell, plateaus, and the number of trials. Does not belong here: the
settings that can vary (`sweep_axes.py`), the cells' numbers (`sweep_portfolios.py`), layout (`sweep_page.py`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.book.book import Book
from btassets.engine.days import iso_day
from btassets.engine.portfolio.plateaus import neighbourhoods
from btassets.engine.portfolio.portfolio_rules import Policy
from btassets.engine.portfolio.simulation import BookResult
from btassets.engine.statistics.ewc import estimate
from btassets.engine.statistics.families import step_down
from btassets.engine.statistics.influence import Influence, difference
from btassets.engine.statistics.return_series import daily_returns
from btassets.engine.statistics.sharpe import (
    DAYS_PER_YEAR,
    ReturnMoments,
    deflated_sharpe,
    expected_max_sharpe,
    null_sharpe_variance,
    return_moments,
)
from btassets.errors import NoBarsError, UsageError
from btassets.graph.ranking import ranks_own_signals
from btassets.run.freshness import bars_version
from btassets.run.run_stage import stale_stage
from btassets.run.setup_rule import own_content
from btassets.run.tables import Tables
from btassets.run.trials import append_trials, n_trials, trial_row
from btassets.settings.grid import Axis, cells, label, parse_grid, settings_of
from btassets.settings.models import Settings, flatten
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.statistics.stat_sample import overlap_weeks
from btassets.storage.hashing import digest
from btassets.studies.sweep.sweep_answer import answer, place_words
from btassets.studies.sweep.sweep_axes import MOST_REPLAYS, check_axes
from btassets.studies.sweep.sweep_portfolios import READS, replay_book, run_cells
from btassets.studies.sweep.sweep_walk import walk_forward

MEASURES = {
    "sharpe": "Sharpe ratio",
    "cagr_pct": "CAGR, %",
    "total_return_pct": "Return, %",
    "max_drawdown_pct": "Max drawdown, %",
    "net_avg_r": "Net R per setup",
}
"""Measures for comparing cells; for a drawdown smaller is better."""

LEAST_TRADES = 30
"""Minimum number of trades for a cell to be best or the centre of a plateau."""

_SCHEMA_VERSION = 1
_LEVEL = 0.05
_DIGITS = 4

Row = dict[str, Any]


def sweep_document(
    book: Book,
    words: Sequence[str],
    *,
    policy: Policy = "hold",
    by: str = "sharpe",
    progress: Callable[[int, int], object],
    replay: Callable[[Sequence[Book]], object],
) -> dict[str, Any]:
    """Run a grid and return its document, plain JSON values.

    Parameters
    ----------
    book
        A book that was run; its scenario is the base of every cell.
    words
        `key=first:last:step` or `key=a,b,c`.
    policy
        Exit of the portfolios and of the setups' R.
    by
        One of `MEASURES`.
    progress
        Called with the number of portfolios done and the total.
    replay
        Brings the replays of these books and their signals up to date; called with those that the cells need beside
        the book's own, if there are any.

    Raises
    ------
    UsageError, SettingError, UnknownSettingError
        An argument that cannot be swept, or too many replays.
    NoBarsError
        The book was never run.
    """
    axes = parse_grid(words, book.settings)
    check_axes(axes)
    if not book.lake.bucket_files(book.candidates) or book.lake.footer("factor_signals", book.replay) is None:
        raise NoBarsError(str(book.folder), "no replay for the sweep", "`btassets run` reads the bars and replays.")
    places = list(cells(axes))
    settings = [settings_of(book.settings, axes, place) for place in places]
    _replay_others(book, settings, replay)
    found = run_cells(book, [*settings, book.settings], policy, progress=progress)
    moments = [_moments(result) for result in found.books]
    name = _name(book, axes, policy)
    total = _record(book, [*settings, book.settings], found.books, policy, name)
    overlaps = [overlap_weeks(own) for own in (*settings, book.settings)]
    rows = _cell_rows(found.books, moments, found.setups, total, overlaps)
    base = rows.pop()
    shape = tuple(len(axis) for axis in axes)
    _add_neighbourhoods(rows, shape, axes, by)
    for place, row, own in zip(places, rows, settings, strict=True):
        row["values"] = {axis.key: axis.labels[k] for axis, k in zip(axes, place, strict=True)}
        row["is_current"] = _as_walked(own) == _as_walked(book.settings)
    best = _best(rows, by, by)
    plateau = _best(rows, "plateau", by)
    sessions = read_sessions(Tables(READS, book))
    longest = max(max(own.engine.horizon_days, *own.exits.hold_days) for own in (*settings, book.settings))
    document: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "kind": "sweep",
        "name": name,
        "book": book.folder.name,
        "as_of": iso_day(sessions.last),
        "scenario": book.scenario,
        "settings_hash": book.resolved.hash,
        "policy": policy,
        "by": by,
        "least_trades": LEAST_TRADES,
        "axes": [_axis_row(book, axis) for axis in axes],
        "trials": {"cells": len(rows), "in_ledger": total},
        "luck": _luck(moments, total),
        "current": base,
        "best": best,
        "plateau": plateau,
        "walk_forward": walk_forward(found.books, sessions.days, by=by, label_days=longest),
        "cells": rows,
    }
    return _answered(document)


def _replay_others(book: Book, settings: Sequence[Settings], replay: Callable[[Sequence[Book]], object]) -> None:
    if any(map(ranks_own_signals, settings)) and stale_stage("own_signals", book) is not None:
        problem = "sweep: own_signals is stale: own code, bars or settings changed since it was computed"
        raise UsageError(problem, "`btassets run` brings it up to date.")
    # Cells share a replay; one whose gate names an own signal needs that replay's own signals too.
    ordered = sorted(settings, key=ranks_own_signals)
    others = {other.replay: other for own in ordered if (other := replay_book(book, own)).replay != book.replay}
    if len(others) > MOST_REPLAYS:
        problem = f"sweep: {len(others):,} combinations of the engine's settings, more than {MOST_REPLAYS}"
        raise UsageError(problem, "each one replays every ticker; use wider steps or fewer settings of the engine.")
    if others:
        replay(list(others.values()))


def _answered(document: dict[str, Any]) -> dict[str, Any]:
    document["headline"] = headline(document)
    document["answer"] = answer(document)
    return document


def _as_walked(settings: Settings) -> Settings:
    """Settings with the one hold of a portfolio: the longest of its list."""
    longest = settings.exits.model_copy(update={"hold_days": settings.exits.hold_days[-1:]})
    return settings.model_copy(update={"exits": longest})


def _axis_row(book: Book, axis: Axis) -> dict[str, Any]:
    current = label(flatten(_as_walked(book.settings))[axis.key])
    return {"key": axis.key, "labels": list(axis.labels), "is_ordered": axis.is_ordered, "current": current}


def _name(book: Book, axes: Sequence[Axis], policy: str) -> str:
    """Name of a sweep: the same for the same grid over the same settings."""
    asked = [book.scenario, book.resolved.hash, policy, [(axis.key, axis.labels) for axis in axes]]
    return f"sweep-{digest(asked)[:8]}"


def _record(
    book: Book, settings: Sequence[Settings], books: Sequence[BookResult | None], policy: str, name: str
) -> int:
    """Add every cell to the ledger of trials; returns the resulting number of configurations on these data."""
    data = bars_version(book)
    codes = {(own.setup.rule, own.gates.signals): own_content(book, own) for own in settings}
    rows = [
        trial_row(own, result, data_version=data, policy=policy, own=codes[own.setup.rule, own.gates.signals])
        for own, result in zip(settings, books, strict=True)
    ]
    append_trials(book, rows, name=name, made_by="sweep")
    return n_trials(book)


def _moments(result: BookResult | None) -> ReturnMoments:
    if result is None or result.n_trades == 0:
        return ReturnMoments(0, math.nan, math.nan, math.nan)
    returns = daily_returns(result.equity)
    return return_moments(returns[~np.isnan(returns)])


def _number(value: float | None, digits: int = _DIGITS) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def _cell_rows(
    books: Sequence[BookResult | None],
    moments: Sequence[ReturnMoments],
    setups: Influence,
    trials: int,
    overlaps: Sequence[int],
) -> list[Row]:
    """Rows of all cells, the last one the book's own settings, with paired differences to it.

    Each estimate is made with the overlap of its own labels, a difference with the longer one of both, the family over
    all cells with the longest.
    """
    k = len(books)
    own = setups.take([k - 1] * k)
    pairs = difference(setups, own)
    alone = {weeks: estimate(setups, weeks) for weeks in set(overlaps)}
    paired = {weeks: estimate(pairs, weeks) for weeks in set(overlaps)}
    longest = max(overlaps)
    family = step_down(pairs.take(list(range(k - 1))), longest, is_member=~paired[longest].is_too_short[:-1])
    rows: list[Row] = []
    for j, (result, moment) in enumerate(zip(books, moments, strict=True)):
        has_trades = result is not None and result.n_trades > 0
        found, deltas = alone[overlaps[j]], paired[max(overlaps[j], overlaps[-1])]
        row: Row = {
            "n_setups": int(found.n_obs[j]),
            "net_avg_r": _number(found.estimate[j]),
            "ci_lo": _number(found.ci_lo[j]),
            "ci_hi": _number(found.ci_hi[j]),
            "delta_r": _number(deltas.estimate[j]),
            "delta_ci_lo": _number(deltas.ci_lo[j]),
            "delta_ci_hi": _number(deltas.ci_hi[j]),
            "p_adj": _number(family.p_adj[j]) if j < k - 1 else None,
            "trades": 0 if result is None else result.n_trades,
        }
        for name in ("total_return_pct", "cagr_pct", "max_drawdown_pct", "sharpe", "win_rate_pct"):
            row[name] = _number(getattr(result, name)) if has_trades else None
        row["deflated_sharpe"] = _number(deflated_sharpe(moment, trials))
        row["is_thin"] = row["trades"] < LEAST_TRADES
        rows.append(row)
    return rows


def _luck(moments: Sequence[ReturnMoments], trials: int) -> dict[str, Any]:
    """Expected best of that many portfolios without any skill over this history."""
    longest = max(moments, key=lambda m: m.n)
    if longest.n < 3:
        return {"expected_best_sharpe": None, "n_days": longest.n}
    best = expected_max_sharpe(trials, null_sharpe_variance(longest)) * math.sqrt(DAYS_PER_YEAR)
    return {"expected_best_sharpe": _number(best), "n_days": longest.n}


def _signed(values: npt.NDArray[np.float64], by: str) -> npt.NDArray[np.float64]:
    return -values if by == "max_drawdown_pct" else values


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> npt.NDArray[np.float64]:
    return np.array([math.nan if row[name] is None else row[name] for row in rows])


def _add_neighbourhoods(rows: Sequence[Row], shape: tuple[int, ...], axes: Sequence[Axis], by: str) -> None:
    values = _signed(_column(rows, by), by).reshape(shape)
    found = neighbourhoods(values, [axis.is_ordered for axis in axes])
    columns = zip(
        _signed(found.mean, by).ravel().tolist(),
        _signed(found.worst, by).ravel().tolist(),
        found.n_cells.ravel().tolist(),
        found.is_whole.ravel().tolist(),
        rows,
        strict=True,
    )
    for mean, worst, n, is_whole, row in columns:
        row |= {"plateau": _number(mean), "plateau_worst": _number(worst), "n_beside": n, "is_inside": is_whole}


def _best(rows: Sequence[Row], name: str, by: str) -> int | None:
    """First cell with the best value of a column among those with enough trades; None without one.

    A plateau's centre has all its neighbours, if any cell has them: the edge of the grid is no plateau.
    """
    values = _signed(_column(rows, name), by)
    values[[row["is_thin"] for row in rows]] = math.nan
    if name == "plateau":
        inside = np.array([row["is_inside"] for row in rows])
        if (inside & ~np.isnan(values)).any():
            values[~inside] = math.nan
    return None if np.isnan(values).all() else int(np.nanargmax(values))


def headline(document: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of the grid, including the number of trials; verdict on the best cell."""
    rows, by, trials = document["cells"], document["by"], document["trials"]
    tried = f"{trials['cells']:,} portfolios tried here, {trials['in_ledger']:,} on this book's data in total"
    if document["best"] is None:
        return {"text": f"{tried}. No cell has {LEAST_TRADES} trades: nothing to compare.", "verdict": None}
    best, plateau, own = rows[document["best"]], rows[document["plateau"]], document["current"]
    p = best["p_adj"]
    verdict = None
    if p is not None and best["delta_r"] is not None:
        is_known = p < _LEVEL and best["delta_r"] != 0
        verdict = ("supported" if best["delta_r"] > 0 else "contradicted") if is_known else _NOISE
    name = MEASURES[by]
    luck = document["luck"]["expected_best_sharpe"]
    parts = [
        f"{tried}.",
        f"Best {name} {best[by]:.2f} at {place_words(best)}; the book's own settings show "
        f"{'-' if own[by] is None else format(own[by], '.2f')}.",
        f"Best plateau: {place_words(plateau)}, mean of {plateau['n_beside']} cells {plateau['plateau']:.2f}, worst "
        f"of them {plateau['plateau_worst']:.2f}.",
    ]
    if luck is not None and best["sharpe"] is not None:
        chance = "-" if best["deflated_sharpe"] is None else f"{best['deflated_sharpe'] * 100:.0f}%"
        parts.append(
            f"The best of that many would reach a Sharpe ratio of {luck:.2f} by luck alone; the probability that "
            f"{best['sharpe']:.2f} exceeds luck is {chance}."
        )
    if verdict is not None:
        spread = f"{best['delta_ci_lo']:+.3f} to {best['delta_ci_hi']:+.3f}"
        parts.append(
            f"Net R per setup against the own settings: {best['delta_r']:+.3f}R ({spread}), p {p:.2f} over all cells."
        )
    return {"text": " ".join(parts), "verdict": verdict}


_NOISE = "not distinguishable from noise"

_TABLE = (
    "n_setups",
    "net_avg_r",
    "ci_lo",
    "ci_hi",
    "delta_r",
    "delta_ci_lo",
    "delta_ci_hi",
    "p_adj",
    "trades",
    "win_rate_pct",
    "total_return_pct",
    "cagr_pct",
    "max_drawdown_pct",
    "sharpe",
    "deflated_sharpe",
    "plateau",
    "plateau_worst",
    "n_beside",
    "is_current",
)
_WHOLE = ("n_setups", "trades", "n_beside")


def sweep_table(document: Mapping[str, Any]) -> pa.Table:
    """All cells as one flat table: settings, then numbers."""
    rows = document["cells"]
    keys = [axis["key"] for axis in document["axes"]]
    columns: dict[str, pa.Array] = {key: pa.array([row["values"][key] for row in rows], pa.string()) for key in keys}
    for name in _TABLE:
        kind = pa.int64() if name in _WHOLE else pa.bool_() if name == "is_current" else pa.float64()
        columns[name] = pa.array([row[name] for row in rows], kind)
    return pa.table(columns)


def folder_of(document: Mapping[str, Any]) -> str:
    """Name of a sweep's folder below `reports/`: the same for the same sweep."""
    name = document["name"]
    return name if document["by"] == "sharpe" else f"{name}-{document['by']}"
