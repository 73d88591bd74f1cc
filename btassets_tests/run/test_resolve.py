"""References of declarations become functions; one that names nothing is an error at once."""

import math

import pytest

from btassets.run.resolve import resolve


def test_a_reference_is_the_function_it_names():
    assert resolve("math:sqrt") is math.sqrt
    assert resolve("os.path:join")("a", "b") == "a/b"


@pytest.mark.parametrize(
    ("reference", "error"),
    [("math:no_such", AttributeError), ("btassets.no_such:compute", ModuleNotFoundError), ("math", AttributeError)],
)
def test_a_reference_to_nothing_is_an_error(reference, error):
    with pytest.raises(error):
        resolve(reference)
