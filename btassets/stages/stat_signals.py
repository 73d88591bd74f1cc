"""Stage `stat_signals`: the factor study, every signal over every horizon, with errors.

Belongs here: weekly cross-sections of signals and forward returns as the estimator takes them, quintile
returns, turnover and persistence. Does not belong here: the correlations
(`engine.cross_section.rank_ic`) and the errors (`engine.statistics`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.cross_section.quantiles import WeeklyQuantiles, weekly_quantiles
from btassets.engine.cross_section.rank_ic import WeeklyIc, weekly_rank_ic
from btassets.engine.cross_section.weeks import week_mondays
from btassets.engine.statistics.ewc import estimate, weeks_of_overlap
from btassets.engine.statistics.families import benjamini_hochberg, has_star
from btassets.engine.statistics.influence import Influence, series_influence
from btassets.engine.statistics.verdicts import SUPPORTED, signal_verdict
from btassets.settings.models import Settings
from btassets.stages.book import Book
from btassets.stages.run_stage import StageResult
from btassets.stages.stat_sample import as_statistics, estimate_row
from btassets.tables import SIGNAL_HORIZONS, SIGNALS, STAT_SIGNALS

PRIMARY = "mom_12_1_resid"
"""The signal that the gate ranks by: chosen before the data were seen, so it stands alone."""

COLUMNS = (
    *("ticker", "asof_date", "is_week", "is_own_week", "eligible", "n_forward"),
    *(f"fwd_return_{horizon}" for horizon in SIGNAL_HORIZONS),
    *SIGNALS,
)
"""Columns of `factor_signals` that are read."""

_FIFTHS = 5


def compute(book: Book) -> StageResult:
    """Table `stat_signals` of the scenario."""
    table = book.lake.read("factor_signals", book.replay, list(COLUMNS))
    rows = signal_rows(table, book.settings)
    supported = [row["signal"] for row in rows if row["verdict"] == SUPPORTED and row["horizon_days"] == 30]
    numbers = {"rows": len(rows), "supported_at_30": ", ".join(supported) or None}
    return StageResult({"stat_signals": as_statistics(rows, STAT_SIGNALS.schema, book.scenario)}, numbers)


def signal_rows(signals: pa.Table, settings: Settings) -> list[dict[str, Any]]:
    """One row per signal and horizon over the scenario's weekly cross-sections."""
    monday, values, forward, ticker = _cross_sections(signals, settings)
    weekly = weekly_rank_ic(monday, values, forward)
    fifths = weekly_quantiles(monday, ticker, values, forward, _FIFTHS)
    if not len(weekly.week):
        return []
    overlaps = [weeks_of_overlap(h) for h in SIGNAL_HORIZONS]
    rows: list[dict[str, Any]] = []
    for h, horizon in enumerate(SIGNAL_HORIZONS):
        rows += _horizon_rows(h, horizon, overlaps[h], weekly, fifths)
    return rows


def _cross_sections(
    signals: pa.Table, settings: Settings
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Week, signals, forward returns and ticker number of the rows that count, week by week."""
    is_week_grid = settings.method.asof_grid == "week"
    is_used = signals["is_week" if is_week_grid else "is_own_week"]
    if is_week_grid:
        is_used = pc.and_(is_used, signals["eligible"])
    rows = np.flatnonzero(is_used.to_numpy())
    monday = week_mondays(signals["asof_date"].cast(pa.int32()).to_numpy()[rows])
    order = np.argsort(monday, kind="stable")
    monday, rows = monday[order], rows[order]
    # Column by column: a copy of the whole table would stand beside what is made of it.
    n_forward = signals["n_forward"].to_numpy()[rows]
    forward = np.empty((len(SIGNAL_HORIZONS), len(rows)))
    for h, horizon in enumerate(SIGNAL_HORIZONS):
        forward[h] = signals[f"fwd_return_{horizon}"].to_numpy()[rows]
        if settings.method.ended == "dropped":
            forward[h, n_forward < horizon] = np.nan
    values = np.empty((len(SIGNALS), len(rows)))
    for s, name in enumerate(SIGNALS):
        values[s] = signals[name].to_numpy()[rows]
    ticker = signals["ticker"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int32)[rows]
    return monday, values, forward, ticker


def _on_calendar(monday: npt.NDArray[np.int32], series: npt.NDArray[np.float64]) -> Influence:
    """Means of weekly series (n_series, n_weeks) on an unbroken weekly axis."""
    place = (monday - monday[0]).astype(np.int64) // 7
    axis = np.full((int(place[-1]) + 1, len(series)), np.nan)
    axis[place] = series.T
    return series_influence(axis)


def _horizon_rows(
    h: int, horizon: int, overlap: int, weekly: WeeklyIc, fifths: WeeklyQuantiles
) -> list[dict[str, Any]]:
    ic = estimate(_on_calendar(weekly.week, weekly.ic[:, h]), overlap)
    spread = estimate(_on_calendar(weekly.week, weekly.spread[:, h]), overlap)
    q = benjamini_hochberg(ic.p)
    stars = has_star(ic.p)
    # The spread's side is given by the IC: its p is one-sided to that side, the column stays two-sided.
    rows = []
    for s, name in enumerate(SIGNALS):
        used = ~np.isnan(weekly.ic[s, h])
        is_primary = name == PRIMARY
        one_sided = spread.p[s] / 2 if spread.estimate[s] * ic.estimate[s] > 0 else 1.0
        rows.append(
            {
                "signal": name,
                "horizon_days": horizon,
                **estimate_row(ic, s, "ic"),
                "q": q[s],
                "has_star": bool(stars[s]),
                "avg_cross_section": float(weekly.size[s, h, used].mean()) if used.any() else None,
                "spread": spread.estimate[s],
                "spread_se": spread.se[s],
                "spread_p": spread.p[s],
                **{f"quintile_{k + 1}": _mean(fifths.mean_return[s, h, k]) for k in range(_FIFTHS)},
                "turnover_top": _mean(fifths.turnover[s, 1]),
                "turnover_bottom": _mean(fifths.turnover[s, 0]),
                "rank_autocorrelation": _mean(fifths.autocorrelation[s]),
                "is_primary": is_primary,
                "verdict": signal_verdict(
                    float(ic.p[s] if is_primary else q[s]),
                    float(ic.estimate[s]),
                    float(spread.estimate[s]),
                    float(one_sided) if not np.isnan(spread.p[s]) else float("nan"),
                ),
            }
        )
    return rows


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
