"""Stage behind `btassets grade`: the whole report for a user's own setups.

Belongs here: the rules of docs/method/grade.md for given setups - their bars, momentum and percentiles, and dropped
rows. Does not belong here: grading, ranking, statistics and portfolios themselves, which are computed by the engine and
the SQL models, as in a book's own run.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.counted import counted
from btassets.engine.conventions import MIN_CROSS_SECTION, replay_holds
from btassets.engine.days import iso_weeks
from btassets.engine.features.factors import factor_signals
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import asof_grid
from btassets.engine.portfolio.simulation import BookResult
from btassets.engine.portfolio.simulation_table import book_row
from btassets.engine.portfolio.variants import StrategyVariant, variant_columns
from btassets.engine.replay.candidate_columns import LABELS, graded_names
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.ticker import replay_ticker
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import run_models
from btassets.settings.models import Settings, flatten
from btassets.sources.values.tickers import TickerNames
from btassets.stages.advice.report_numbers import ReportInputs, report_numbers
from btassets.stages.analysis.signal_weeks import weekly_ic
from btassets.stages.portfolio.portfolio_sims import curves_table, trades_table
from btassets.stages.portfolio.simulations import bar_panel, run_books
from btassets.stages.ranking.tie_order import in_tie_order
from btassets.stages.replay.arrow_columns import as_array, as_table
from btassets.stages.replay.replay_inputs import replay_rules
from btassets.storage.hashing import digest
from btassets.storage.lake import BASE
from btassets.studies.grade.given_setups import GivenSetups, read_setups, without_floors_of_absent_columns
from btassets.studies.grade.grade_market import Market, market_of
from btassets.studies.grade.grade_statistics import GradeStatistics, grade_statistics

_ENTRY_SLACK_FRAC, _ENTRY_FAR_FRAC = 0.02, 0.05
"""Distance outside its bar's range from which an entry is not a price of that bar, and the share of such rows that
triggers the warning."""

Floats = npt.NDArray[np.float64]

_MOMENTUM = {"momentum": "mom_12_1", "residual_momentum": "mom_12_1_resid"}
_PERCENTILES = ("momentum_percentile", "residual_momentum_percentile", "activation_momentum_percentile")


@dataclass(frozen=True)
class GradeResult:
    """Result of `grade_candidates`."""

    report: dict[str, Any]
    """Numbers of the report, JSON-able."""
    rows: pa.Table
    """The given columns, then the result of each setup. The legacy profile leaves dropped rows out; the standard one
    has them with nulls and a `drop_reason`."""
    dropped: dict[str, int]
    """Rows without a result, by reason."""
    warnings: list[str]
    """One sentence each: floors that could not be applied, differences, thin weeks."""
    tables: dict[str, pa.Table]
    """`graded_setups`, `calibration`, `equity_curves` and `trades`, as a book has them."""
    statistics: Callable[[], GradeStatistics]
    """Intervals and verdicts, computed at the call."""
    settings: Settings
    """As applied, without the floors of absent columns."""


def grade_candidates(
    candidates: pa.Table, bars: Mapping[str, Bars], benchmark: Bars | None, settings: Settings
) -> GradeResult:
    """Grade given setups on given bars and produce their whole report.

    Parameters
    ----------
    candidates
        ticker, date (or asof_date), direction, entry, stop, target, and optionally rr, confidence,
        primary_prob, best_prob, ev, momentum, residual_momentum, action, risk_level, meets_core.
    bars
        Every ticker of the folder, the benchmark only if it is listed among them.
    benchmark
        None: residual momentum and comparisons are null.
    settings
        Defaults, profile and activation; never a book's.

    Raises
    ------
    CandidateTableError
        The table lacks a required column.
    NoBarsError
        No ticker has a bar.
    """
    given = read_setups(candidates, TickerNames(bars), is_legacy=settings.profile == "legacy")
    market = market_of(bars, benchmark, is_cut=settings.profile == "standard")
    gates, warnings = without_floors_of_absent_columns(settings.gates, given.given)
    warnings += given.notes
    applied = settings.model_copy(update={"gates": gates})

    graded, index, reasons = _grade(given, market, settings)
    momentum = _momentum(given, market, settings, index)
    is_legacy = settings.profile == "legacy"
    is_row = index >= 0
    if is_legacy:
        reasons = np.where(is_row & (graded["outcome"] < 0), "no_forward_bars", reasons)
        is_row &= graded["outcome"] >= 0
    rows = np.flatnonzero(is_row)
    signals = _signals(market, settings)
    holds = replay_holds(settings.exits.hold_days)
    relations = settings_relations(applied, min_forward_days=0)
    relations["candidates"] = _candidates_relation(given, graded, momentum, rows, holds)
    relations["factor_signals"] = signals
    relations["factor_ic_weekly"] = weekly_ic(signals.column, settings, BASE)
    tables = run_models(relations)
    setups, ranks = in_tie_order(tables["graded_setups"]), tables["percentile_ranks"]

    panel, tickers = bar_panel(market.bars, market.calendar)
    books = run_books(setups, ranks, panel, tickers, settings, market.benchmark_closes())
    drops = Counter(str(reason) for reason in reasons[~is_row])
    drops.update(reason for reason in setups["drop_reason"].to_pylist() if reason is not None)
    dropped = dict(sorted(drops.items()))
    warnings += _drop_warnings(dropped, given, reasons) + _entry_warnings(given, market, index)
    warnings += _core_warnings(given, setups, rows) + _rank_warnings(market, ranks)
    report = report_numbers(
        ReportInputs(
            settings,
            digest(flatten(settings)),
            BASE,
            len(bars),
            tables,
            [{"policy": policy, **_book_row(result)} for policy, result in books.policies.items()],
            [{**_variant_names(variant), **_book_row(result)} for variant, result in books.variants],
            books.equal_weight,
            dropped,
            warnings,
        )
    )
    tables |= {
        "equity_curves": curves_table(BASE, books),
        "trades": trades_table(BASE, books, setups, tickers, panel.calendar),
    }
    made = _out_rows(given, setups, momentum, rows, reasons, is_legacy=is_legacy)
    statistics = partial(grade_statistics, tables["graded_setups"], tables["equity_curves"], market.calendar, applied)
    return GradeResult(report, made, dropped, warnings, dict(tables), statistics, applied)


def _book_row(result: BookResult | None) -> dict[str, Any]:
    return {} if result is None else book_row(result)


def _variant_names(variant: StrategyVariant) -> dict[str, Any]:
    names = variant_columns(variant)
    names["variant_max_positions"] = names.pop("max_positions")
    return names


def _ticker_slices(given: GivenSetups) -> list[tuple[str, slice]]:
    if not len(given):
        return []
    runs = pc.run_end_encode(given.ticker)
    ends = runs.run_ends.to_pylist()
    return [(t, slice(a, b)) for t, a, b in zip(runs.values.to_pylist(), [0, *ends[:-1]], ends, strict=True)]


def _grade(
    given: GivenSetups, market: Market, settings: Settings
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.int32], npt.NDArray[Any]]:
    """Graded columns of every row, its as-of bar (-1: none), and the reason for a missing result ('' if it has one)."""
    index = np.full(len(given), -1, dtype=np.int32)
    reasons = np.full(len(given), "no_bars", dtype=object)
    sign = np.where(pc.equal(given.direction, "long").to_numpy(zero_copy_only=False), 1, -1).astype(np.int8)
    parts: list[dict[str, npt.NDArray[Any]]] = []
    nothing = Bars(np.empty(0, np.int32), *(np.empty(0) for _ in range(5)))
    for ticker, rows in _ticker_slices(given):
        bars = market.bars.get(ticker, nothing)
        if bars.n_bars:
            at = np.minimum(np.searchsorted(bars.dates, given.days[rows]), bars.n_bars - 1)
            has_bar = bars.dates[at] == given.days[rows]
            index[rows] = np.where(has_bar, at, -1)
            reasons[rows] = np.where(has_bar, "", "no_bar_at_date")
        parts.append(
            grade_setups(
                AlignedBars(bars, *market.benchmark_on(bars.dates), market.session_no(bars)),
                len(market.calendar) - 1,
                GivenPrices(
                    index[rows],
                    sign[rows],
                    *(given.reals[name][rows] for name in ("entry", "stop", "target", "rr")),
                    price_factor=np.ones(rows.stop - rows.start),
                ),
                is_ended=market.is_ended(bars),
                is_legacy=settings.profile == "legacy",
                horizon_days=settings.engine.horizon_days,
                hold_days=replay_holds(settings.exits.hold_days),
                policy=settings.exits.policy,
                gap_days=settings.engine.gap_days,
            )
        )
    names = graded_names(replay_holds(settings.exits.hold_days))
    return {name: np.concatenate([part[name] for part in parts]) for name in names}, index, reasons


def _momentum(
    given: GivenSetups, market: Market, settings: Settings, index: npt.NDArray[np.int32]
) -> dict[str, Floats]:
    """12-1 momentum and its residual per row; the legacy profile uses a given column unchanged."""
    is_given = {name: settings.profile == "legacy" and name in given.given for name in _MOMENTUM}
    values = {name: given.reals[name] if is_given[name] else np.full(len(given), np.nan) for name in _MOMENTUM}
    if all(is_given.values()):
        return values
    for ticker, rows in _ticker_slices(given):
        own = index[rows]
        bars = market.bars.get(ticker)
        if bars is None or not (own >= 0).any():
            continue
        asof, place = np.unique(own[own >= 0], return_inverse=True)
        signals = factor_signals(bars, market.benchmark_on(bars.dates)[1], asof, gap_days=settings.engine.gap_days)
        for name, signal in _MOMENTUM.items():
            if not is_given[name]:
                values[name][np.arange(rows.start, rows.stop)[own >= 0]] = signals[signal][place]
    return values


def _signals(market: Market, settings: Settings) -> pa.Table:
    """Table `factor_signals` of every ticker; eligibility only requires a year of bars here."""
    rules = replace(
        replay_rules(settings),
        max_missing_frac=1.0,
        max_zero_volume_frac=1.0,
        max_flat_frac=1.0,
        max_constant_bars=np.iinfo(np.int32).max,
        min_median_close_usd=0.0,
        min_median_dollar_volume_usd=0.0,
    )
    columns: dict[str, Any] = {}
    for ticker, bars in market.bars.items():
        grid = asof_grid(bars.dates, market.week_ends, market.last_session)
        columns[ticker] = replay_ticker(
            AlignedBars(bars, *market.benchmark_on(bars.dates), market.session_no(bars)),
            RawArrays.of(bars.close, bars.volume, np.ones(bars.n_bars)),
            AsofGrid(*grid),
            len(market.calendar) - 1,
            market.is_ended(bars),
            rules,
        ).signals
    return as_table(FACTOR_SIGNALS, columns)[0]


def _candidates_relation(
    given: GivenSetups,
    graded: Mapping[str, npt.NDArray[Any]],
    momentum: Mapping[str, Floats],
    rows: npt.NDArray[Any],
    holds: Sequence[int],
) -> pa.Table:
    """Arrange graded rows in the layout of `candidates`; each is on every grid."""
    probability = given.reals["primary_prob"] / 100.0
    stated = probability * given.reals["rr"] - (1.0 - probability)
    reals = {
        **given.reals,
        **momentum,
        "ev": np.where(np.isnan(given.reals["ev"]), stated, given.reals["ev"]),
        "adv20_usd": np.full(len(given), np.nan),
        "price_factor": np.ones(len(given)),  # levels are in the prices of the bars
    }
    take = pa.array(rows)
    kinds = {column.name: column.type for column in CANDIDATES.under(holds).columns}
    columns: dict[str, pa.Array] = {
        "ticker": given.ticker.take(take),
        "asof_date": pa.array(given.days[rows]).cast(pa.date32()),
        "direction": given.direction.take(take),
        **{name: pa.repeat(True, len(rows)) for name in ("is_week", "is_bar", "is_own_week")},  # noqa: FBT003
        "is_latest": pa.repeat(False, len(rows)),  # noqa: FBT003 - a value, not an option
        **{name: label.take(take) for name, label in given.labels.items()},
        **{name: as_array(values[rows], pa.float64()) for name, values in reals.items()},
    }
    for name in graded_names(holds):
        columns[name] = as_array(graded[name][rows], kinds[name], LABELS.get(name))
    return pa.table(columns)


def _drop_warnings(dropped: Mapping[str, int], given: GivenSetups, reasons: npt.NDArray[Any]) -> list[str]:
    """Rows without a result by reason; tickers without bars by name."""
    found = []
    for reason, n in dropped.items():
        rows = np.flatnonzero(reasons == reason) if reason in ("no_bars", "no_bar_at_date") else []
        names = list(dict.fromkeys(given.ticker[int(row)].as_py() for row in rows))
        shown = f" ({', '.join(names[:5])}{', ...' if len(names) > 5 else ''})" if names else ""
        found.append(f"{counted(n, 'row')} without a result: {reason}{shown}.")
    return found


def _entry_warnings(given: GivenSetups, market: Market, index: npt.NDArray[np.int32]) -> list[str]:
    """Warn if entries are not prices of their as-of bar or the next: another basis, unit or date."""
    n_far, n_seen, first = 0, 0, ""
    for ticker, rows in _ticker_slices(given):
        at = index[rows]
        own = np.flatnonzero(at >= 0)
        if not len(own):
            continue
        bars, entry = market.bars[ticker], given.reals["entry"][rows][own]
        at, after = at[own], np.minimum(at[own] + 1, bars.n_bars - 1)
        low = np.minimum(bars.low[at], bars.low[after]) * (1.0 - _ENTRY_SLACK_FRAC)
        high = np.maximum(bars.high[at], bars.high[after]) * (1.0 + _ENTRY_SLACK_FRAC)
        is_far = (entry < low) | (entry > high)
        if is_far.any() and not first:
            row = int(np.argmax(is_far))
            day = np.datetime64(int(bars.dates[at[row]]), "D")
            first = f"{ticker} {day}: entry {entry[row]:g}, close {bars.close[at[row]]:g}"
        n_far, n_seen = n_far + int(is_far.sum()), n_seen + len(own)
    if n_far <= _ENTRY_FAR_FRAC * n_seen:
        return []
    return [
        f"{n_far} of {n_seen} entries are outside the range of their bar and the next (first {first}): setups and "
        "bars must share price basis, unit and calendar; do not trust these results."
    ]


def _core_warnings(given: GivenSetups, setups: pa.Table, rows: npt.NDArray[Any]) -> list[str]:
    """Warn if the table's own verdict differs from the one used."""
    if given.meets_core is None:
        return []
    stated = given.meets_core.take(pa.array(rows))
    n_other = pc.sum(pc.not_equal(stated, setups["meets_core"]).cast(pa.int64())).as_py() or 0
    used = "the activation takes precedence"
    return [f"{counted(n_other, 'row')} with another meets_core than the activation gives; {used}."] if n_other else []


