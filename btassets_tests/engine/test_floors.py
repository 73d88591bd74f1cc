"""The list of floors: when one is on, the loosest of several gates, and which variants the ablation shows."""

import pytest

from btassets.engine import floors
from btassets.engine.floors import FLOORS, VARIANTS, Flag, Floor, Variant, loosest, variants_in_use

OFF = {floor.setting: floor.off for floor in FLOORS}
EXTRA = Floor("extra", "min_extra", "extra", "at_least", "extra_ok", "Least extra", off=0.0, is_optional=True)


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("min_rr", 0.0, False),
        ("min_rr", 0.1, True),
        ("min_ev", None, False),
        ("min_ev", -1.0, True),
        ("min_ev", 0.0, True),
        ("exclude_neutral", False, False),
        ("exclude_neutral", True, True),
    ],
)
def test_a_floor_is_on_beyond_its_off_value(setting, value, expected):
    assert next(floor for floor in FLOORS if floor.setting == setting).is_on(value) is expected


def test_the_loosest_of_several_gates():
    found = loosest([OFF | {"min_ev": 0.2, "min_rr": 3.0}, OFF | {"min_ev": -0.1, "min_rr": 2.0}])
    assert (found["min_ev"], found["min_rr"]) == (-0.1, 2.0)
    assert loosest([OFF | {"exclude_neutral": True}])["exclude_neutral"] is True
    assert loosest([OFF | {"exclude_neutral": True}, OFF])["exclude_neutral"] is False


def test_a_variant_that_drops_only_an_optional_floor_is_shown_when_the_floor_is_on(monkeypatch):
    assert variants_in_use(OFF) == VARIANTS
    only_extra = Variant("no_extra", "Without extra", ("extra_ok",))
    monkeypatch.setattr(floors, "FLOORS", (EXTRA, *FLOORS))
    monkeypatch.setattr(floors, "CORE_FLAGS", (*floors.CORE_FLAGS, Flag("extra_ok", "")))
    monkeypatch.setattr(floors, "VARIANTS", (*VARIANTS, only_extra))
    assert variants_in_use(OFF | {"min_extra": 0.0}) == VARIANTS
    assert variants_in_use(OFF | {"min_extra": 1.0}) == (*VARIANTS, only_extra)
