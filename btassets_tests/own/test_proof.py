"""The proof of own signals: lookahead, state and chance are refused, with ticker, date and difference."""

from pathlib import Path

import numpy as np
import pytest

from btassets.own.evaluate import all_values
from btassets.own.own_process import OwnSignalError
from btassets.own.proof import prove, sample_groups
from btassets_tests.support.own_panel import LIMITS, panel, window, write_signal

PANEL = panel()


def proven(tmp_path: Path, text: str, name: str = "idea.py") -> str:
    """Why a signal is refused; empty if its proof holds."""
    signal = write_signal(tmp_path, text, name)
    try:
        values = all_values(signal, PANEL, LIMITS)
        proof = prove(signal, PANEL, values, LIMITS, 7)
    except OwnSignalError as error:
        return str(error)
    assert proof.n_rows > 0
    return ""


HONEST = {
    "window.py": window("return w.close[-1] / w.close[0] - 1.0"),
    "level.py": window("return w.raw_close[-1]"),
    "week.py": "import btassets as bt\n@bt.cross_section(lookback=2)\ndef idea(week):\n"
    "    past = week.close[:, -1] / week.close[:, 0]\n    return past - past.mean()\n",
    "query.sql": "select ticker, date, close / lag(close) over (partition by ticker order by date) as value from bars",
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_signal_is_proven(tmp_path: Path, name: str) -> None:
    assert proven(tmp_path, HONEST[name], name) == ""


LOOKS_AHEAD = {
    "window.py": window("return np.frombuffer(w.close.base)[-1] / w.close[-1]", "import numpy as np"),
    "inside.py": window("return float(max(w._arrays.columns['high']) / w.close[-1])"),
    "week.py": "import btassets as bt\n@bt.cross_section(lookback=2)\ndef idea(week):\n"
    "    return [one.columns['close'][-1] / one.columns['close'][0] for one in week._arrays]\n",
    "query.sql": "select ticker, date, lead(close) over (partition by ticker order by date) / close as value from bars",
    "mean.sql": "select ticker, date, close / avg(close) over (partition by ticker) as value from bars",
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKS_AHEAD)
def test_a_look_ahead_is_refused_with_ticker_date_and_values(tmp_path: Path, name: str) -> None:
    reason = proven(tmp_path, LOOKS_AHEAD[name], name)
    assert "it looks ahead" in reason
    assert "without the later ones" in reason
    assert "T0 2022-" in reason or "T1 2022-" in reason or "T2 2022-" in reason


def test_the_named_difference_is_that_of_the_two_values(tmp_path: Path) -> None:
    reason = proven(tmp_path, LOOKS_AHEAD["mean.sql"], "mean.sql")
    one, other = (float(reason.split(word)[0].split()[-1]) for word in (" with all bars", " without the later"))
    assert float(reason.split("difference ")[1].split(";")[0]) == pytest.approx(other - one, rel=0.01)


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("seen = []", "seen.append(w.close[-1])\nreturn max(seen)", "depends on chance or on a clock"),
        ("seen = {}", "return seen.setdefault(w.ticker, len(seen)) + 1.0", "keeps state between calls"),
        ("import random", "return random.random()", "depends on chance or on a clock"),
        ("import numpy as np", "return np.random.default_rng().normal()", "depends on chance or on a clock"),
        ("", "return w.close[-1]", "uses price levels, which depend on the first stored bar"),
    ],
    ids=["calls", "state", "random", "numpy", "level"],
)  # fmt: skip
def test_what_else_a_value_may_not_depend_on(tmp_path: Path, head: str, body: str, expected: str) -> None:
    assert expected in proven(tmp_path, window(body, head))


def test_a_change_of_the_bars_is_told(tmp_path: Path) -> None:
    assert "read-only" in proven(tmp_path, window("w.close[0] = 1.0\nreturn 1.0"))
    forced = (
        "for values in w._arrays.columns.values():\n    values.setflags(write=True)\n    values[0] += 1.0\nreturn 1.0"
    )
    assert "changes the arrays of its window" in proven(tmp_path, window(forced))


def test_the_sample_prefers_rows_with_a_value_and_depends_on_the_seed(tmp_path: Path) -> None:
    signal = write_signal(tmp_path, HONEST["window.py"])
    values = np.full(PANEL.n_rows, np.nan)
    values[PANEL.ticker == 2] = 1.0
    groups = sample_groups(signal, PANEL, values, 1)
    assert {int(PANEL.ticker[row]) for group in groups for row in group} == {2}
    values[:] = 1.0
    drawn = [np.concatenate(sample_groups(signal, PANEL, values, seed)).tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert sample_groups(signal, panel(0), np.empty(0), 1) == []
