"""Setups asked of processes: what a rule may not do is refused with file, line, ticker and date."""

from pathlib import Path

import numpy as np
import pytest

from btassets.engine.replay.setup_numbers import STOP, TARGETS
from btassets.own.own_process import OwnSignalError
from btassets.own.setups.rule_setups import RuleProcesses
from btassets_tests.support.own_panel import ticker_arrays
from btassets_tests.support.own_rules import GOOD, rule_text, write_rule

ARRAYS = ticker_arrays("T0", 0)
ROWS = [1, 3, 10, 59]


def test_setups_of_a_ticker_and_none_without_enough_bars(tmp_path: Path) -> None:
    with RuleProcesses(write_rule(tmp_path, rule_text())) as processes:
        assert processes.load()["least"] == 3
        numbers = processes.setups(ARRAYS, ROWS)
        assert len(processes.setups(ARRAYS, [])) == 0
    close = ARRAYS.columns["close"][ROWS]
    assert np.isnan(numbers[0]).all()
    assert numbers[1:, 0, STOP].tolist() == (0.9 * close[1:]).tolist()
    assert numbers[1:, 0, TARGETS].tolist() == (1.2 * close[1:]).tolist()
    assert np.isnan(numbers[:, 1]).all()


def test_a_window_has_from_min_lookback_to_lookback_bars(tmp_path: Path) -> None:
    body = 'return {"direction": "long", "stop": w.close[-1] / 2, "targets": w.close[-1] * 2, "score": len(w)}'
    with RuleProcesses(write_rule(tmp_path, rule_text(body, lookback=8, more=", min_lookback=2"))) as processes:
        numbers = processes.setups(ARRAYS, ROWS)
    assert np.isnan(numbers[0]).all()
    assert numbers[1:, 0, 1].tolist() == [4.0, 9.0, 9.0]


REFUSED = {
    "raises": ("return w.close[-1] / w.nothing", "", "own/idea.py line 6: AttributeError: a window has no 'nothing'"),
    "nan": ('return bt.Setup("long", float("nan"), 99.0)', "", "own/idea.py line 5: idea: stop is nan"),
    "wrong": ("return 1.0", "", "own/idea.py line 5: idea: returns 1.0; it must be None, a bt.Setup or a dict"),
    "clock": ("time.time()\nreturn None", "import time", "calls time.time(): a setup may depend on the bars alone"),
    "reads": (
        "open('/etc/hostname')\nreturn None",
        "",
        "reads /etc/hostname: a setup may depend on the bars alone, not on files",
    ),
    "writes": ("open('/dev/of-a-rule', 'w')\nreturn None", "", "writes /dev/of-a-rule: a setup rule writes"),
    "forks": ("os.fork()\nreturn None", "import os", "starts a process (os.fork): a setup rule is computed in"),
    "connects": ("socket.create_connection(('127.0.0.1', 9))\nreturn None", "import socket", "opens a connection"),
    "entry": (
        'return bt.Setup("long", w.close[-1] / 2, w.close[-1] * 2, entry=w.close[-1] * 1.01)',
        "",
        "a setup is filled at that close or at the next open; leave entry out",
    ),
    "exits": ("raise SystemExit(3)", "", "own/idea.py line 6: SystemExit: 3"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_rule_may_not_do(tmp_path: Path, what: str) -> None:
    body, head, expected = REFUSED[what]
    only = f'if w.ticker == "T1":\n{chr(10).join("    " + line for line in body.splitlines())}\n{GOOD}'
    shifted = expected.replace("line 6", "line 7") if "line 6" in expected else expected.replace("line 5", "line 4")
    with RuleProcesses(write_rule(tmp_path, rule_text(only, head))) as processes:
        with pytest.raises(OwnSignalError) as error:
            processes.setups(ticker_arrays("T1", 1), ROWS)
        assert "own/idea.py line" in str(error.value)
        assert shifted.partition(": ")[2] in str(error.value)
        assert "T1 2022-01-11" in str(error.value)
        assert not np.isnan(processes.setups(ARRAYS, ROWS)[1:, 0, STOP]).any()


def test_a_slow_rule_is_stopped_and_the_next_ticker_goes_on(tmp_path: Path) -> None:
    body = f'while w.ticker == "T1":\n    pass\n{GOOD}'
    with RuleProcesses(write_rule(tmp_path, rule_text(body), seconds=0.5)) as processes:
        with pytest.raises(OwnSignalError, match=r"idea: T1 took more than 0.5 s") as error:
            processes.setups(ticker_arrays("T1", 1), ROWS)
        assert error.value.is_slow
        assert not np.isnan(processes.setups(ARRAYS, ROWS)[1:, 0, STOP]).any()


def test_a_source_that_cannot_be_loaded(tmp_path: Path) -> None:
    broken = write_rule(tmp_path, rule_text(head="import no_such_module"))
    expected = r"own/idea.py line 2: ModuleNotFoundError"
    with RuleProcesses(broken) as processes, pytest.raises(OwnSignalError, match=expected):
        processes.load()
    hidden = f"{rule_text()}\n".replace("@bt", "if False:\n  @bt").replace("def idea", "  def idea")
    text = hidden.replace("    return", "      return")
    rule = write_rule(tmp_path, rule_text())
    Path(rule.source.path).write_text(text, encoding="utf-8")
    with RuleProcesses(rule) as processes, pytest.raises(OwnSignalError, match="declares no setup rule idea"):
        processes.load()
