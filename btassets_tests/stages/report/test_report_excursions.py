"""Excursions in the report: quantiles of winners and losers, and verdicts that only an improvement gets."""

import numpy as np
import pytest

from btassets.run.tables import inputs_of
from btassets.settings.models import Settings
from btassets.stages.report.report_excursions import excursions, level_verdict
from btassets.stages.statistics.level_pairs import moves_of
from btassets_tests.support.small_books import document_of, run_book


def test_quantiles_are_those_of_the_graded_setups():
    book = run_book()
    tables, _ = inputs_of("backtest_report", book)
    found = excursions(tables, [])
    rows = [r for r in book.lake.read("graded_setups").to_pylist() if r["qualified"] and r["is_graded"]]
    won = [r for r in rows if r["outcome"] == "target_hit"]
    lost = [r for r in rows if r["outcome"] in ("stop_hit", "ambiguous")]
    assert (found["winners"]["n"], found["losers"]["n"]) == (len(won), len(lost))
    assert min(len(won), len(lost)) > 5
    for side, values, days in (
        ("winners", [-r["mae_r"] for r in won], [r["mae_day"] for r in won]),
        ("losers", [r["mfe_r"] for r in lost], [r["mfe_day"] for r in lost]),
    ):
        for name, share in (("p50_r", 0.5), ("p80_r", 0.8), ("p95_r", 0.95)):
            assert found[side][name] == round(float(np.quantile(values, share)), 2)
            assert found[side][name] >= 0
        assert found[side]["mean_day"] == round(float(np.mean(days)), 1)
    assert found["levels"] == []


def test_the_levels_of_the_report_are_the_family_with_verdicts():
    report = document_of(run_book())
    family = [row for row in report["statistics"]["pairs"] if row["family"] == "levels"]
    assert [row["member"] for row in family] == [move.name for move in moves_of(Settings())]
    assert [{k: v for k, v in row.items() if k != "verdict"} for row in report["excursions"]["levels"]] == family
    assert [row["verdict"] for row in report["excursions"]["levels"]] == [level_verdict(row) for row in family]


@pytest.mark.parametrize(
    ("estimate", "p_adj", "confirmed", "verdict"),
    [
        (0.1, 0.049, "yes", "supported"),
        (0.1, 0.049, "n/a", "supported"),
        (0.1, 0.05, "yes", "not distinguishable from noise"),
        (0.1, 0.01, "no", "not distinguishable from noise"),
        (-0.1, 0.001, "yes", "not distinguishable from noise"),
        (0.0, 0.001, "yes", "not distinguishable from noise"),
        (0.1, None, "yes", None),
        (None, None, "n/a", None),
    ],
)
def test_only_a_better_level_beyond_the_chance_of_its_family_gets_a_verdict(estimate, p_adj, confirmed, verdict):
    assert level_verdict({"estimate": estimate, "p_adj": p_adj, "oos_confirmed": confirmed}) == verdict
