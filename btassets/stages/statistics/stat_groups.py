"""Stage `stat_groups`: means of every group of setups, and paired comparisons, with standard errors.

Belongs here: the groups and the comparisons. Does not belong here: the estimator (`engine.statistics`) and the claims
(`stat_claims.py`).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import CUTOFFS_PCT
from btassets.engine.floors import ALL_FLOORS
from btassets.engine.statistics import regimes
from btassets.engine.statistics.ewc import Estimates, estimate
from btassets.engine.statistics.families import step_down
from btassets.engine.statistics.influence import Influence, difference, setup_influence, trimmed_influence
from btassets.engine.statistics.verdicts import out_of_sample
from btassets.engine.statistics.walk_forward import selected, window_of
from btassets.graph.statistics import STAT_GROUPS, STAT_HEALTH, STAT_PAIRS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes
from btassets.stages.statistics.level_pairs import LEVELS, level_pairs
from btassets.stages.statistics.list_rank import list_rows
from btassets.stages.statistics.stat_health import health_rows
from btassets.stages.statistics.stat_sample import (
    NO_WINDOWS,
    PICKED,
    TARGET,
    Flags,
    Floats,
    Sample,
    as_statistics,
    estimate_row,
    read_sample,
)

_CONCENTRATED = 0.6
_BOTH = ("net_r", "adjusted_r")


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `stat_groups`, `stat_pairs` and `stat_health` of the scenario."""
    sample = read_sample(tables, settings)
    groups = group_rows(sample, _regime_labels(tables, sample))
    pairs = [*pair_rows(sample), *_levels(tables, settings, sample), *list_rows(tables, settings)]
    health = health_rows(tables, settings, sample)
    found = {
        "stat_groups": as_statistics(groups, STAT_GROUPS.schema, tables.scenario),
        "stat_pairs": as_statistics(pairs, STAT_PAIRS.schema, tables.scenario),
        "stat_health": as_statistics(health, STAT_HEALTH.schema, tables.scenario),
    }
    first = next((row for row in groups if row["member"] == "qualified" and row["exit"] == TARGET), None)
    numbers = {
        "n_groups": len(groups),
        "n_pairs": len(pairs),
        "windows": len(sample.walk),
        "qualified_net_r": None if first is None else first["estimate"],
        "qualified_se": None if first is None else first["se"],
    }
    return StageResult(found, numbers)


def _regime_labels(tables: Tables, sample: Sample) -> dict[str, tuple[npt.NDArray[np.int8], tuple[str, ...]]]:
    closes = read_benchmark_closes(tables, read_sessions(tables).last)
    if closes is None:
        return {}
    trend = regimes.labels_at(sample.asof, closes.dates, regimes.trend_codes(closes.closes))
    volatility = regimes.labels_at(sample.asof, closes.dates, regimes.volatility_codes(closes.closes))
    return {"trend": (trend, regimes.TREND_NAMES), "volatility": (volatility, regimes.VOLATILITY_NAMES)}


def _groups(
    sample: Sample, labels: dict[str, tuple[npt.NDArray[np.int8], tuple[str, ...]]]
) -> Iterator[tuple[str, str, Flags]]:
    qualified = sample.flags["qualified"]
    yield "population", "qualified", qualified
    yield "direction", "long", qualified & sample.is_long
    yield "direction", "short", qualified & ~sample.is_long
    for cutoff in CUTOFFS_PCT:
        yield "cutoff", f"{cutoff:g}", sample.cutoff_mask(cutoff)
    for variant in sample.variants:
        yield "floor", variant.name, sample.floor_mask(variant.drops)
    for year in np.unique(sample.year[qualified]).tolist():
        yield "year", str(year), qualified & (sample.year == year)
    for grouping, (codes, names) in labels.items():
        for code, name in enumerate(names):
            yield grouping, name, qualified & (codes == code)


def group_rows(sample: Sample, labels: dict[str, tuple[npt.NDArray[np.int8], tuple[str, ...]]]) -> list[dict[str, Any]]:
    """Rows of `stat_groups`: every group under the target race and the longest hold, populations under all."""
    rows: list[dict[str, Any]] = []
    every = list(range(len(sample.exits)))
    main = [0, len(sample.exits) - 1]
    measures = _BOTH if sample.has_benchmark else _BOTH[:1]
    shares: dict[tuple[str, str, int], float | None] = {}
    for measure in measures:
        found = estimate(sample.everyone[measure], sample.overlap_weeks)
        rows += [_group_row("population", "all", sample.exits[k], measure, found, k, None) for k in every]
        for grouping, member, mask in _groups(sample, labels):
            columns = every if grouping == "population" else main
            r = sample.r_of(measure)[:, columns]
            found = estimate(setup_influence(sample.week_no, r, sample.n_weeks, mask), sample.overlap_weeks)
            for j, k in enumerate(columns):
                key = grouping, member, k  # of net R under either measure
                if key not in shares:
                    shares[key] = _largest_year(sample, sample.net_r[:, k], mask)
                rows.append(_group_row(grouping, member, sample.exits[k], measure, found, j, shares[key]))
    return rows


