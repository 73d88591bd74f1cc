"""The list in calendar time, against a plain walk over its rows."""

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy.stats import spearmanr

from btassets.engine.days import week_mondays
from btassets.run.tables import inputs_of
from btassets.stages.statistics.benchmark_moves import benchmark_moves
from btassets.stages.statistics.list_rank import list_rows
from btassets_tests.support.small_books import run_book, scenario_book


def test_the_row_is_the_mean_of_weekly_rank_correlations_of_the_last_six_lists():
    book = run_book(25, 5.0)
    graded = book.lake.read("graded_setups").filter(pc.field("qualified"))
    listed = {}
    for row in graded.to_pylist():
        if row["direction"] == "long":
            week = int(week_mondays(np.array([row["asof_date"].toordinal() - 719_163], np.int32))[0]) // 7
            listed[row["ticker"], week] = listed.get((row["ticker"], week), 0) + 1
    signals = [r for r in book.lake.read("factor_signals", book.replay).to_pylist() if r["is_week"] and r["eligible"]]
    names = sorted({r["ticker"] for r in signals})
    asof = np.array([r["asof_date"].toordinal() - 719_163 for r in signals], np.int32)
    number = np.array([names.index(r["ticker"]) for r in signals], np.int32)
    moves = benchmark_moves(*inputs_of("stat_groups", book), names, number, asof)
    weeks = {}
    for r, day, move in zip(signals, asof.tolist(), moves.tolist(), strict=True):
        if r["fwd_return_5"] is None:
            continue
        week = int(week_mondays(np.array([day], np.int32))[0]) // 7
        count = sum(listed.get((r["ticker"], w), 0) for w in range(week - 5, week + 1))
        weeks.setdefault(week, []).append((count, r["fwd_return_5"] - move))
    ics = []
    for pairs in weeks.values():
        counts, returns = zip(*pairs, strict=True)
        if len(pairs) >= 20 and len(set(counts)) > 1:
            ics.append(spearmanr(counts, returns).statistic)
    found = list_rows(*inputs_of("stat_groups", book))
    assert len(found) == 1
    assert found[0]["n_setups"] == len(ics)
    assert found[0]["estimate"] == pytest.approx(np.mean(ics), abs=1e-9)


def test_a_list_without_names_has_no_row():
    assert list_rows(*inputs_of("stat_groups", scenario_book("nothing"))) == []
