"""The registry: built-in signals first, and one name for one signal."""

import pytest

from btassets.engine.signals import SIGNALS
from btassets.own.registry import Registry, SignalEntry


def entry(name: str, origin: str = "own/a.py") -> SignalEntry:
    return SignalEntry(name, name, "", 1, 5, "window", origin)


def test_the_built_in_signals_are_entries_like_any_other() -> None:
    registry = Registry()
    assert [one.name for one in registry] == [signal.name for signal in SIGNALS]
    assert not any(one.is_own for one in registry)
    for signal in SIGNALS:
        found = registry[signal.name]
        assert (found.label, found.sign, found.lookback) == (signal.label, signal.sign, signal.lookback)
    registry.add(entry("mine"))
    assert registry["mine"].is_own
    assert "mine" in registry
    assert [one.name for one in registry][-1] == "mine"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("residual_momentum", "is the built-in ranking of the gate"),
        ("mom_12_1", "already built in"),
        ("mine", "already declared in own/a.py"),
        ("close", "close is a column of factor_signals"),
    ],
)
def test_a_taken_name_is_refused(name: str, expected: str) -> None:
    registry = Registry(("close", "mom_12_1"))
    registry.add(entry("mine"))
    with pytest.raises(ValueError, match=expected):
        registry.add(entry(name, "own/b.py"))
