"""The one list of kinds: what settings, `init` and the code behind stages take from it."""

import importlib
import inspect

import pytest
from pydantic import ValidationError

from btassets.cli.commands import init
from btassets.graph.outside import OUTSIDE
from btassets.run.resolve import resolve
from btassets.settings.source_kinds import KIND_NAMES, OWN_OPENER, SOURCE_KINDS, basis_of_source
from btassets.settings.source_settings import Source


def test_settings_and_init_accept_the_kinds_of_the_list_and_no_other() -> None:
    assert [Source(kind=name).kind for name in KIND_NAMES] == list(KIND_NAMES)
    choice = next(param for param in init.command.params if param.name == "source")
    assert choice.type.choices == KIND_NAMES
    with pytest.raises(ValidationError, match="'demo', 'files'"):
        Source(kind="bloomberg")


def test_a_class_is_a_kind_too_and_its_opener_is_code_behind_the_bars() -> None:
    assert Source(kind="feeds.daily:Feed").kind == "feeds.daily:Feed"
    assert callable(resolve(OWN_OPENER))
    assert OWN_OPENER.partition(":")[0] in OUTSIDE["source"].code
    assert basis_of_source("feeds.daily:Feed", "split") == "split"


@pytest.mark.parametrize("kind", SOURCE_KINDS, ids=KIND_NAMES)
def test_each_opener_exists_and_its_module_is_code_behind_the_bars(kind) -> None:
    assert callable(resolve(kind.opener))
    assert kind.module in OUTSIDE["source"].code


def test_names_are_unique() -> None:
    assert len(set(KIND_NAMES)) == len(KIND_NAMES)


@pytest.mark.parametrize("kind", SOURCE_KINDS, ids=KIND_NAMES)
def test_the_basis_of_a_kind_is_that_of_its_source(kind) -> None:
    module = importlib.import_module(kind.module)
    classes = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == kind.module]
    own = {c.basis for c in classes if isinstance(getattr(c, "basis", None), str)}
    assert own == (set() if kind.basis is None else {kind.basis})
    for declared in ("raw", "split", "total"):
        assert basis_of_source(kind.name, declared) == (kind.basis or declared)
