"""Random tables in the shape of the replay's, for the SQL models: plausible, not consistent with bars."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.signals import SIGNAL_NAMES
from btassets.graph.analysis import FACTOR_IC_WEEKLY
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS

FIRST_MONDAY = 17_903  # 2019-01-07
HOLDS = (5, 10, 21, 30)
ENDED = ("T03", "T07", "T11", "T15", "T19")


def _with_gaps(rng, values, share=0.0):
    return pa.array(values, mask=rng.random(len(values)) < share)


def _table(spec, columns):
    arrays = []
    for column in spec.columns:
        values = columns.get(column.name)
        n = len(columns["asof_date"])
        array = pa.nulls(n, column.type) if values is None else values
        if not isinstance(array, pa.Array):
            array = pa.array(array)
        arrays.append(array if array.type == column.type else array.cast(column.type))
    return pa.table(arrays, schema=spec.schema)


def without_targets(candidates, share, seed=0):
    """`candidates` with a share of the setups without a target: their race ends as if nothing was reached."""
    aimless = np.random.default_rng(seed).random(candidates.num_rows) < share
    for name in ("target", "rr", "primary_prob", "best_prob", "ev"):
        place = candidates.column_names.index(name)
        values = pc.if_else(pa.array(~aimless), candidates[name], pa.scalar(None, pa.float64()))
        candidates = candidates.set_column(place, candidates.schema.field(name), values)
    for name in ("outcome", "outcome_open"):
        place, texts = candidates.column_names.index(name), candidates[name].cast(pa.string())
        is_hit = pc.fill_null(pc.and_(pa.array(aimless), pc.equal(texts, "target_hit")), False)
        values = pc.if_else(is_hit, "expired", texts).cast(candidates.schema.field(name).type)
        candidates = candidates.set_column(place, candidates.schema.field(name), values)
    return candidates


def random_candidates(seed=0, n_tickers=24, n_weeks=30):
    """Long and short rows of every ticker on two grids; the last weeks are not graded yet."""
    rng = np.random.default_rng(seed)
    days = FIRST_MONDAY + 7 * np.arange(n_weeks) + 4
    asof = np.concatenate((days, days - 2))  # Fridays are week ends, Wednesdays the bar grid
    is_week = np.repeat([True, False], n_weeks)
    place = np.argsort(asof, kind="stable")
    n = n_tickers * len(asof) * 2
    ticker = np.repeat([f"T{k:02d}" for k in range(n_tickers)], len(asof) * 2)
    direction = np.tile(["long", "short"], n // 2)
    day = np.tile(np.repeat(asof[place], 2), n_tickers)
    on_week = np.tile(np.repeat(is_week[place], 2), n_tickers)
    forward = np.minimum(30, days[-1] + 3 - day).astype(np.int8)
    outcome = rng.choice(["target_hit", "stop_hit", "ambiguous", "expired"], n, p=[0.3, 0.5, 0.05, 0.15])
    is_open = forward < 30
    is_ended = np.isin(ticker, ENDED)
    is_ungraded = is_open & ~is_ended
    entry = rng.uniform(10, 100, n).round(2)
    side = np.where(direction == "long", 1, -1)
    columns = {
        "ticker": ticker,
        "asof_date": pa.array(day, pa.int32()).cast(pa.date32()),
        "direction": pa.array(direction).dictionary_encode(),
        "is_week": on_week,
        "is_bar": ~on_week,
        "is_own_week": on_week,
        "is_latest": day == days[-1],
        "n_bars": np.full(n, 253, np.int16),
        "n_forward": forward,
        "entry": entry,
        "stop": entry * (1 - 0.05 * side),
        "target": entry * (1 + 0.1 * side),
        "rr": rng.uniform(0.5, 4, n),
        "confidence": _with_gaps(rng, rng.uniform(0, 100, n), 0.05),
        "primary_prob": rng.uniform(10, 60, n).round(0),
        "best_prob": _with_gaps(rng, rng.uniform(10, 60, n), 0.05),
        "ev": rng.normal(size=n),
        "momentum": _with_gaps(rng, np.repeat(rng.normal(size=n // 2).round(1), 2), 0.1),
        "residual_momentum": _with_gaps(rng, np.repeat(rng.normal(size=n // 2), 2), 0.3),
        "action": rng.choice(["LONG_HIGH", "LONG_MODERATE", "NEUTRAL", "SHORT_HIGH"], n),
        "risk_level": rng.choice(["Low", "Medium", "High"], n),
        "fill_open": entry * 1.001,
        "drop_open": pa.array(np.where(rng.random(n) < 0.03, "gapped_stop", None).tolist(), pa.string()),
    }
    for suffix in ("", "_open"):
        missing = is_ungraded if not suffix else is_ungraded | columns["drop_open"].is_valid().to_numpy(False)
        result = np.where(outcome == "target_hit", 1.9, np.where(outcome == "expired", 0.0, -1.0 - rng.random(n) / 9))
        mark = np.where(outcome == "expired", rng.normal(size=n), result)
        reason = np.where(outcome == "expired", np.where(is_open, "delisted", "time"), "stop")
        realized = np.where(reason == "delisted", mark, result)
        stop_day = rng.integers(1, 31, n)
        values = {
            "outcome": outcome,
            "exit_reason": np.where(outcome == "target_hit", "target", reason),
            "realized_r": realized,
            "r_mtm": mark,
            "hold_days": np.minimum(rng.integers(1, 31, n), np.maximum(forward, 1)).astype(np.int16),
            **{f"time_r_{h}": rng.normal(size=n) for h in HOLDS},
            "label_end_date": pa.array(day + forward, pa.int32()).cast(pa.date32()),
            **{f"bench_ret_{h}": rng.normal(size=n) / 20 for h in ("target", *HOLDS)},
        }
        for name, value in values.items():
            full = value if isinstance(value, pa.Array) else pa.array(value)
            columns[f"{name}{suffix}"] = pc.if_else(pa.array(missing), pa.scalar(None, full.type), full)
        no_stop = missing | (outcome == "expired") | (stop_day > forward)
        columns[f"stop_day{suffix}"] = pa.array(stop_day.astype(np.int16), mask=no_stop)
        columns[f"risk_pct{suffix}"] = rng.uniform(0.02, 0.06, n)
    return _table(CANDIDATES, columns)


def random_signals(seed=0, n_tickers=24, n_weeks=30):
    """Week ends of the same tickers; some tickers are not eligible, some have no residual."""
    rng = np.random.default_rng(seed + 1)
    days = FIRST_MONDAY + 7 * np.arange(n_weeks) + 4
    n = n_tickers * n_weeks
    day = np.tile(days, n_tickers)
    no_residual = (rng.random(n) < 0.2) | (day < days[8])
    columns = {
        "ticker": np.repeat([f"T{k:02d}" for k in range(n_tickers)], n_weeks),
        "asof_date": pa.array(day, pa.int32()).cast(pa.date32()),
        "is_week": np.full(n, True),
        "is_own_week": np.full(n, True),
        "is_latest": day == days[-1],
        "mom_12_1": rng.normal(size=n).round(1),
        "mom_12_1_resid": pa.array(rng.normal(size=n).round(1), mask=no_residual),
        "eligible": rng.random(n) > 0.1,
    }
    return _table(FACTOR_SIGNALS, columns)


def random_weekly_ic(seed=0, n_weeks=60):
    """Weekly correlations of every signal, every sixth week thinned, some degenerate or too thin."""
    rng = np.random.default_rng(seed + 2)
    n = len(SIGNAL_NAMES) * n_weeks
    week = np.tile(FIRST_MONDAY + 7 * np.arange(n_weeks), len(SIGNAL_NAMES))
    columns = {
        "scenario": pa.repeat("base", n),
        "signal": np.repeat(SIGNAL_NAMES, n_weeks),
        "week": pa.array(week, pa.int32()).cast(pa.date32()),
        "asof_date": pa.array(week + 4, pa.int32()).cast(pa.date32()),
        "n": rng.integers(15, 30, n).astype(np.int32),
        "ic": _with_gaps(rng, rng.normal(size=n) / 5, 0.05),
        "spread": rng.normal(size=n) / 10,
        "is_thinned": np.tile(np.arange(n_weeks) % 6 == 0, len(SIGNAL_NAMES)),
    }
    return _table(FACTOR_IC_WEEKLY, columns)
