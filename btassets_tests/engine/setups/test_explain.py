"""The explanation of a setup: the votes behind the scores that the replay gave it."""

import numpy as np

from btassets.engine.setups.explain import explain_asof
from btassets_tests.reference.awkward_bars import make_job, replayed


def test_explanation_equals_the_replay():
    job = make_job(4, n=330)
    replay = replayed(job)
    told = explain_asof(job["bars"], replay.candidate_index)
    for name in ("technical", "momentum_score"):
        np.testing.assert_array_equal(told[name], replay.candidates[name])
    weights = {"trend": 0.30, "position": 0.15, "directional_movement": 0.20, "rsi": 0.20, "volume": 0.15}
    score = 50 + 50 * sum(weight * told[name] for name, weight in weights.items())
    np.testing.assert_allclose(score, told["technical"], rtol=1e-12)
    early = explain_asof(job["bars"], np.array([58], dtype=np.int32))
    assert all(np.isnan(column[0]) for column in early.values())


def test_the_conflicts_add_up_to_the_risk_level_of_the_replay():
    for seed in range(1, 7):
        job = make_job(seed, n=400)
        replay = replayed(job)
        told = explain_asof(job["bars"], replay.candidate_index)
        few = replay.candidates["n_sr_targets"] < 3
        found = np.minimum(told["is_apart"] + told["is_stretched"] + few, 2)
        np.testing.assert_array_equal(found, replay.candidates["risk_level"])
        np.testing.assert_array_equal(told["is_stretched"] > 0, np.abs(told["stretch_atr"]) >= 2.5)
