"""The claim beside a list: the house's means and intervals of what qualified in the backtest."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.run.tables import inputs_of
from btassets.stages.journal.backtest_claim import MEASURES, backtest_claim, measures_of
from btassets_tests.support.small_books import run_book


def test_the_claim_is_the_mean_of_the_qualified_setups():
    book = run_book()
    tables, settings = inputs_of("journal", book)
    claim = backtest_claim(tables, settings)
    rows = [r for r in book.lake.read("graded_setups").to_pylist() if r["qualified"] and r["is_graded"]]
    net = np.clip([r["net_r"] for r in rows], *claim["bounds"])
    assert claim["net_r"]["mean"] == pytest.approx(net.mean())
    wins = sum(r["outcome"] == "target_hit" for r in rows)
    races = sum(r["outcome"] != "expired" for r in rows)
    assert claim["hit_rate"]["mean"] == pytest.approx(wins / races)
    gaps = [(r["entry_price"] - r["entry"]) / abs(r["entry"] - r["stop"]) for r in rows]
    assert claim["fill_gap_r"]["mean"] == pytest.approx(np.mean(gaps))
    for measure in MEASURES:
        assert claim[measure]["lo"] < claim[measure]["mean"] < claim[measure]["hi"]
    # The interval of the statistics, up to the winsorised tail.
    (told,) = [
        r
        for r in book.lake.read("stat_groups").to_pylist()
        if (r["member"], r["exit"], r["measure"]) == ("qualified", "target", "net_r")
    ]
    assert claim["net_r"]["se"] == pytest.approx(told["se"], rel=0.2)


def test_a_short_fills_worse_below_its_entry():
    rows = pa.table(
        {
            "direction": ["long", "short", "long", "long"],
            "entry": [100.0, 100.0, 100.0, 100.0],
            "stop": [90.0, 110.0, 100.0, 90.0],
            "target": [120.0, 80.0, 120.0, None],
            "entry_price": [101.0, 99.0, 101.0, 101.0],
            "net_r": [9.0, -9.0, None, -1.0],
            "outcome": ["target_hit", "ambiguous", "expired", "stop_hit"],
        }
    )
    found = measures_of(rows, [-1.5, 4.0])
    assert found["fill_gap_r"].tolist()[:2] == pytest.approx([0.1, 0.1])
    assert np.isnan(found["fill_gap_r"][2])  # no risk, no R
    assert found["net_r"].tolist()[:2] == [4.0, -1.5]
    assert found["hit_rate"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(found["hit_rate"][2:]).all()  # an expired setup, and one that had nothing to hit
