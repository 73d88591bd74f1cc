"""A floor that lets nothing through is named, with its setting and the number of setups."""

import pyarrow as pa
import pytest

from btassets.engine.floors import core_flags, floors_of
from btassets.settings.models import Settings
from btassets.stages.report.report_gate import gate_warnings


class _Setups:
    """`graded_setups` of three rows on which every floor passes but the named ones."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing

    def __getitem__(self, name: str) -> "_Setups":
        assert name == "graded_setups"
        return self

    def read(self, names: list[str]) -> pa.Table:
        return pa.table({name: [name not in self.failing] * 3 for name in names})


@pytest.mark.parametrize(
    ("gates", "failing", "expected"),
    [
        (
            {"min_rr": 99.0},
            ("rr_ok",),
            ["floor_passes_none: gates.min_rr = 99.0: 0 of 3 setups pass; loosen or remove it."],
        ),
        (
            {"floors": ["vol_6m >= 100"]},
            ("vol_6m_at_least_ok",),
            ['floor_passes_none: gates.floors "vol_6m >= 100": 0 of 3 setups pass; loosen or remove it.'],
        ),
        ({}, (), []),
    ],
)
def test_a_floor_that_nothing_passes_is_named(gates: dict, failing: tuple, expected: list) -> None:
    settings = Settings(gates=gates)
    assert set(failing) <= {flag.name for flag in core_flags(floors_of(settings.gates.values()))}
    assert gate_warnings(_Setups(*failing), settings) == expected  # pyright: ignore[reportArgumentType]
