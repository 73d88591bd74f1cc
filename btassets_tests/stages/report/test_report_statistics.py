"""Statistics of the document: units, intervals beside the report's own means, verdicts at their sentences."""

import copy

import pyarrow as pa
import pytest

from btassets.settings.models import Settings
from btassets.stages.report.report_statistics import with_intervals, with_verdicts
from btassets_tests.support.small_books import document_of, run_book
from btassets_tests.support.stored_tables import StoredTables

NOISE = "not distinguishable from noise"


def report(**claims):
    found = [{"topic": topic, "item_key": key, "verdict": verdict} for (topic, key), verdict in claims.pop("claims")]
    hold = {"topic": "exit", "item_key": "hold_21", "decision": "hold", "hold_days": 21}
    return {
        "statistics": {"claims": found},
        "advice": [{"topic": "exit", "item_key": "hold_21"}, {"topic": "gate", "item_key": "rr"}],
        "research_advice": [{"topic": "capacity_15", "item_key": "x"}],
        "recommendation": {"items": [hold]},
    }


def test_each_sentence_gets_the_verdict_of_its_own_claim_and_its_place():
    document = report(
        claims=[(("headline", ""), NOISE), (("gate", "rr"), "contradicted"), (("exit", "hold_21"), "supported")]
    )
    with_verdicts(document)
    assert [(row["claim"], row["verdict"]) for row in document["advice"]] == [(2, "supported"), (1, "contradicted")]
    assert (document["research_advice"][0]["claim"], document["research_advice"][0]["verdict"]) == (None, None)
    assert document["headline"]["verdict"] == NOISE
    assert document["headline"]["text"].startswith("Hold 21 sessions")
    weak = report(claims=[(("exit", "hold_21"), NOISE)])
    with_verdicts(weak)
    assert weak["headline"]["text"].startswith("No change.")
    assert weak["headline"]["verdict"] is None


def estimate(low, high, **more):
    row = dict.fromkeys(("estimate", "n_setups", "n_weeks", "n_eff", "p_raw", "mde80"))
    return {**row, "unit": "r", "ci_lo": low, "ci_hi": high} | more


GROUPS = [
    ("population", "qualified", "target", 0.1, 0.2),
    ("population", "all", "target", None, None),
    ("population", "qualified", "hold_5", 0.3, 0.4),
    ("direction", "long", "target", -0.1, 0.1),
    ("cutoff", "80", "target", 0.5, 0.6),
    ("floor", "no_rr", "target", 0.7, 0.8),
    ("floor", "no_rr", "hold_30", 0.9, 1.0),
]


@pytest.fixture
def tables(tmp_path):
    names = ("grouping", "member", "exit")
    groups = [
        dict(zip(names, row[:3], strict=True)) | estimate(*row[3:]) | {"measure": measure}
        for row in GROUPS
        for measure in ("net_r", "adjusted_r")
    ]
    for row in groups[1::2]:
        row |= {"ci_lo": -9.0, "ci_hi": 9.0}
    pairs = [
        {"family": "floors", "member": "whole", "against": "no_rr"} | estimate(-0.02, 0.05),
        {"family": "floors", "member": "picked_in_train", "against": "no_rr"} | estimate(5.0, 6.0),
        {"family": "cutoffs", "member": "80", "against": "no_rr"} | estimate(7.0, 8.0),
    ]
    kinds = {"ci_lo": pa.float64(), "ci_hi": pa.float64()}
    made = StoredTables(tmp_path)
    for name, rows in (("stat_groups", groups), ("stat_pairs", pairs)):
        columns = {key: pa.array([row[key] for row in rows], kinds.get(key)) for key in rows[0]}
        nulls = {k: v.cast(pa.float64()) for k, v in columns.items() if pa.types.is_null(v.type)}
        made.put(name, pa.table(columns | nulls))
    return made


def test_intervals_of_net_r_are_put_beside_the_means_they_belong_to(tables):
    document = {
        "overall_qualified": {},
        "overall_all": {},
        "by_direction": {"long": {}, "short": {}},
        "sweep": [{"min_momentum_percentile": 80.0}, {"min_momentum_percentile": 0.0}],
        "time_exit_sweep": [{"hold_days": 5}, {"hold_days": 10}],
        "gate_ablation": [{"variant": "no_rr"}],
        "gate_ablation_deltas": [{"variant": "no_rr"}, {"variant": "other"}],
        "signal_eval": [{"signal": "mom"}, {"signal": "vol"}],
        "calibration": [{"direction": "all", "bin": 1}, {"direction": "all", "bin": 2}],
        "statistics": {
            "signals": [
                {"signal": "mom", "horizon_days": 30, "horizon_ic_ci": [0.1, 0.2], "verdict": "supported"},
                {"signal": "mom", "horizon_days": 5, "horizon_ic_ci": [7, 8], "verdict": "contradicted"},
            ],
            "calibration": [
                {"direction": "all", "bin": 1, "ci": [-1, 1]},
                {"direction": "all", "bin": None, "ci": [3, 4]},
            ],
        },
    }
    before = copy.deepcopy(document)
    with_intervals(document, tables, Settings())
    assert document["overall_qualified"] == {"net_avg_r_ci": [0.1, 0.2]}
    assert document["overall_all"] == {"net_avg_r_ci": None}
    assert [row["net_avg_r_ci"] for row in document["by_direction"].values()] == [[-0.1, 0.1], None]
    assert [row["net_avg_r_ci"] for row in document["sweep"]] == [[0.5, 0.6], None]
    assert [row["net_avg_r_ci"] for row in document["time_exit_sweep"]] == [[0.3, 0.4], None]
    (floor,) = document["gate_ablation"]
    assert (floor["net_avg_r_ci"], floor["hold_net_avg_r_ci"]) == ([0.7, 0.8], [0.9, 1.0])
    # The pair is whole minus without; the table shows without minus whole.
    assert [row["delta_hold_net_avg_r_ci"] for row in document["gate_ablation_deltas"]] == [[-0.05, 0.02], None]
    assert [(row["mean_ic_ci"], row["verdict"]) for row in document["signal_eval"]] == [
        ([0.1, 0.2], "supported"),
        (None, None),
    ]
    assert [row["gap_pct_ci"] for row in document["calibration"]] == [[-1, 1], None]
    assert document["statistics"] == before["statistics"]


def test_without_an_error_there_is_no_verdict():
    found = document_of(run_book())["statistics"]
    rows = [*found["claims"], *found["signals"]]
    untested = [row["estimate"] is None or (row["ci"] is None and row["p"] is None) for row in rows]
    assert [row["verdict"] is None for row in rows] == untested
    assert any(untested)
    assert not all(untested)