def _rank_warnings(market: Market, ranks: pa.Table) -> list[str]:
    found = []
    if market.benchmark is None:
        found.append("no benchmark: residual momentum and comparisons with it are null; the raw rank is used.")
    weeks = ranks.filter(pc.equal(ranks["grid"], "week"))
    is_thin = pc.less(weeks["n_ranked"], MIN_CROSS_SECTION)
    thin = pc.count_distinct(weeks["asof_date"].filter(is_thin)).as_py()
    if thin:
        found.append(f"thin_universe: {thin} weeks rank fewer than {MIN_CROSS_SECTION} tickers.")
    return found


def _out_rows(
    given: GivenSetups,
    setups: pa.Table,
    momentum: Mapping[str, Floats],
    rows: npt.NDArray[Any],
    reasons: npt.NDArray[Any],
    *,
    is_legacy: bool,
) -> pa.Table:
    """Put the given columns in the tie order, then the computed ones, which replace given ones."""
    shown = rows if is_legacy else np.arange(len(given))
    place = np.full(len(given), -1)
    place[rows] = np.arange(len(rows))
    take = pa.array(place[shown], mask=place[shown] < 0)
    table = given.table.take(pa.array(shown))
    found = setups.take(take)
    year, week = iso_weeks(given.days[shown])
    replaced: dict[str, Any] = {
        **(
            {}
            if is_legacy
            else {
                "ticker": given.ticker.take(pa.array(shown)),
                given.date_name: pa.array(given.days[shown]).cast(pa.date32()),
                "direction": given.direction.take(pa.array(shown)),
            }
        ),
        "rr": as_array(given.reals["rr"][shown], pa.float64()),
        **{name: as_array(values[shown], pa.float64()) for name, values in momentum.items()},
        "meets_core": found["meets_core"],
        "iso_year": pa.array(year),
        "iso_week": pa.array(week),
    }
    computed: dict[str, Any] = {
        "outcome": found["outcome"],
        "target_hit": pc.equal(found["outcome"], "target_hit"),
        "realized_r": found["gross_r"],
        **{name: found[name] for name in ("hold_days", "stop_day", "risk_pct")},
        **{name: found[name] for name in _PERCENTILES},
        "qualified": found["qualified"],
        **{name: found[name] for name in found.column_names if name.startswith("time_r_")},
    }
    if not is_legacy:
        computed |= {name: found[name] for name in ("entry_price", "exit_reason", "net_r")}
        own_reason = pa.array([reason or None for reason in reasons[shown]], pa.string())
        computed["drop_reason"] = pc.coalesce(own_reason, found["drop_reason"])
    # A replaced column keeps its position.
    columns = {name: table[name] for name in table.column_names if name not in computed}
    return pa.table({**columns, **replaced, **computed})
