"""Classes of targets at their limits."""

import pytest

from btassets.engine.setups.target_classes import RULE, classification


@pytest.mark.parametrize(
    ("probability", "name"),
    [(100.0, "conservative"), (45.0, "conservative"), (44.999, "moderate"), (30.0, "moderate"), (29.999, "aggressive")],
)
def test_a_limit_belongs_to_the_safer_class(probability: float, name: str) -> None:
    assert classification(probability) == name


def test_the_rule_in_words_has_the_limits() -> None:
    assert RULE == "conservative from a stated probability of 45%, moderate from 30%, else aggressive"
