"""Stage `stat_signals`: the factor study, every signal over every horizon, with standard errors.

A signal over a horizon of h sessions is tested in calendar time: the mean of its ranks over the last h / 5 weeks
against the NEXT week's return without beta x the benchmark's. Weekly returns do not overlap, which gives more degrees
of freedom than the correlations with h sessions, shown as `horizon_ic`.

Belongs here: weekly cross-sections of signals and returns as the estimator takes them, quintile
returns, turnover and persistence. Does not belong here: ranks and correlations
(`engine.cross_section`) and the errors (`engine.statistics`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import FORWARD_RETURN_DAYS, SIGNAL_HORIZON_DAYS
from btassets.engine.cross_section.neutral import NO_GROUP
from btassets.engine.cross_section.quantiles import WeeklyQuantiles
from btassets.engine.cross_section.rank_ic import WeeklyIc
from btassets.engine.signals import PRIMARY_SIGNAL, SIGNAL_NAMES
from btassets.engine.statistics.ewc import WEEKLY, Estimates, estimate, weeks_of_overlap
from btassets.engine.statistics.families import benjamini_hochberg, has_star
from btassets.engine.statistics.influence import Influence, series_influence
from btassets.engine.statistics.looks import lasting, looks_agreeing, weekly_looks
from btassets.engine.statistics.verdicts import NOISE, SUPPORTED, Verdict, named_signal_verdict, signal_verdict
from btassets.graph.statistics import STAT_SIGNALS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.analysis.signal_weeks import Column, CrossSections, cross_sections, own_signals, stored_signals
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.statistics.benchmark_moves import benchmark_moves
from btassets.stages.statistics.signal_parts import FIFTHS, SignalRows, computed_parts, signal_parts
from btassets.stages.statistics.stat_sample import as_statistics, estimate_row
from btassets.storage.kept_results import kept_parts

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int32]
Moves = Callable[[Sequence[str], npt.NDArray[np.int32], Days], Floats]

PRIMARY = PRIMARY_SIGNAL
"""The pre-registered signal used by the gate, with its direction."""

MAIN_HORIZON = SIGNAL_HORIZON_DAYS
"""Sessions over which setups are graded: the horizon of the signals' main table."""

NEXT_WEEK = FORWARD_RETURN_DAYS.index(5)
"""Position of the next five sessions among the horizons."""


@dataclass(frozen=True)
class Memory:
    """Parts of weeks from the last run, the version of the code that computes them, and those that this run used."""

    kept: Mapping[str, bytes]
    code: str
    used: dict[str, bytes] = field(default_factory=dict)


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `stat_signals` of the scenario."""
    signals, given = stored_signals(tables), tables.outside("groups")
    memory = Memory(kept_parts(tables.spill_folder, tables.reader, tables.scenario), tables.code_version)
    groups = given.groups
    tickers = set(signals("ticker").unique().to_pylist())
    if groups and not tickers & set(groups):
        problem = f"none of its {len(groups)} tickers ({min(groups)}, ...) is in the book ({min(tickers)}, ...)"
        raise given.refuse(f"{problem}; spell them as in `btassets export`")
    moves = partial(benchmark_moves, tables, settings)
    rows = signal_rows(signals, settings, groups, moves, memory=memory)
    judged, tried = _own_rows(tables, settings, groups, moves, memory)
    rows += judged
    supported = [row["signal"] for row in rows if row["verdict"] == SUPPORTED and row["horizon_days"] == MAIN_HORIZON]
    numbers: dict[str, Any] = {"rows": len(rows), "supported_at_30": ", ".join(supported) or None}
    if groups:
        numbers["tickers_without_group"] = len(tickers - set(groups))
    found = {"stat_signals": as_statistics(rows, STAT_SIGNALS.schema, tables.scenario)}
    facts = {"tried": [[row["signal"], row["content"]] for row in tried]}
    return StageResult(found, numbers, facts, beside={"signal_trials": tried}, kept=memory.used)


def _own_rows(
    tables: Tables, settings: Settings, groups: Mapping[str, str], moves: Moves, memory: Memory
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of own signals, judged as a family of every idea ever tried on the book, and the tries of this run."""
    names, columns = own_signals(tables)
    tried_before = tables.outside("signals_tried")
    if not names:
        return [], []
    last = date(1970, 1, 1) + timedelta(days=read_sessions(tables).last)
    now = [(signal, content) for signal, content in tables["own_signals"].facts["tried"]]
    n_tried = len(tried_before.union(now))
    rows = signal_rows(columns, settings, groups, moves, names=names, n_tried=n_tried, memory=memory)
    tried = [{"signal": signal, "content": content, "last_session": last} for signal, content in now if rows]
    return rows, tried


