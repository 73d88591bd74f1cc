"""Own code in its process: errors name file and line, and forbidden deeds are refused."""

from pathlib import Path

import numpy as np
import pytest

from btassets.own.evaluate import Limits, all_values
from btassets.own.loading import declared_by
from btassets.own.own_process import OwnSignalError
from btassets_tests.support.own_panel import LIMITS, panel, window, write_signal, write_source

PANEL = panel()


def refusal(tmp_path: Path, text: str, limits: Limits = LIMITS) -> str:
    signal = write_signal(tmp_path, text)
    with pytest.raises(OwnSignalError) as caught:
        all_values(signal, PANEL, limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", "return 1 / 0", "own/idea.py line 5: ZeroDivisionError: division by zero (T0 2022-01-12)"),
        ("", "return w.colour", "a window has no 'colour'; it has ticker, date, open"),
        ("import sys", "sys.exit(3)", "own/idea.py line 5: SystemExit: 3"),
        ("import os", "os._exit(3)", "its process ended with exit code 3"),
        ("", "return 'high'", "returns 'high', not a number (T0 2022-01-12)"),
        ("", "return w.close", "not a number"),
        ("", "return True", "returns True, not a number"),
        ("", "return float('inf')", "returns inf (T0 2022-01-12)"),
        ("import os", "os.fork()\nreturn 1.0", "starts a process (os.fork)"),
        ("import subprocess", "subprocess.run(['true'])\nreturn 1.0", "starts a process"),
        ("import socket", "socket.create_connection(('127.0.0.1', 9))\nreturn 1.0", "opens a connection"),
        ("", "return len(open('/etc/passwd').read())", "reads /etc/passwd: a value may depend on the bars alone"),
        ("import os", "return len(os.listdir('/etc'))", "lists /etc"),
        ("import time", "return time.time()", "calls time.time()"),
        ("from time import perf_counter as tick", "return tick()", "calls time.perf_counter()"),
    ],
)  # fmt: skip
def test_what_own_code_may_not_do_is_told_with_its_place(tmp_path: Path, head: str, body: str, expected: str) -> None:
    assert expected in refusal(tmp_path, window(body, head))


def test_a_write_is_refused_even_where_own_code_catches_it(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    body = f"try:\n    open({str(target)!r}, 'w').write('x')\nexcept BaseException:\n    pass\nreturn 1.0"
    assert f"writes {target}: a signal writes no file" in refusal(tmp_path, window(body))
    assert not target.exists()


def test_a_slow_function_is_ended_at_its_limit(tmp_path: Path) -> None:
    reason = refusal(tmp_path, window("while True:\n    pass"), Limits(ticker_seconds=0.2))
    assert reason == "idea: T0 took more than 0.2 s; make it faster, or raise the limit in [own]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def broken(:\n", "own/idea.py line 1: SyntaxError"),
        ("import nowhere_to_be_found\n", "own/idea.py line 1: ModuleNotFoundError"),
        ("import datetime as dt\nday = dt.date.today()\n", "own/idea.py line 2: dt.date.today() reads the clock"),
        ("rows = open('/etc/passwd').read()\n", "own/idea.py line 1: reads /etc/passwd"),
        (window("return 1.0", lookback=-1), "lookback is -1; it must be a whole number from 0 to 1260"),
        (
            "import btassets as bt\n@bt.signal(lookback=1, sign=0)\ndef a(w): return 1\n",
            "sign is 0; it must be 1 or -1",
        ),
        (f"{window('return 1.0')}{window('return 2.0')}", "declares the signal idea twice"),
        ("import os\n\nos.fork()", "starts a process (os.fork): own code is computed in the process that called it"),
        ("open('/dev/of-a-source', 'w')", "writes /dev/of-a-source: own code writes no file"),
    ],
)
def test_a_source_that_cannot_be_loaded_says_why(tmp_path: Path, text: str, expected: str) -> None:
    found, problem = declared_by(write_source(tmp_path, "idea.py", text))
    assert found == []
    assert expected in problem


def test_a_helper_of_the_folder_is_imported_and_an_error_in_it_is_named(tmp_path: Path) -> None:
    write_source(tmp_path, "tools.py", "def half(x):\n    return x / 0\n")
    assert "own/tools.py line 2: " in refusal(tmp_path, window("return half(1)", "from tools import half"))


def test_values_are_those_of_the_function_and_none_where_bars_lack(tmp_path: Path) -> None:
    signal = write_signal(tmp_path, window("return None if w.ticker == 'T1' else w.close[-1] / w.close[0]", lookback=9))
    found = all_values(signal, PANEL, LIMITS, n_processes=2)
    expected = np.full(PANEL.n_rows, np.nan)
    for row, (ticker, bar) in enumerate(zip(PANEL.ticker, PANEL.bar, strict=True)):
        close = PANEL.arrays[ticker].columns["close"]
        if ticker != 1 and bar >= 9:
            expected[row] = close[bar] / close[bar - 9]
    np.testing.assert_array_equal(found, expected)
    assert np.isnan(found).sum() == 1 * 2 + 12


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 1.0", "it must be 3 numbers, one per ticker"),
        ("return week.close[:, 0] / 0.0", "returns an infinite value"),
    ],
)
def test_a_cross_section_returns_a_number_per_ticker(tmp_path: Path, body: str, expected: str) -> None:
    text = f"import btassets as bt\n@bt.cross_section(lookback=0)\ndef idea(week):\n    {body}\n"
    assert expected in refusal(tmp_path, text)


def test_a_print_of_own_code_disturbs_nothing(tmp_path: Path) -> None:
    signal = write_signal(tmp_path, window("print('hello')\nreturn 1.0", "print('loading')", lookback=0))
    assert all_values(signal, PANEL, LIMITS).tolist() == [1.0] * PANEL.n_rows


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("import pandas as pd", "return pd.Series(w.close).rolling(3).mean().iloc[-1]"),
        ("import numba\n@numba.njit\ndef mean(x):\n    return (x[1] + x[2] + x[3]) / 3.0", "return mean(w.close)"),
        ("import statistics", "return statistics.mean(w.close[1:])"),
    ],
    ids=["pandas", "numba", "statistics"],
)
def test_libraries_may_be_used(tmp_path: Path, head: str, body: str) -> None:
    found = all_values(write_signal(tmp_path, window(body, head)), PANEL, LIMITS)
    expected = [
        PANEL.arrays[ticker].columns["close"][bar - 2 : bar + 1].mean()
        for ticker, bar in zip(PANEL.ticker, PANEL.bar, strict=True)
    ]
    np.testing.assert_allclose(found, expected)
