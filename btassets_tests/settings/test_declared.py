"""The view of settings that a stage receives: declared settings only."""

import pytest

from btassets.errors import UndeclaredReadError
from btassets.settings.declared import declared_settings, is_declared, select_declared
from btassets.settings.models import Settings

SETTINGS = Settings()


def view(*keys: str) -> Settings:
    return declared_settings(SETTINGS, keys, "a stage", "btassets/graph/advice.py")


def test_a_section_is_handed_over_as_it_is() -> None:
    assert view("gates").gates is SETTINGS.gates
    assert view("gates").gates.model_dump() == SETTINGS.gates.model_dump()


def test_a_section_declared_in_parts_has_these_parts() -> None:
    method = view("method.asof_grid", "statistics.groups").method
    assert method.asof_grid == SETTINGS.method.asof_grid
    with pytest.raises(UndeclaredReadError, match=r"a stage reads setting method\.fill .* btassets/graph/advice\.py"):
        _ = method.fill


@pytest.mark.parametrize("read", ["basis", "costs", "method"])
def test_anything_else_is_refused(read: str) -> None:
    with pytest.raises(UndeclaredReadError, match=f"setting {read}"):
        getattr(view("gates"), read)


def test_everything_is_the_settings_themselves() -> None:
    assert view("") is SETTINGS


def test_a_name_that_is_no_setting_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = view("gates").nothing  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError):
        _ = view("gates")._private  # pyright: ignore[reportAttributeAccessIssue]


def test_flat_values_are_those_that_are_declared_as_a_whole() -> None:
    assert select_declared(view("gates"), ("gates.min_rr",)) == {"gates.min_rr": SETTINGS.gates.min_rr}
    assert select_declared(SETTINGS, ("basis",)) == {"basis": SETTINGS.basis}
    with pytest.raises(UndeclaredReadError, match="setting gates"):
        select_declared(view("gates.min_rr"), ("gates",))


def test_a_key_covers_what_lies_below_it() -> None:
    assert is_declared("a.b", ("a",))
    assert not is_declared("ab", ("a",))
    assert not is_declared("a", ("a.b",))
