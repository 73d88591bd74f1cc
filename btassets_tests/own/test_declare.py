"""Declaring a signal: the name, the bounds, and what is taken from the function itself."""

import pytest

import btassets as bt
from btassets.own.declare import MAX_LOOKBACK, check_header, take_declared


def test_a_decorated_function_stays_itself_and_is_declared_once() -> None:
    take_declared()

    @bt.signal(lookback=5, sign=-1)
    def reversal_1w(w: object) -> float:
        """Return of five bars.

        More text.
        """
        return 1.0

    @bt.cross_section(lookback=0, label="Rank", description="a rank")
    def rank(week: object) -> float:
        return 2.0

    assert (reversal_1w(None), rank(None)) == (1.0, 2.0)
    one, other = take_declared()
    assert (one.name, one.form, one.lookback, one.sign) == ("reversal_1w", "window", 5, -1)
    assert (one.label, one.description) == ("Reversal 1w", "Return of five bars.")
    assert (other.form, other.label, other.description) == ("cross_section", "Rank", "a rank")
    assert take_declared() == []


@pytest.mark.parametrize(
    ("name", "sign", "lookback", "expected"),
    [
        ("Reversal", 1, 0, 'a signal is named "Reversal"'),
        ("1w", 1, 0, 'a signal is named "1w"'),
        ("a" * 41, 1, 0, "at most 40"),
        ("ok", True, 0, "sign is True"),
        ("ok", "up", 0, "sign is 'up'; it must be 1 or -1"),
        ("ok", 1, MAX_LOOKBACK + 1, "lookback is 1261"),
        ("ok", 1, 2.5, "lookback is 2.5"),
    ],
)
def test_a_header_out_of_bounds_is_refused_with_the_rule(
    name: str, sign: object, lookback: object, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected.replace("(", r"\(")):
        check_header(name, sign, lookback)


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bt.nothing  # noqa: B018