def signal_rows(
    signals: Column,
    settings: Settings,
    groups: Mapping[str, str] | None = None,
    moves: Moves | None = None,
    *,
    names: Sequence[str] = SIGNAL_NAMES,
    n_tried: int | None = None,
    memory: Memory | None = None,
) -> list[dict[str, Any]]:
    """One row per signal and horizon over the scenario's weekly cross-sections.

    Parameters
    ----------
    groups
        Group by ticker: the columns `neutral_...` use returns minus the mean of their group in the week.
    moves
        Maps tickers, ticker numbers and dates to the benchmark part of the next week's returns.
    names
        Signals of the family.
    n_tried
        Size of the family over which false discovery rates are taken; None: the signals themselves.
    memory
        Parts of weeks kept from the last run; None: compute every week.
    """
    weeks = cross_sections(signals, settings, FORWARD_RETURN_DAYS, names)
    if not len(weeks.monday):
        return []
    ticker, tickers = _numbered(signals, weeks)
    group = None
    if groups:
        numbers = {name: k for k, name in enumerate(sorted(set(groups.values())))}
        group = np.array([numbers.get(groups.get(name, ""), NO_GROUP) for name in tickers], dtype=np.int64)[ticker]
    following = _following(weeks, ticker, tickers, moves)
    taken = SignalRows(weeks.monday, ticker, tickers, weeks.values, weeks.forward, following, group)
    if memory is None:
        parts, _ = signal_parts(taken)
    else:
        parts, used = signal_parts(taken, memory.kept, memory.code)
        memory.used.update(used)
    over_horizons = _horizon_ics(parts.plain)
    family = _Family(names, n_tried or len(names))
    rows = [
        {**row, "n_tried": n_tried}
        for h, found in enumerate(_sortings(parts.weekly, family))
        for row in _horizon_rows(h, names, found, parts.fifths, over_horizons[h])
    ]
    if parts.neutral is None:
        return rows
    within = [row for found in _sortings(parts.neutral, family) for row in _neutral_rows(found)]
    return [row | more for row, more in zip(rows, within, strict=True)]


def weekly_verdicts(
    signals: Column, settings: Settings, moves: Moves | None, n_looks: int
) -> list[dict[tuple[str, int], Verdict]]:
    """Verdicts of each of the last weekly looks on its own, newest first, by signal and horizon."""
    weeks = cross_sections(signals, settings, FORWARD_RETURN_DAYS)
    family = _Family(SIGNAL_NAMES, len(SIGNAL_NAMES))
    ticker, tickers = _numbered(signals, weeks)
    following = _following(weeks, ticker, tickers, moves)
    taken = SignalRows(weeks.monday, ticker, tickers, weeks.values, weeks.forward, following, None)
    weekly = computed_parts(taken).weekly
    return [
        {
            (name, horizon): found.verdict[s]
            for horizon, found in zip(FORWARD_RETURN_DAYS, _sortings_at(look, family), strict=True)
            for s, name in enumerate(SIGNAL_NAMES)
        }
        for look in weekly_looks(weekly, n_looks)
    ]


def _numbered(signals: Column, weeks: CrossSections) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Number of each row's ticker, and the names by number."""
    coded = signals("ticker").combine_chunks().dictionary_encode()
    return coded.indices.to_numpy().astype(np.int32)[weeks.rows], coded.dictionary.to_pylist()


def _following(weeks: CrossSections, ticker: npt.NDArray[np.int32], names: list[str], moves: Moves | None) -> Floats:
    """Next week's returns without what the benchmark explains, shape (n_rows,)."""
    return weeks.forward[NEXT_WEEK] - (0.0 if moves is None else moves(names, ticker, weeks.asof))


def _horizon_ics(weekly: WeeklyIc) -> list[Estimates]:
    """Mean correlation of every signal with the returns over each whole horizon, by horizon."""
    return [
        estimate(_on_calendar(weekly.week, weekly.ic[:, h]), weeks_of_overlap(horizon))
        for h, horizon in enumerate(FORWARD_RETURN_DAYS)
    ]


def _on_calendar(monday: npt.NDArray[np.int32], series: npt.NDArray[np.float64]) -> Influence:
    """Means of weekly series (n_series, n_weeks) on an unbroken weekly axis."""
    place = (monday - monday[0]).astype(np.int64) // 7
    axis = np.full((int(place[-1]) + 1, len(series)), np.nan)
    axis[place] = series.T
    return series_influence(axis)


@dataclass(frozen=True)
class _Sorting:
    """Cross-sectional quality of every signal over one horizon; arrays (n_signals,)."""

    ic: Estimates
    spread: Estimates
    avg_size: list[float | None]
    q: npt.NDArray[np.float64]
    q_table: npt.NDArray[np.float64]
    verdict: list[Verdict]
    n_looks: list[int]


