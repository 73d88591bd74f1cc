"""Rows shared out among processes: the same values and the same error with any number of them."""

from pathlib import Path

import numpy as np
import pytest

from btassets.own.evaluate import all_values, groups_of, values_at
from btassets.own.own_process import OwnProcess, OwnSignalError
from btassets_tests.support.own_panel import LIMITS, panel, window, write_signal

PANEL = panel()


def test_rows_are_grouped_by_ticker_or_by_date(tmp_path: Path) -> None:
    rows = np.arange(PANEL.n_rows)
    by_ticker = groups_of(write_signal(tmp_path, window("return 1.0")), PANEL, rows)
    assert [np.unique(PANEL.ticker[group]).tolist() for group in by_ticker] == [[0], [1], [2]]
    text = "import btassets as bt\n@bt.cross_section(lookback=0)\ndef idea(week):\n    return week.close[:, 0]\n"
    by_date = groups_of(write_signal(tmp_path, text), PANEL, rows)
    assert [PANEL.ticker[group].tolist() for group in by_date] == [[0, 1, 2]] * 12
    assert sorted(np.concatenate(by_date).tolist()) == rows.tolist()


@pytest.mark.parametrize("n_processes", [1, 3])
def test_the_first_error_is_that_of_the_first_ticker(tmp_path: Path, n_processes: int) -> None:
    signal = write_signal(tmp_path, window("return 1 / (w.ticker == 'T0')"))
    with pytest.raises(OwnSignalError, match=r"ZeroDivisionError: division by zero \(T1 "):
        all_values(signal, PANEL, LIMITS, n_processes)


def test_no_rows_are_no_values(tmp_path: Path) -> None:
    assert all_values(write_signal(tmp_path, window("return 1.0")), panel(0), LIMITS).tolist() == []


@pytest.mark.parametrize("cut", ["cut", "rescaled"])
def test_cut_bars_end_at_the_row(tmp_path: Path, cut: str) -> None:
    signal = write_signal(tmp_path, window("return len(w._arrays.date)"))
    rows = np.array([3, 7])
    with OwnProcess(signal.source) as process:
        process.load()
        (found,) = values_at(process, signal, PANEL, [rows], LIMITS, cut)
    assert found.tolist() == (PANEL.bar[rows] + 1).tolist()
