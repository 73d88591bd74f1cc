"""The ladder measures a stage in its own process, and its table extends the measured fit."""

import numpy as np
import pytest

from btassets_tests.bench.ladder import Rung, as_ladder, fits, measured


def test_a_process_of_its_own_pays_for_time_and_memory() -> None:
    cpu_s, memory_mb = measured(lambda: np.ones(12_500_000).sum())
    assert 90.0 < memory_mb < 200.0
    assert cpu_s > 0.0
    assert measured(lambda: None)[1] < 10.0


def test_work_that_fails_is_no_measurement(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="failed in its own process"):
        measured(lambda: 1 / 0)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_the_table_extends_the_fit() -> None:
    rungs = [Rung("replay", n * 1_000_000, 1.0 + 2.0 * n, 10.0 * n) for n in (1, 2, 4)]
    rungs += [Rung("report", n * 1_000_000, 0.5, 30.0) for n in (1, 2, 4)]
    assert [fit.cpu_at(10e6) for fit in fits(rungs)] == pytest.approx([21.0, 0.5], abs=1e-3)
    head, *rows = as_ladder(rungs, ((1_000, 10.0),)).splitlines()
    assert head.endswith("1,000 x 10 y: CPU s  GB")
    assert [row.split()[0] for row in rows] == ["replay", "report", "all,"]
    assert rows[0].split()[1:] == ["1.00", "2.00", "0%", "10", "6", "0.0"]