@dataclass(frozen=True)
class _Family:
    """Signals judged together, and the number of ideas that count: more, if others were tried and dropped."""

    names: Sequence[str]
    n_tried: int


def _sortings(weekly: WeeklyIc, family: _Family) -> list[_Sorting]:
    """IC, spread and false discovery rates by horizon, with the verdicts of the last weekly looks together."""
    views = weekly_looks(weekly)
    looks = [_sortings_at(next(views), family)]
    if any(verdict != NOISE for found in looks[0] for verdict in found.verdict):
        looks += [_sortings_at(view, family) for view in views]  # what earlier looks say of noise changes nothing
    found = []
    for h, newest in enumerate(looks[0]):
        said: list[list[Verdict]] = [[look[h].verdict[s] for look in looks] for s in range(len(family.names))]
        found.append(replace(newest, verdict=[lasting(v) for v in said], n_looks=[looks_agreeing(v) for v in said]))
    return found


def _sortings_at(weekly: WeeklyIc, family: _Family) -> list[_Sorting]:
    """IC, spread, false discovery rates and verdicts of one look, by horizon."""
    ics, spreads = (
        [estimate(_on_calendar(weekly.week, series[:, h]), WEEKLY) for h in range(len(FORWARD_RETURN_DAYS))]
        for series in (weekly.ic, weekly.spread)
    )
    n_tests = len(ics) * family.n_tried if family.n_tried > len(family.names) else 0
    q_table = benjamini_hochberg(np.concatenate([ic.p for ic in ics]), n_tests).reshape(len(ics), -1)
    found = []
    for h, (ic, spread) in enumerate(zip(ics, spreads, strict=True)):
        verdicts: list[Verdict] = []
        for s, name in enumerate(family.names):
            mean, outer, outer_p = float(ic.estimate[s]), float(spread.estimate[s]), float(spread.p[s])
            if name == PRIMARY and FORWARD_RETURN_DAYS[h] == MAIN_HORIZON:
                verdicts.append(named_signal_verdict(mean, float(ic.p[s]), outer))
            else:
                verdicts.append(signal_verdict(float(q_table[h, s]), mean, outer, outer_p))
        sizes = [_mean_size(weekly, s, h) for s in range(len(family.names))]
        q = benjamini_hochberg(ic.p, n_tests // len(ics))
        found.append(_Sorting(ic, spread, sizes, q, q_table[h], verdicts, []))
    return found


def _horizon_rows(
    h: int, names: Sequence[str], found: _Sorting, fifths: WeeklyQuantiles, whole: Estimates
) -> list[dict[str, Any]]:
    ic, spread = found.ic, found.spread
    stars = has_star(ic.p)
    return [
        {
            "signal": name,
            "horizon_days": FORWARD_RETURN_DAYS[h],
            **estimate_row(ic, s, "ic"),
            "horizon_ic": whole.estimate[s],
            "horizon_ic_lo": whole.ci_lo[s],
            "horizon_ic_hi": whole.ci_hi[s],
            "q": found.q[s],
            "q_table": found.q_table[s],
            "has_star": bool(stars[s]),
            "avg_cross_section": found.avg_size[s],
            "spread": spread.estimate[s],
            "spread_se": spread.se[s],
            "spread_p": spread.p[s],
            **{f"quintile_{k + 1}": _mean(fifths.mean_return[s, h, k]) for k in range(FIFTHS)},
            "turnover_top": _mean(fifths.turnover[s, 1]),
            "turnover_bottom": _mean(fifths.turnover[s, 0]),
            "rank_autocorrelation": _mean(fifths.autocorrelation[s]),
            "is_primary": name == PRIMARY,
            "verdict": found.verdict[s],
            "looks_agreeing": found.n_looks[s],
        }
        for s, name in enumerate(names)
    ]


def _neutral_rows(found: _Sorting) -> list[dict[str, Any]]:
    """Columns `neutral_...` of every signal at one horizon."""
    ic, spread = found.ic, found.spread
    return [
        {
            "neutral_ic": ic.estimate[s],
            "neutral_se": ic.se[s],
            "neutral_ci_lo": ic.ci_lo[s],
            "neutral_ci_hi": ic.ci_hi[s],
            "neutral_p": ic.p[s],
            "neutral_q": found.q[s],
            "neutral_spread": spread.estimate[s],
            "neutral_spread_p": spread.p[s],
            "neutral_cross_section": found.avg_size[s],
            "neutral_verdict": found.verdict[s],
        }
        for s in range(len(found.verdict))
    ]


def _mean_size(weekly: WeeklyIc, s: int, h: int) -> float | None:
    used = ~np.isnan(weekly.ic[s, h])
    return float(weekly.size[s, h, used].mean()) if used.any() else None


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
