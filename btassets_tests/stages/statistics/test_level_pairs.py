"""Moved levels: each difference equals a naive grading of the same setup; without an edge the family stays silent."""

from datetime import date

import numpy as np
import pytest

from btassets.engine.conventions import AS_PLANNED, HOLD_DAYS
from btassets.engine.market.bars import Bars
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups
from btassets.engine.statistics.ewc import estimate, weeks_of_overlap
from btassets.engine.statistics.families import step_down
from btassets.engine.statistics.influence import setup_influence
from btassets.run.tables import inputs_of
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.report.report_excursions import level_verdict
from btassets.stages.statistics.level_pairs import MOVES, level_pairs, moves_of
from btassets.stages.statistics.stat_sample import read_sample
from btassets_tests.reference.naive_engine import Bar
from btassets_tests.reference.naive_grading import grade
from btassets_tests.support.small_books import run_as, run_book

EPOCH = date(1970, 1, 1).toordinal()


def plain_bars(tables, settings, tickers, last):
    found = {}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            b = item.bars
            columns = (b.dates, b.open, b.high, b.low, b.close, b.volume)
            rows = [Bar(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
            found[item.ticker] = [bar for bar in rows if bar.date <= last]
    return found


def naive_net(setup, bars, sessions, move, cost_frac):
    """Net R of the planned risk with one change, filled at the next open; 0 where it lets nothing in."""
    stop_frac, target_frac, policy = move[1:]
    day = setup["asof_date"].toordinal() - EPOCH
    at = next(k for k, bar in enumerate(bars) if bar.date == day)
    entry, stop, target = (setup[name] * setup["price_factor"] for name in ("entry", "stop", "target"))
    moved_stop = stop if stop_frac == 1.0 else entry + stop_frac * (stop - entry)
    moved_target = target if target_frac == 1.0 else entry + target_frac * (target - entry)
    is_ended = sessions[-1] - bars[-1].date > 10
    exits = {} if policy is None else dict(zip(("trail_atr", "breakeven_r", "part_frac"), policy, strict=False))
    row = grade(
        *(bars, at, setup["direction"], entry, moved_stop, moved_target, 1.0, sessions, {}), is_ended=is_ended, **exits
    )
    if row["fill_open"] is None:
        return 0.0
    return row["r_mtm_open"] * stop_frac - 2 * cost_frac * row["fill_open"] / abs(entry - stop)


@pytest.mark.parametrize("benchmark", ["none", "SYNIDX"])
def test_every_move_equals_the_naive_grading_of_the_same_setups(benchmark):
    book = run_book(benchmark=benchmark)
    if benchmark != "none":
        book = run_as(book, "open-gate", gates__min_momentum_percentile=0.0, gates__exclude_neutral=False)
    tables, settings = inputs_of("stat_groups", book)
    sample = read_sample(tables, settings)
    found = level_pairs(tables, settings, sample)
    graded = book.lake.read("graded_setups", book.scenario).to_pylist()
    setups = [row for row in graded if row["qualified"] and row["is_graded"]]
    sessions = read_sessions(tables).days.tolist()
    bars = plain_bars(tables, settings, {row["ticker"] for row in setups}, sessions[-1])
    assert found.measure == ("net_r" if benchmark == "none" else "adjusted_r")
    moves = moves_of(settings)
    assert [move.name for move in moves] == [move.name for move in MOVES if move.name != "as_planned"]
    aimless = [move.name for move in moves_of(settings, has_targets=False)]
    assert aimless == ["stop_0.5", "stop_0.75", "trail_2", "trail_3", "breakeven_1"]
    assert found.pairs.n_obs.tolist() == [len(setups)] * len(moves)
    means = []
    for move in moves:
        net = [naive_net(row, bars[row["ticker"]], sessions, move, 0.001) for row in setups]
        means.append(np.mean(np.array(net) - np.array([row["net_r"] for row in setups])))
    if benchmark == "none":
        assert found.pairs.estimate == pytest.approx(means, abs=1e-12)
    else:  # the benchmark's move over other bars is taken off too
        assert found.pairs.estimate == pytest.approx(means, abs=0.15)
        assert (np.abs(found.pairs.estimate - means) > 1e-6).all()
    rows = [row for row in book.lake.read("stat_pairs", book.scenario).to_pylist() if row["family"] == "levels"]
    assert [row["member"] for row in rows] == [move.name for move in moves]
    assert [row["estimate"] for row in rows] == pytest.approx(found.pairs.estimate.tolist(), abs=1e-12)
    assert {row["family_size"] for row in rows} <= {len(moves), 0}


def test_unmoved_levels_would_make_no_difference(monkeypatch):
    monkeypatch.setattr("btassets.stages.statistics.level_pairs.MOVES", (MOVES[0]._replace(stop_frac=1.0),))
    book = run_book(benchmark="none")
    tables, settings = inputs_of("stat_groups", book)
    found = level_pairs(tables, settings, read_sample(tables, settings))
    assert found.pairs.estimate.tolist() == [0.0]
    assert not found.pairs.psi.any()


def test_under_an_own_policy_the_planned_exits_are_a_move():
    book = run_as(run_book(benchmark="none"), "trailing", exits__trail_atr=2.0)
    tables, settings = inputs_of("stat_groups", book)
    found = level_pairs(tables, settings, read_sample(tables, settings))
    names = [move.name for move in found.moves]
    assert "as_planned" in names
    assert "trail_2" not in names
    inputs = inputs_of("stat_groups", run_book(benchmark="none"))
    plain = level_pairs(*inputs, read_sample(*inputs))
    there, back = plain.labels.index(("trail_2", "as_traded")), names.index("as_planned")
    assert found.pairs.estimate[back] == pytest.approx(-plain.pairs.estimate[there], abs=1e-9)


def test_a_book_without_a_qualified_setup_has_no_family():
    book = run_as(run_book(benchmark="none"), "nothing", gates__min_rr=90.0)
    tables, settings = inputs_of("stat_groups", book)
    assert level_pairs(tables, settings, read_sample(tables, settings)) is None


TRIED = moves_of(Settings())
N_MARKETS, N_TICKERS, N_WEEKS = 120, 16, 130
MAX_SPOKEN = 11
"""Of 120 markets at a rate of 5%: 98% of all draws are at or below this."""


def differences(seed, edge=0.0):
    """R of the moved levels minus that of the planned ones, and the week: driftless walks, longs of every week."""
    rng = np.random.default_rng([41, seed])
    n_bars = 5 * N_WEEKS + 40
    common = rng.normal(0.0, 0.006, n_bars)
    values, weeks = [], []
    for _ in range(N_TICKERS):
        steps = common + rng.standard_t(5, n_bars) * 0.012
        close = 100.0 * np.exp(np.cumsum(steps - steps.mean()))
        first = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0.0, 0.003, n_bars))
        high = np.maximum(first, close) * np.exp(np.abs(rng.normal(0.0, 0.004, n_bars)))
        low = np.minimum(first, close) * np.exp(-np.abs(rng.normal(0.0, 0.004, n_bars)))
        bars = Bars(np.arange(n_bars, dtype=np.int32), first, high, low, close, np.full(n_bars, 1e6))
        unknown = np.full(n_bars, np.nan)
        aligned = AlignedBars(bars, unknown, unknown, np.arange(n_bars, dtype=np.int32))
        at = np.arange(5, 5 * N_WEEKS, 5, dtype=np.int32)
        entry, risk = close[at], 0.04 * close[at]

        def r_of(stop_frac, target_frac, policy, aligned=aligned, at=at, entry=entry, risk=risk):
            stop, target = entry - stop_frac * risk, entry + target_frac * 2.0 * risk
            given = GivenPrices(
                at, np.ones(len(at), np.int8), entry, stop, target, np.full(len(at), 2.0), np.ones(len(at))
            )
            graded = grade_setups(
                aligned, n_bars - 1, given, is_ended=False, hold_days=HOLD_DAYS, policy=policy or AS_PLANNED
            )
            return np.nan_to_num(graded["r_mtm_open"] * stop_frac)

        planned = r_of(1.0, 1.0, None)
        values.append(np.stack([r_of(*move[1:]) - planned + edge for move in TRIED], axis=1))
        weeks.append(at // 5)
    return np.concatenate(values), np.concatenate(weeks).astype(np.int64)


def speaks(seed, edge=0.0):
    values, weeks = differences(seed, edge)
    pairs = setup_influence(weeks, values, N_WEEKS)
    overlap = weeks_of_overlap(30)
    found = estimate(pairs, overlap)
    family = step_down(pairs, overlap, is_member=~found.is_too_short)
    rows = [
        {"estimate": found.estimate[k], "p_adj": family.p_adj[k], "oos_confirmed": "n/a"} for k in range(len(TRIED))
    ]
    return any(level_verdict(row) == "supported" for row in rows)


def test_moved_levels_speak_on_at_most_one_null_market_in_twenty_and_see_an_edge():
    assert sum(speaks(seed) for seed in range(N_MARKETS)) <= MAX_SPOKEN
    assert sum(speaks(seed, edge=0.15) for seed in range(8)) >= 6