def _group_row(
    grouping: str, member: str, exit_name: str, measure: str, found: Estimates, j: int, share: float | None
) -> dict[str, Any]:
    return {
        "grouping": grouping,
        "member": member,
        "exit": exit_name,
        "measure": measure,
        **estimate_row(found, j, "r"),
        "largest_year_frac": share,
        "is_descriptive": share is not None and share > _CONCENTRATED and grouping != "year",
        "is_too_short": bool(found.is_too_short[j]),
    }


def _largest_year(sample: Sample, net_r: Floats, mask: Flags) -> float | None:
    """Largest share of one year in the summed net R of a group; None if the sum is not above 0."""
    rows = mask & ~np.isnan(net_r)
    if not rows.any():
        return None
    first = int(sample.year[rows].min())
    by_year = np.bincount(sample.year[rows] - first, weights=net_r[rows])
    total = float(by_year.sum())
    return float(by_year.max()) / total if total > 0 else None


def pair_rows(sample: Sample) -> list[dict[str, Any]]:
    """Rows of `stat_pairs`: exits, floors, cutoffs, and the gate as a whole."""
    return [*_exits(sample), *_floors(sample), *_cutoffs(sample), *_selection(sample)]


def _in_tests(sample: Sample) -> npt.NDArray[np.int64]:
    return window_of(sample.asof_session, sample.walk)


def _influence(sample: Sample, r: Floats, mask: Flags) -> Influence:
    return setup_influence(sample.week_no, r, sample.n_weeks, mask)


def _family(
    sample: Sample,
    name: str,
    labels: list[tuple[str, str]],
    pairs: Influence,
    tests: Influence,
    measure: str,
) -> list[dict[str, Any]]:
    """Rows of one family: each pair alone, adjusted over the family, and over the test weeks."""
    found, later = estimate(pairs, sample.overlap_weeks), estimate(tests, sample.overlap_weeks)
    family = step_down(pairs, sample.overlap_weeks, is_member=~found.is_too_short)
    rows = []
    for j, (member, against) in enumerate(labels):
        sign = 1 if not found.estimate[j] < 0 else -1
        p, confirmed = out_of_sample(
            float(later.estimate[j]), float(later.se[j]), int(later.dof[j]), len(sample.walk), sign
        )
        rows.append(
            {
                "member": member,
                "against": against,
                "measure": measure,
                **estimate_row(found, j, "r"),
                "family": name,
                "family_size": family.size,
                "p_adj": family.p_adj[j],
                "adj_method": "step_down",
                "oos_estimate": later.estimate[j],
                "oos_p": p,
                "oos_windows": len(sample.walk),
                "oos_confirmed": confirmed,
            }
        )
    return rows


def _picked(sample: Sample, name: str, against: str, pick: Influence, base: Influence, measure: str) -> dict[str, Any]:
    """Row of the picks of each window's train, over the test weeks only."""
    row = _family(sample, name, [(PICKED, against)], difference(pick, base), difference(pick, base), measure)[0]
    return {**row, "family_size": None, "p_adj": None, "adj_method": "none"}


def _exits(sample: Sample) -> list[dict[str, Any]]:
    """Each fixed hold against the target race, over the same setups."""
    qualified, measure = sample.flags["qualified"], sample.measure
    r = sample.r_of(measure)
    place = _in_tests(sample)

    # A hold beyond the horizon has no result yet for the newest setups.
    has_result = ~np.isnan(sample.net_r[:, 1:])

    def against_target(mask: Flags) -> Influence:
        both = mask[:, np.newaxis] & has_result
        held = setup_influence(sample.week_no, r[:, 1:], sample.n_weeks, both)
        return difference(held, setup_influence(sample.week_no, r[:, 0], sample.n_weeks, both))

    labels = [(sample.exits[k], TARGET) for k in range(1, len(sample.exits))]
    rows = _family(
        sample, "exits", labels, against_target(qualified), against_target(qualified & (place >= 0)), measure
    )
    picked = np.full(len(place), np.nan)
    for w, (mean, n) in enumerate(sample.train_means(qualified[:, np.newaxis], r[:, 1:])):
        choice = selected(mean[0], n[0])
        if choice is not None:
            picked[place == w] = r[place == w, 1 + choice]
    tested = qualified & ~np.isnan(picked)
    base = _influence(sample, r[:, 0], tested)
    return [*rows, _picked(sample, "exits", TARGET, _influence(sample, picked, tested), base, measure)]


