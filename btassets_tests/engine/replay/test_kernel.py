"""The compiled pass equals the plain-Python engine and grader, row by row and bit by bit."""

import math

import numpy as np
import pytest

from btassets.engine.days import NO_DAY
from btassets.engine.replay.candidate_columns import GRID_COLUMNS, LABELS
from btassets.engine.replay.replay_rules import ReplayRules
from btassets_tests.reference.awkward_bars import make_job, replayed, with_actions
from btassets_tests.reference.naive_engine import Bar, setups_at, signals_at, total
from btassets_tests.reference.naive_grading import grade

PROBABILITIES = {"primary_prob", "best_prob", "ev"}
CASES = [
    # seed, options of the job, rules
    (1, {"n": 420}, {}),
    (2, {"n": 400, "tick": 0.5, "halt": False}, {}),
    (3, {"n": 300, "is_ended": True, "lag": 12}, {}),
    (4, {"n": 300, "lag": 2}, {"gap_days": 0}),
    (5, {"n": 300, "tick": 1.0, "start_price": 12.0, "volatility": 0.05}, {"projection": False}),
    (6, {"n": 280, "volatility": 0.4, "start_price": 3.0, "tick": 0.0001}, {}),
    (7, {"n": 290}, {"tilt_const": 0.1, "tilt_score": 0.3, "tilt_level": -0.2, "atr_stop_multiple": 2.0}),
    (8, {"n": 420, "halt": False, "missing": 0.0}, {}),
    (9, {"n": 330, "halt": False, "missing": 0.002, "tick": 0.5}, {"gap_days": 0}),
    (10, {"n": 420, "halt": False}, {"hold_days": (3, 7, 45, 90)}),
    (11, {"n": 420, "lag": 3, "tick": 0.5}, {"horizon_days": 60}),
    (12, {"n": 330, "is_ended": True, "lag": 12}, {"horizon_days": 12, "hold_days": (1, 12, 13, 120)}),
]


def plain_bars(job):
    b = job["bars"]
    return [
        Bar(*row)
        for row in zip(*(part.tolist() for part in (b.dates, b.open, b.high, b.low, b.close, b.volume)), strict=True)
    ]


def value_at(columns, name, row):
    """A cell as the reference tells it: labels for codes, None for missing."""
    value = columns[name][row].item()
    if name in LABELS:
        return LABELS[name][value] if value >= 0 else None
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if name.startswith("label_end_date"):
        return None if value == NO_DAY else value
    if name.startswith(("hold_days", "stop_day", "mae_day", "mfe_day")):
        return None if value == -1 else value
    return value


def mean_of_last_20(values, i, n_bars):
    recent = values[max(0, i - min(20, n_bars) + 1) : i + 1]
    return total(recent) / len(recent)


def agree(name, ours, theirs):
    if name in PROBABILITIES and theirs is not None:
        return abs(ours - theirs) <= 4e-15 * (100.0 if name.endswith("prob") else 20.0)
    return ours == theirs and type(ours) is type(theirs)


@pytest.mark.parametrize(("seed", "options", "changes"), CASES, ids=[f"seed{case[0]}" for case in CASES])
def test_every_row_equals_the_plain_python_engine(seed, options, changes):
    rules = ReplayRules(**changes)
    job = with_actions(make_job(seed, rules=rules, **options))
    replay = replayed(job)
    bars = plain_bars(job)
    start = int(job["bars"].dates[0])
    weekdays = [start + k for k in range(4 * len(bars) + 100) if (start + k + 3) % 7 < 5]
    sessions = weekdays[: job["last_session_no"] + 1]
    bench = {
        bar.date: (o, c)
        for bar, o, c in zip(bars, job["bench_open"].tolist(), job["bench_close"].tolist(), strict=True)
        if not math.isnan(c)
    }
    bench_close = {date: prices[1] for date, prices in bench.items()}

    found = {}
    for row, i in enumerate(replay.candidate_index.tolist()):
        found.setdefault(i, {})[LABELS["direction"][replay.candidates["direction"][row]]] = row
    n_compared = 0
    for i in range(len(bars)):
        expected = setups_at(
            bars[: i + 1],
            gap_days=rules.gap_days,
            projection=rules.projection,
            stop_multiple=rules.atr_stop_multiple,
            tilts=(rules.tilt_const, rules.tilt_score, rules.tilt_level),
            horizon=rules.horizon_days,
        )
        assert list(found.get(i, {})) == list(expected), i
        signals = signals_at(bars[: i + 1], bench_close, gap_days=rules.gap_days)
        for direction, setup in expected.items():
            setup["momentum"] = signals["mom_12_1"]
            setup["residual_momentum"] = signals["mom_12_1_resid"]
            row = found[i][direction]
            graded = grade(
                bars,
                i,
                direction,
                setup["entry"],
                setup["stop"],
                setup["target"],
                value_at(replay.candidates, "rr", row),
                sessions,
                bench,
                is_ended=job["is_ended"],
                horizon=rules.horizon_days,
                holds=rules.hold_days,
            )
            graded["asof_date"] = bars[i].date
            graded["direction"] = direction
            factor = job["price_factor"][i].item()
            for priced, names in ((setup, ("entry", "stop", "target")), (graded, ("fill_open",))):
                priced.update({name: priced[name] / factor for name in names if priced.get(name) is not None})
            graded["price_factor"] = factor
            graded["adv20_usd"] = mean_of_last_20(job["raw_dollar_volume"].tolist(), i, setup["n_bars"])
            for name in replay.candidates:
                if name in GRID_COLUMNS:
                    continue
                theirs = setup.get(name, graded.get(name))
                ours = value_at(replay.candidates, name, row)
                assert agree(name, ours, theirs), (i, direction, name, ours, theirs)
            n_compared += 1
        signal_row = int(np.searchsorted(replay.signal_index, i))
        signals["close"] = bars[i].close / job["price_factor"][i].item()
        for name, theirs in signals.items():
            ours = value_at(replay.signals, name, signal_row)
            assert ours == theirs, (i, name, ours, theirs)
    assert n_compared == len(replay.candidate_index)
    assert n_compared > 90
