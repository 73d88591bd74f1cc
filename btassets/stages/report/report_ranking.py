"""The ranking over time in the report: IC by week and month, growth of the fifths.

Belongs here: rolling means, monthly means and compounding of weekly numbers, rounded. Does not belong here:
correlations and fifths (`engine.cross_section`), the selection of rows (`signal_weeks.py`), errors and verdicts
(`stat_signals.py`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.conventions import SIGNAL_HORIZON_DAYS
from btassets.engine.cross_section.ordering import group_starts
from btassets.engine.cross_section.quantiles import weekly_quantiles
from btassets.engine.days import iso_day
from btassets.engine.floors import BUILT_IN_RANKING
from btassets.engine.signals import PRIMARY_SIGNAL, SIGNAL_NAMES
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.analysis.signal_weeks import cross_sections, own_signals, stored_signals

FALLBACK_SIGNAL = "mom_12_1"
"""Signal of a book without a benchmark, which has no residual momentum."""

MEAN_WEEKS = 26
NEXT_WEEK_DAYS = 5
FIFTHS = 5

Floats = npt.NDArray[np.float64]


def ranking_document(tables: Tables, settings: Settings) -> dict[str, Any]:
    """Part `ranking` of the report: the signal of the gate, week by week.

    The fifths are equal-weight portfolios without costs, held for five sessions from each week end; their growth
    compounds the weekly means, so that a week of four sessions counts one session twice.
    """
    weekly = tables["factor_ic_weekly"].read(["signal", "asof_date", "ic"])
    weekly = weekly.filter(pc.is_valid(weekly["ic"]))
    known = set(weekly["signal"].to_pylist())
    name = PRIMARY_SIGNAL if PRIMARY_SIGNAL in known else FALLBACK_SIGNAL
    if settings.gates.ranking != BUILT_IN_RANKING:
        name = settings.gates.ranking
    own = weekly.filter(pc.equal(weekly["signal"], name))
    days, ic = own["asof_date"].cast(pa.int32()).to_numpy(), own["ic"].to_numpy()
    months = monthly_means(days, ic)
    return {
        "signal": name,
        "horizon_days": SIGNAL_HORIZON_DAYS,
        "mean_weeks": MEAN_WEEKS,
        "dates": [iso_day(day) for day in days.tolist()],
        "ic": [round(value, 4) for value in ic.tolist()],
        "mean_ic": [None if np.isnan(value) else round(value, 4) for value in rolling_mean(ic, MEAN_WEEKS).tolist()],
        "positive_weeks_pct": _above_zero_pct(ic),
        "months": months,
        "years": _yearly_means(days, ic),
        "positive_months_pct": _above_zero_pct(np.array([row["ic"] for row in months])),
        "fifths": _fifths(tables, settings, name),
    }


def rolling_mean(values: Floats, window: int) -> Floats:
    """Mean of the last `window` values, shape of `values`; NaN before there are as many."""
    found = np.full(len(values), np.nan)
    if len(values) >= window:
        total = np.concatenate(([0.0], np.cumsum(values)))
        found[window - 1 :] = (total[window:] - total[:-window]) / window
    return found


def monthly_means(days: npt.NDArray[np.int32], ic: Floats) -> list[dict[str, Any]]:
    """Mean IC of the weeks that end in each month, and their number."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    names, place = np.unique(month, return_inverse=True)
    n = np.bincount(place, minlength=len(names))
    total = np.bincount(place, weights=ic, minlength=len(names))
    return [
        {"year": 1970 + int(m) // 12, "month": int(m) % 12 + 1, "ic": round(float(t / k), 4), "weeks": int(k)}
        for m, t, k in zip(names, total, n, strict=True)
    ]


def _yearly_means(days: npt.NDArray[np.int32], ic: Floats) -> list[dict[str, Any]]:
    year = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return [{"year": int(y), "ic": round(float(ic[year == y].mean()), 4)} for y in np.unique(year)]


def _above_zero_pct(ic: Floats) -> float | None:
    return round(100.0 * float((ic > 0).mean()), 1) if len(ic) else None


def _fifths(tables: Tables, settings: Settings, name: str) -> dict[str, Any]:
    """Growth of the fifths in percent, by the last session of the week in which they were formed."""
    signals = stored_signals(tables) if name in SIGNAL_NAMES else own_signals(tables)[1]
    weeks = cross_sections(signals, settings, [NEXT_WEEK_DAYS], [name])
    if not len(weeks.monday):
        return {"dates": [], "growth_pct": []}
    nobody = np.zeros(len(weeks.monday), np.int32)  # turnover, the only use of the tickers, is not needed
    made = weekly_quantiles(weeks.monday, nobody, weeks.values, weeks.forward, FIFTHS).mean_return[0, 0]
    last = np.maximum.reduceat(weeks.asof, group_starts(weeks.monday)[:-1])
    is_known = np.isfinite(made).all(axis=0)
    growth = 100.0 * (np.cumprod(1.0 + made[:, is_known], axis=1) - 1.0)
    return {
        "dates": [iso_day(day) for day in last[is_known].tolist()],
        "growth_pct": [[round(value, 1) for value in row] for row in growth.tolist()],
    }