def _levels(tables: Tables, settings: Settings, sample: Sample) -> list[dict[str, Any]]:
    """Each moved level against the planned ones, over the same setups."""
    found = level_pairs(tables, settings, sample)
    return [] if found is None else _family(sample, LEVELS, found.labels, found.pairs, found.tests, found.measure)


def _floors(sample: Sample) -> list[dict[str, Any]]:
    """The whole gate against the gate without one floor, and against momentum only, under the longest hold."""
    r = sample.net_r[:, -1]
    tested = _in_tests(sample) >= 0
    dropped = [variant for variant in sample.variants if variant.name != ALL_FLOORS]

    def pairs(rows: Flags) -> Influence:
        masks = np.stack([sample.floor_mask(variant.drops) & rows for variant in dropped], axis=1)
        base = _influence(sample, r, sample.floor_mask() & rows)
        return difference(base, setup_influence(sample.week_no, r, sample.n_weeks, masks))

    labels = [(ALL_FLOORS, variant.name) for variant in dropped]
    return _family(sample, "floors", labels, pairs(np.ones(len(r), np.bool_)), pairs(tested), "net_r")


def _cutoffs(sample: Sample) -> list[dict[str, Any]]:
    """The best momentum cutoff against each other one, under the target race."""
    r = sample.net_r[:, 0]
    cutoffs = [cutoff for cutoff in CUTOFFS_PCT if cutoff > 0]
    masks = np.stack([sample.cutoff_mask(cutoff) for cutoff in cutoffs], axis=1)
    whole = setup_influence(sample.week_no, r, sample.n_weeks, masks)
    if np.isnan(whole.estimate).all():
        return []
    best = int(np.nanargmax(whole.estimate))
    others = [j for j in range(len(cutoffs)) if j != best]
    place = _in_tests(sample)
    tests = setup_influence(sample.week_no, r, sample.n_weeks, masks & (place >= 0)[:, np.newaxis])
    labels = [(f"{cutoffs[best]:g}", f"{cutoffs[j]:g}") for j in others]
    rows = _family(
        sample,
        "cutoffs",
        labels,
        difference(whole.take([best] * len(others)), whole.take(others)),
        difference(tests.take([best] * len(others)), tests.take(others)),
        "net_r",
    )
    chosen = np.zeros(len(r), dtype=np.bool_)
    for w, (mean, n) in enumerate(sample.train_means(masks, r[:, np.newaxis])):
        choice = selected(mean[:, 0], n[:, 0])
        if choice is not None:
            chosen |= masks[:, choice] & (place == w)
    current = sample.flags["qualified"] & (place >= 0)
    base = _influence(sample, r, current)
    return [*rows, _picked(sample, "cutoffs", "current", _influence(sample, r, chosen), base, "net_r")]


def _selection(sample: Sample) -> list[dict[str, Any]]:
    """Qualified setups alone, without their best, and against all setups; two exits each."""
    rows = []
    qualified = sample.flags["qualified"]
    tested = qualified & (_in_tests(sample) >= 0)
    measure = sample.measure
    for k in (0, len(sample.exits) - 1):
        exit_name = sample.exits[k]
        r, net = sample.r_of(measure)[:, k], sample.net_r[:, k]
        whole, later = _influence(sample, r, qualified), _influence(sample, r, tested)
        trimmed, trimmed_later = (
            trimmed_influence(sample.week_no[mask], net[mask], sample.n_weeks) for mask in (qualified, tested)
        )
        everyone = difference(whole, sample.everyone[measure].take([k]))
        for name, against, pair, test, unit in (
            (f"qualified_{exit_name}", "nothing", whole, later, measure),
            (f"qualified_{exit_name}_ex_top5", "nothing", trimmed, trimmed_later, "net_r"),
            (f"qualified_{exit_name}", "all", everyone, everyone.take([]), measure),
        ):
            if not len(test):
                row = _family(sample, "selection", [(name, against)], pair, pair, unit)[0]
                row |= NO_WINDOWS
            else:
                row = _family(sample, "selection", [(name, against)], pair, test, unit)[0]
            rows.append({**row, "family_size": 1, "p_adj": row["p_raw"], "adj_method": "none"})
    return rows
