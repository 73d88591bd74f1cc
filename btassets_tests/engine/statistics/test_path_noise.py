"""Jittered paths: which rows are kept, and how far results spread."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.path_noise import kept_rows, spread


def test_jitter_masks():
    kept = kept_rows(5000, 0.10, 20)
    assert kept.shape == (20, 5000)
    assert 1 - kept.mean() == pytest.approx(0.10, abs=0.005)
    assert (kept == kept_rows(5000, 0.10, 20)).all()
    assert not (kept[0] == kept[1]).all()
    assert kept_rows(100, 0.0, 2).all()
    assert spread(np.array([1.0, 3.0, np.nan])) == pytest.approx(math.sqrt(2))
    assert math.isnan(spread(np.array([1.0])))
