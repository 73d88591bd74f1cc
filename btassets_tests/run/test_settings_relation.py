"""Settings as relations: which value is in which column, and the forward days that a row needs."""

import pytest

from btassets.run.settings_relation import settings_relations
from btassets.settings.models import Costs, Exits, Gates, Method, Settings


def test_values_are_in_their_columns():
    chosen = Settings(
        gates=Gates(min_rr=2.5, min_ev=0.1), costs=Costs(per_side_frac=0.002), exits=Exits(hold_days=(5, 10))
    )
    found = settings_relations(chosen, "strict")
    row = found["settings"].to_pylist()[0]
    shown = [row[name] for name in ("scenario", "min_rr", "min_ev", "per_side_frac", "max_hold_days", "fill")]
    assert shown == ["strict", 2.5, 0.1, 0.002, 10, "open"]
    assert found["exit_days"]["hold_days"].to_pylist() == [5, 10]
    assert found["floor_variants"]["position"].to_pylist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("ended", "given", "expected"),
    [("graded", None, 0), ("dropped", None, 30), ("dropped", 0, 0), ("graded", 7, 7)],
)
def test_forward_days_that_a_row_needs(ended, given, expected):
    relations = settings_relations(Settings(method=Method(ended=ended)), min_forward_days=given)
    assert relations["settings"]["min_forward_days"].to_pylist() == [expected]


def test_an_unset_floor_is_null():
    assert settings_relations(Settings())["settings"]["min_ev"].to_pylist() == [None]
