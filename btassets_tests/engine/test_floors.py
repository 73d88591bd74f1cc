"""The list of floors: when one is on, the loosest of several gates, and which variants the ablation shows."""

import pytest

from btassets.engine import floors
from btassets.engine.floors import (
    CORE_FLAGS,
    FLAGS,
    FLOORS,
    VARIANTS,
    Flag,
    Floor,
    Variant,
    compared_signals,
    core_flags,
    flags_of,
    floors_of,
    gate_label,
    loosest,
    variant_label,
    variants_in_use,
)

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


def test_floors_on_signals_join_the_list_before_the_cutoff():
    gates = OFF | {"vol_6m_at_most": 80.0, "idea_at_least": 20.0, "vol_6m_at_least": 5.0}
    found = floors_of(gates)
    assert found[: len(FLOORS) - 1] == FLOORS[:-1]
    assert found[-1] == FLOORS[-1]
    own = found[len(FLOORS) - 1 : -1]
    assert [(f.name, f.setting, f.column, f.rule, f.flag, f.signal) for f in own] == [
        ("vol_6m_at_most", "vol_6m_at_most", "percentile_of_vol_6m", "at_most", "vol_6m_at_most_ok", "vol_6m"),
        ("idea_at_least", "idea_at_least", "percentile_of_idea", "at_least", "idea_at_least_ok", "idea"),
        ("vol_6m_at_least", "vol_6m_at_least", "percentile_of_vol_6m", "at_least", "vol_6m_at_least_ok", "vol_6m"),
    ]
    assert compared_signals(gates) == ("vol_6m", "idea")
    assert [flag.name for flag in core_flags(found)[len(CORE_FLAGS) :]] == [floor.flag for floor in own]
    assert [flag.name for flag in flags_of(found)[-3:]] == ["meets_core", "momentum_ok", "qualified"]
    assert all(floor.is_on(0.0) and not floor.is_on(None) for floor in own)
    assert gate_label("vol_6m_at_most") == "Percentile of vol_6m at most"
    assert gate_label("ranking") == "Ranked by"


def test_without_floors_on_signals_everything_is_the_built_in_list():
    assert floors_of(OFF) is FLOORS
    assert (core_flags(FLOORS), flags_of(FLOORS)) == (CORE_FLAGS, FLAGS)
    assert compared_signals(OFF) == ()


def test_the_loosest_floor_on_a_signal_is_off_if_a_gate_lacks_it():
    strict, loose = OFF | {"vol_6m_at_most": 50.0, "idea_at_least": 60.0}, OFF | {"vol_6m_at_most": 70.0}
    assert loosest([strict, loose]) == OFF | {"vol_6m_at_most": 70.0, "idea_at_least": None}
    assert loosest([strict, strict | {"idea_at_least": 40.0}])["idea_at_least"] == 40.0


def test_each_floor_on_a_signal_has_a_variant_and_the_gate_alone_drops_all():
    *rest, own, alone = variants_in_use(OFF | {"vol_6m_at_most": 50.0})
    assert tuple(rest) == VARIANTS[:-1]
    assert (own.name, own.label, own.drops, own.advice) == (
        *("no_vol_6m_at_most", "Without vol_6m at most", ("vol_6m_at_most_ok",), None),
    )
    assert (alone.name, alone.drops) == ("momentum_only", (*VARIANTS[-1].drops, "vol_6m_at_most_ok"))
    assert variant_label(own.name) == own.label
    assert variant_label("momentum_only") == "Momentum gate only"
