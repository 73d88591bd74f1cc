"""The proof of a rule: lookahead, chance and price levels are refused, with ticker, date and both values."""

from pathlib import Path

import pytest

from btassets.own.setups.rule_proof import RuleProof
from btassets_tests.support.own_panel import ticker_arrays
from btassets_tests.support.own_rules import GOOD, rule_text, write_rule

SPLIT = ticker_arrays("T1", 1, split_at=40)
ROWS = [10, 20, 30, 50]


def problem(tmp_path: Path, body: str, head: str = "") -> str | None:
    with RuleProof(write_rule(tmp_path, rule_text(body, head))) as proof:
        numbers, found = proof.replay(SPLIT, ROWS)
    assert len(numbers) == len(ROWS)
    return found


def test_an_honest_rule_is_proven(tmp_path: Path) -> None:
    assert problem(tmp_path, GOOD) is None
    assert problem(tmp_path, f"if w.close[-1] > w.close[0]:\n    {GOOD}\nreturn None") is None


@pytest.mark.parametrize(
    ("body", "head", "expected"),
    [
        (f'if w._arrays.columns["close"][-1] != w.close[-1]:\n    {GOOD}', "", "it looks ahead"),
        ('return bt.Setup("long", 0.9 * w.close[-1], 1.5 * max(w._arrays.columns["high"]))', "", "it looks ahead"),
        ('seen.append(1)\nreturn bt.Setup("long", w.close[-1] * (0.5 + len(seen) / 99), 9e9)', "seen = []",
         "depends on chance or on a clock"),
        ('return bt.Setup("long", 0.9 * w.close[-1], 999.0)', "",
         "it uses price levels, which depend on the first stored bar"),
    ],
    ids=["whether", "target", "state", "level"],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, body: str, head: str, expected: str) -> None:
    found = problem(tmp_path, body, head)
    assert found is not None
    assert found.startswith("idea: T1 2022-")
    assert expected in found
