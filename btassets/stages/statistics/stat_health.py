"""Table `stat_health`: facts about the data behind the statistics; computed with `stat_groups` from the same sample.

Belongs here: counts and flags on the reliability of the other tables. Does not belong here: the quality of single bars
(`ohlcv_history`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.market.calendar import has_ended
from btassets.engine.statistics.ewc import LEAST_WEEKS
from btassets.engine.statistics.walk_forward import LEAST_WINDOWS
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.bars.universe import bar_spans
from btassets.stages.statistics.stat_sample import Sample

_WEEK_BARS = 5
_SURVIVORS_ONLY_FROM = 250  # sessions of history from which a list without any ended ticker is suspicious
_MANY_TICKERS = 50


def health_rows(tables: Tables, settings: Settings, sample: Sample) -> list[dict[str, Any]]:
    """Rows of `stat_health`, in reading order."""
    sessions = read_sessions(tables)
    spans = bar_spans(tables, settings)
    n_tickers, n_sessions, n_weeks = len(spans), len(sessions.days), int(sessions.is_week.sum())
    n_ended = sum(has_ended(last, sessions.last) for _, last in spans.values())
    qualified = sample.flags["qualified"]
    length = (sample.label_end_session - sample.asof_session)[qualified]
    overlap = float(np.maximum(length - _WEEK_BARS, 0).mean()) if len(length) else None
    is_list = tables.outside("membership") is None
    survivors = is_list and n_ended == 0 and n_tickers >= _MANY_TICKERS and n_sessions >= _SURVIVORS_ONLY_FROM
    expired = sample.n_expired / sample.n_graded if sample.n_graded else None
    no_benchmark = qualified & np.isnan(sample.adjusted_r[:, 0]) & ~np.isnan(sample.net_r[:, 0])

    def row(fact: str, value: float | None, unit: str, text: str) -> dict[str, Any]:
        return {"fact": fact, "value": None if value is None else float(value), "unit": unit, "text": text}

    return [
        row("tickers", n_tickers, "n", "tickers with bars"),
        row("ended_early", n_ended, "n", "tickers whose bars end before the last session"),
        row(
            "survivorship",
            survivors,
            "flag",
            "no ticker ended: a sign of survivorship bias, which raises every result"
            if survivors
            else "the list includes ended tickers, or is too small or short to tell",
        ),
        row("weeks", n_weeks, "weeks", f"week ends; an interval needs {LEAST_WEEKS} with setups"),
        row(
            "windows",
            len(sample.walk),
            "n",
            "walk-forward windows"
            if len(sample.walk) >= LEAST_WINDOWS
            else f"walk-forward windows: fewer than {LEAST_WINDOWS}, so there is no out-of-sample result",
        ),
        row("graded_setups", sample.n_graded, "n", "setups with a result"),
        row("qualified_setups", int(qualified.sum()), "n", "setups with a result that pass the gate"),
        row("mean_overlap", overlap, "bars", "sessions that consecutive weekly setups share, mean"),
        row("expired", expired, "frac", "share of setups that reached neither stop nor target"),
        row(
            "target_gap_r",
            _mean(sample.floats["target_gap_r"][qualified]),
            "r",
            "R per qualified setup that opens beyond the target paid above it, mean",
        ),
        row(
            "without_benchmark",
            int(no_benchmark.sum()),
            "n",
            "qualified setups without a benchmark return, excluded from the adjusted statistics",
        ),
    ]


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
