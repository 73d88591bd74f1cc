"""The words of a sweep become axes: both ends included, exact steps, each value under its setting's own rule."""

import pytest

from btassets.errors import BtassetsError, SettingError, UnknownSettingError, UsageError
from btassets.settings.grid import cells, parse_grid, settings_of
from btassets.settings.models import Settings, flatten

BASE = Settings()


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("gates.min_rr=1:3:0.25", (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0)),
        ("gates.min_rr=1:1.35:0.1", (1.0, 1.1, 1.2, 1.3)),
        ("gates.min_rr=0.7:1:0.1", (0.7, 0.8, 0.9, 1.0)),
        ("exits.hold_days=10,21,30", ((10,), (21,), (30,))),
        ("exits.hold_days=30,10,30", ((10,), (30,))),
        ("portfolio.max_positions=5:15:5", (5, 10, 15)),
        ("gates.exclude_neutral=true,false", (True, False)),
        ("gates.min_ev=0.1,off,0", (None, 0.0, 0.1)),
        ("method.expired=mark,zero", ("mark", "zero")),
        ("gates.min_rr=2", (2.0,)),
        ("gates.min_rr=1:1:1,3", (1.0, 3.0)),
        ("exits.hold_days=[10, 30],21", ((10, 30), (21,))),
        ("gates.floors=off,vol_6m <= 80", ((), ("vol_6m <= 80",))),
        (
            'gates.floors=["vol_6m <= 80", "high_52w >= 5"],vol_6m <= 70',
            (("vol_6m <= 80", "high_52w >= 5"), ("vol_6m <= 70",)),
        ),
    ],
)
def test_values_of_a_word(word: str, values: tuple) -> None:
    (axis,) = parse_grid([word], BASE)
    assert axis.values == values
    assert len(axis.labels) == len(values)


def test_numbers_have_neighbours_switches_and_words_have_none() -> None:
    words = ["gates.min_rr=1,2", "gates.min_ev=off,0", "exits.hold_days=10,21", "gates.exclude_neutral=true,false"]
    axes = parse_grid([*words, "method.expired=mark,zero", "portfolio.max_positions=5"], BASE)
    assert [axis.is_ordered for axis in axes] == [True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("", UsageError, "sweep : no values; write it as gates.min_rr=1:3:0.25 or exits.hold_days=10,21,30."),
        ("gates.min_rr", UsageError, "sweep gates.min_rr: no values; write it as gates.min_rr=1:3:0.25 or"),
        (
            "gates.min_rrr=1",
            UnknownSettingError,
            "gates.min_rrr: no such setting (command line); did you mean gates.min_rr?",
        ),
        ("gates.min_rr=two", SettingError, 'gates.min_rr = "two": must be a number >= 0 (command line)'),
        ("gates.min_rr=-1:1:1", SettingError, "gates.min_rr = -1: must be a number >= 0 (command line)"),
        ("exits.hold_days=121", SettingError, "exits.hold_days = [121]: must be a list of one or more whole numbers"),
        (
            "gates.min_rr=3:1:1",
            UsageError,
            "3:1:1 is an empty range; first:last:step ascends",
        ),
        ("gates.min_rr=1:3:0", UsageError, "is an empty range"),
        ("gates.min_rr=1:nan:1", UsageError, "is an empty range"),
        ("gates.min_rr=1:3", UsageError, "sweep gates.min_rr=1:3: 1:3 is not a range; first:last:step"),
        ("gates.min_rr=1:x:1", UsageError, "is not a range"),
        ("gates.min_rr=0:1e9:0.001", UsageError, "values, more than 20,000; use wider steps."),
    ],
)
def test_a_wrong_word_is_told_with_its_rule(word: str, kind: type[BtassetsError], text: str) -> None:
    with pytest.raises(kind) as caught:
        parse_grid([word], BASE)
    assert text in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_setting_twice_no_setting_and_too_many_cells_are_refused() -> None:
    with pytest.raises(UsageError, match=r"gates\.min_rr is given twice; put all its values into one argument"):
        parse_grid(["gates.min_rr=1", "gates.min_rr=2"], BASE)
    with pytest.raises(UsageError, match="no setting to vary"):
        parse_grid([], BASE)
    with pytest.raises(UsageError, match="40,000 cells, more than 20,000; the best of so many is luck"):
        parse_grid(["gates.min_rr=1:200:1", "gates.min_confidence=0:99.75:0.5"], BASE)


def test_a_cell_differs_from_the_base_in_its_own_settings_alone() -> None:
    axes = parse_grid(["gates.min_rr=1,2", "portfolio.max_positions=5,10"], BASE)
    found = [settings_of(BASE, axes, place) for place in cells(axes)]
    assert [(s.gates.min_rr, s.portfolio.max_positions) for s in found] == [(1.0, 5), (1.0, 10), (2.0, 5), (2.0, 10)]
    base = flatten(BASE)
    for own in found:
        assert {k for k, v in flatten(own).items() if base[k] != v} <= {"gates.min_rr", "portfolio.max_positions"}
