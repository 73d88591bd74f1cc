"""Long and short under every spelling."""

import pyarrow as pa
import pytest

from btassets.sources.values.directions import read_direction, read_directions
from btassets.sources.values.unreadable import UnreadableValueError


@pytest.mark.parametrize(
    ("spellings", "meant"),
    [
        (["long", "LONG", " Long", "Buy", "b", "BULLISH", "1", 1, 1.0, "+1", "up"], "long"),
        (["short", "SHORT ", "Sell", "s", "bear", "-1", -1, -1.0, "sell_short", "Sell Short"], "short"),
    ],
)
def test_every_spelling_is_understood(spellings: list[object], meant: str) -> None:
    assert {read_direction(value) for value in spellings} == {meant}


@pytest.mark.parametrize("value", ["flat", "hold", 0, "0", 2, True, False, "lng", "long short", "neutral"])
def test_anything_else_is_refused_by_name(value: object) -> None:
    with pytest.raises(UnreadableValueError, match=f"'{value}' is neither long nor short"):
        read_direction(value)


def test_a_column_names_its_first_bad_row() -> None:
    with pytest.raises(UnreadableValueError, match=r"row 2: direction 'flat'.*2 such spellings"):
        read_directions(pa.array(["long", "flat", "hold", "flat"]))
    found = read_directions(pa.chunked_array([pa.array(["Buy", None]).dictionary_encode()]))
    assert found.to_pylist() == ["long", None]
