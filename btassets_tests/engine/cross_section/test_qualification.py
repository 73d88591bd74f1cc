"""The gate: floors by hand, golden verdicts, and what removing a floor may do."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.cross_section.qualification import Gates, qualify

GOLDEN = Path(__file__).parents[2] / "golden"
NAN = np.nan
ABLATION = {
    "all_floors": (),
    "no_confidence_floor": ("confidence",),
    "no_rr_floor": ("rr",),
    "no_neutral_exclusion": ("neutral",),
    "momentum_only": ("confidence", "rr", "neutral", "conviction", "conflicts", "probability", "ev"),
}


@pytest.mark.parametrize("case", ["default", "tight", "ungated", "crowded"])
def test_golden_verdicts_sweep_and_ablation(case):
    rows = pq.ParquetFile(GOLDEN / f"expected_{case}.parquet").read()
    report = json.loads((GOLDEN / f"report_{case}.json").read_text())
    column = {
        name: rows.column(name).to_numpy(zero_copy_only=False)
        for name in ("rr", "confidence", "best_prob", "activation_momentum_percentile")
    }
    is_long = np.array([d == "long" for d in rows.column("direction").to_pylist()])
    scores = {
        "is_long": is_long,
        "percentile": column["activation_momentum_percentile"].astype(float),
        "rr": column["rr"],
        "confidence": column["confidence"],
        "best_prob": column["best_prob"],
        "action": np.array(rows.column("action").to_pylist(), dtype=object),
        "risk_level": np.array(rows.column("risk_level").to_pylist(), dtype=object),
    }
    gates = Gates(**report["activation"])
    verdict = qualify(gates, **scores)
    assert verdict.meets_core.tolist() == rows.column("meets_core").to_pylist()
    assert verdict.is_qualified.tolist() == rows.column("qualified").to_pylist()
    for row in report["gate_ablation"]:
        assert int(verdict.without(*ABLATION[row["variant"]]).sum()) == row["total"]
    for row in report["sweep"]:
        swept = Gates(**{**gates.__dict__, "min_momentum_percentile": row["min_momentum_percentile"]})
        assert int(qualify(swept, **scores).is_qualified.sum()) == row["total"]


def _one(gates, **changes):
    scores = {
        "is_long": True,
        "percentile": 90.0,
        "rr": 2.0,
        "confidence": 60.0,
        "best_prob": 30.0,
        "ev": -0.1,
        "action": "LONG_HIGH",
        "risk_level": "Low",
        **changes,
    }
    return qualify(gates, **{k: None if v == "absent" else np.array([v]) for k, v in scores.items()})


@pytest.mark.parametrize(
    ("gates", "changes", "expected"),
    [
        ({}, {}, True),
        ({}, {"rr": 1.5}, True),
        ({}, {"rr": 1.4999}, False),
        ({}, {"rr": NAN}, False),
        ({}, {"confidence": 55.0}, True),
        ({}, {"confidence": NAN}, False),
        ({"min_confidence": 0.0}, {"confidence": NAN}, True),
        ({}, {"confidence": "absent"}, True),
        ({"min_target_probability": 31.0}, {}, False),
        ({"min_ev": 0.0}, {}, False),
        ({"min_ev": -0.1}, {}, True),
        ({"min_ev": 0.0}, {"ev": NAN}, False),
        ({"min_ev": 0.0}, {"ev": "absent"}, True),
        ({}, {"action": "NEUTRAL"}, False),
        ({}, {"action": "SHORT_HIGH"}, False),
        ({"exclude_neutral": False}, {"action": "NEUTRAL"}, True),
        ({"require_high_conviction": True}, {"action": "LONG_MODERATE"}, False),
        ({"exclude_conflicts": True}, {"risk_level": "Medium"}, False),
        ({"exclude_conflicts": True}, {"risk_level": "low"}, False),
        ({}, {"percentile": 80.0}, True),
        ({}, {"percentile": 79.9999}, False),
        ({}, {"percentile": NAN}, False),
        ({"min_momentum_percentile": 0.0}, {"percentile": NAN}, True),
        ({}, {"is_long": False, "action": "SHORT_HIGH"}, False),
        ({"min_momentum_percentile": 0.0}, {"is_long": False, "action": "SHORT_HIGH"}, True),
    ],
)
def test_one_row(gates, changes, expected):
    assert _one(Gates(**gates), **changes).is_qualified.tolist() == [expected]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 3), st.floats(0, 100), st.floats(0, 100))
def test_a_stricter_gate_only_removes_longs(seed, min_rr, min_confidence, cutoff):
    rng = np.random.default_rng(seed)
    n = 40
    scores = {
        "is_long": rng.uniform(size=n) < 0.7,
        "percentile": rng.uniform(0, 100, n),
        "rr": rng.uniform(0, 4, n),
        "confidence": rng.uniform(0, 100, n),
        "action": rng.choice(["LONG_HIGH", "NEUTRAL", "SHORT_HIGH", "SHORT_MODERATE"], n),
    }
    loose = qualify(Gates(min_rr=min_rr, min_confidence=min_confidence, min_momentum_percentile=cutoff), **scores)
    strict = qualify(
        Gates(min_rr=min_rr + 0.5, min_confidence=min_confidence + 5, min_momentum_percentile=cutoff + 1),
        **scores,
    )
    assert not (strict.is_qualified & ~loose.is_qualified).any()
    assert not (loose.is_qualified & ~loose.without("rr")).any()
    assert (loose.without() == loose.is_qualified).all()
