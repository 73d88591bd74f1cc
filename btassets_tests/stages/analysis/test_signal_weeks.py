"""Cross-sections week by week: which rows and returns count, and the weekly IC against ranks by hand."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.signals import SIGNAL_NAMES
from btassets.settings.models import Settings
from btassets.settings.profiles import PROFILES
from btassets.stages.analysis.signal_weeks import cross_sections, weekly_ic
from btassets_tests.support.weekly_signals import FRIDAY, signals

SIGNAL = SIGNAL_NAMES[0]


def columns_of(columns):
    table = pa.table(columns)
    return lambda name: table[name]


STANDARD = Settings()
LEGACY = Settings(profile="legacy", **PROFILES["legacy"])


def test_rows_are_grouped_by_week_and_keep_the_order_of_tickers_in_it():
    found = cross_sections(columns_of(signals(4, 3)), STANDARD, [30])
    assert found.rows.tolist() == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
    assert found.monday.tolist() == [FRIDAY - 4] * 4 + [FRIDAY + 3] * 4 + [FRIDAY + 10] * 4
    assert found.values.shape == (len(SIGNAL_NAMES), 12)
    assert found.forward.shape == (1, 12)
    assert found.asof.tolist()[:5] == [FRIDAY] * 4 + [FRIDAY + 7]


def test_the_standard_grid_takes_eligible_week_ends_and_the_legacy_one_its_own_weeks():
    columns = signals(4, 1)
    columns["is_week"][0] = columns["eligible"][1] = columns["is_own_week"][2] = False
    assert cross_sections(columns_of(columns), STANDARD, [30]).rows.tolist() == [2, 3]
    assert cross_sections(columns_of(columns), LEGACY, [30]).rows.tolist() == [0, 1, 3]


def test_a_scenario_that_drops_ended_tickers_needs_all_bars_of_a_return():
    columns = signals(3, 1)
    columns["n_forward"][:] = [29, 30, 4]
    kept = cross_sections(columns_of(columns), STANDARD, [5, 30]).forward
    assert not np.isnan(kept).any()
    dropped = cross_sections(columns_of(columns), LEGACY, [5, 30]).forward
    assert np.isnan(dropped).tolist() == [[False, False, True], [True, False, True]]


def weeks_of(columns, settings=STANDARD):
    table = weekly_ic(columns_of(columns), settings, "base")
    return [row for row in table.to_pylist() if row["signal"] == SIGNAL]


def test_the_ic_of_a_week_is_the_rank_correlation_of_its_pairs():
    columns = signals()
    columns[SIGNAL][3] = np.nan  # ticker 1, week 0
    rows = weeks_of(columns)
    assert [row["n"] for row in rows] == [24, 25, 25]
    for week, row in enumerate(rows):
        x, y = columns[SIGNAL][week::3], columns["fwd_return_30"][week::3]
        known = ~np.isnan(x)
        ranks = [np.argsort(np.argsort(part[known])) for part in (x, y)]
        assert row["ic"] == pytest.approx(np.corrcoef(ranks)[0, 1])
        assert row["scenario"] == "base"
    assert [(row["iso_year"], row["iso_week"]) for row in rows] == [(2021, 10), (2021, 11), (2021, 12)]
    assert [row["asof_date"].isoformat() for row in rows] == ["2021-03-12", "2021-03-19", "2021-03-26"]
    assert [row["week"].isoformat() for row in rows] == ["2021-03-08", "2021-03-15", "2021-03-22"]


@pytest.mark.parametrize(("n_tickers", "is_known"), [(20, True), (19, False)])
def test_a_week_of_fewer_than_twenty_pairs_has_no_ic(n_tickers, is_known):
    rows = weeks_of(signals(n_tickers, 1))
    assert [row["n"] for row in rows] == [n_tickers]
    assert (rows[0]["ic"] is not None) is is_known
    assert rows[0]["is_thinned"] is is_known


def test_kept_weeks_are_six_apart_so_that_returns_do_not_overlap():
    rows = weeks_of(signals(20, 14))
    assert [k for k, row in enumerate(rows) if row["is_thinned"]] == [0, 6, 12]


def test_a_week_without_a_pair_is_left_out_and_the_newest_date_of_a_week_counts():
    columns = signals(20, 2)
    columns[SIGNAL][1::2] = np.nan
    assert [row["asof_date"].isoformat() for row in weeks_of(columns)] == ["2021-03-12"]
    columns = signals(20, 1)
    days = np.full(20, FRIDAY, np.int32)
    days[7] -= 1
    columns["asof_date"] = pa.array(days).cast(pa.date32())
    (row,) = weeks_of(columns, LEGACY)
    assert row["asof_date"].isoformat() == "2021-03-12"
    assert row["n"] == 20
    assert weeks_of({name: column[:0] for name, column in columns.items()}) == []
