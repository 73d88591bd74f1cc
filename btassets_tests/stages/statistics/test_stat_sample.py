"""The sample of the statistics against the plain tables, and its masks."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.floors import CORE_FLAGS, FLAGS
from btassets.engine.statistics.ewc import WEEKLY
from btassets.engine.statistics.influence import trimmed_influence
from btassets.run.tables import inputs_of
from btassets.settings.load import resolve
from btassets.settings.models import Settings
from btassets.stages.statistics.stat_sample import Sample, as_statistics, label_sessions, overlap_weeks, read_sample
from btassets_tests.support.small_books import run_as, run_book
from btassets_tests.support.statistics_books import rows


def test_the_trim_is_that_of_the_plain_tables(book):
    sample = read_sample(*inputs_of("stat_groups", book))
    qualified = sample.flags["qualified"]
    plain = rows(book, "setup_stats", population="qualified")[0]
    if qualified.any():
        r = sample.net_r[qualified, 0]
        found = trimmed_influence(sample.week_no[qualified], r, sample.n_weeks)
        assert found.estimate[0] == pytest.approx(plain["net_avg_r_ex_top5"], abs=1e-12)
        assert np.abs(found.psi.sum()) < 1e-9


@pytest.mark.parametrize(
    ("horizon", "holds", "label"),
    [(30, (5, 10), 30), (30, (3, 7, 45, 90), 90), (60, (5, 10, 21, 30), 60), (12, (3,), 12), (12, (5,), 30)],
)
def test_labels_reach_to_the_horizon_or_the_longest_hold(horizon, holds, label):
    settings = Settings(engine={"horizon_days": horizon}, exits={"hold_days": holds})
    assert label_sessions(settings) == label
    assert overlap_weeks(settings) == -(-label // 5)


def test_no_label_of_a_train_reaches_into_its_test():
    book = run_as(run_book(), "replayed-holds", exits__hold_days=[3, 7, 45, 90])
    found = read_sample(*inputs_of("stat_groups", book))
    assert (found.exits[-1], found.overlap_weeks) == ("hold_90", 18)
    usual = read_sample(*inputs_of("stat_groups", run_book()))
    assert [w.train_last for w in found.walk] == [w.test_first - 91 for w in found.walk]
    assert [w.train_last for w in usual.walk] == [w.test_first - 31 for w in usual.walk]
    for window in found.walk:
        rows = window.train_rows(found.asof_session, found.label_end_session)
        assert not np.isnan(found.net_r[rows]).any()
    assert np.isnan(found.net_r[:, -1]).any()


def sample(**changes):
    """Four setups: two longs above the cutoff, one of them without conviction, a short, and a long below."""
    flags = {flag.name: np.ones(4, bool) for flag in FLAGS}
    flags |= {"momentum_ok": np.array([1, 1, 1, 0], bool), "meets_core": np.array([1, 0, 1, 1], bool)}
    flags["rr_ok"] = np.array([1, 0, 1, 1], bool)
    floats = {
        "activation_momentum_percentile": np.array([80.0, 95.0, 99.0, 79.9]),
        "momentum_percentile": np.array([70.0, 95.0, 99.0, 85.0]),
    }
    values = dict.fromkeys(field.name for field in dataclasses.fields(Sample))
    r = np.arange(8.0).reshape(4, 2)
    values["core_flags"] = tuple(flag.name for flag in CORE_FLAGS)
    values |= {"exits": ("target", "hold_30"), "is_long": np.array([1, 1, 0, 1], bool), "net_r": r, "adjusted_r": -r}
    return Sample(**(values | {"flags": flags, "floats": floats, "has_benchmark": True} | changes))


def test_a_cutoff_is_for_longs_of_its_own_ranking_and_zero_is_off():
    given = sample()
    assert given.cutoff_mask(80.0).tolist() == [True, False, False, False]
    assert given.cutoff_mask(70.0, "raw").tolist() == [True, False, False, True]
    assert given.cutoff_mask(0.0).tolist() == [True, False, True, True]


def test_a_dropped_floor_lets_its_setups_through_and_no_others():
    given = sample()
    assert given.floor_mask().tolist() == [True, False, True, False]
    assert given.floor_mask(["rr_ok"]).tolist() == [True, True, True, False]
    assert given.flags["momentum_ok"].tolist() == [True, True, True, False]


def test_the_measure_is_adjusted_where_there_is_a_benchmark():
    given, plain = sample(), sample(has_benchmark=False)
    assert (given.measure, plain.measure) == ("adjusted_r", "net_r")
    assert given.r_of("adjusted_r")[3, 1] == -7.0
    assert given.r_of("net_r")[3, 1] == 7.0
    assert (given.exit_no("hold_30"), given.longest_hold) == (1, "hold_30")


def test_a_row_of_statistics_has_null_for_no_number_and_for_no_column():
    schema = pa.schema([("scenario", pa.string()), ("a", pa.float64()), ("n", pa.int64()), ("x", pa.float64())])
    table = as_statistics([{"a": np.float64(1.5), "n": np.int64(3)}, {"a": np.nan, "x": np.inf}], schema, "strict")
    assert table.schema.equals(schema)
    assert table.to_pylist() == [
        {"scenario": "strict", "a": 1.5, "n": 3, "x": None},
        {"scenario": "strict", "a": None, "n": None, "x": None},
    ]
    assert as_statistics([], schema, "base").num_rows == 0


def test_labels_of_a_week_overlap_too():
    short = resolve(overrides={"exits.hold_days": [3], "engine.horizon_days": 5}).settings
    assert overlap_weeks(short) == 2 != WEEKLY
    assert overlap_weeks(resolve().settings) == 6
