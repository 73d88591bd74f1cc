"""A book as a Dagster component: the documented `defs.yaml`, its errors, and the registry of components."""

import importlib.metadata
import re
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.core.component_tree import ComponentTree
from dagster.components.testing import create_defs_folder_sandbox

from btassets.component import BookComponent
from btassets.errors import UsageError
from btassets_tests.support.book_factory import PROJECT
from btassets_tests.support.small_market import make_book


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a book; its name is `us`."""
    made = make_book(tmp_path_factory.mktemp("made"), 6).folder
    return made.rename(made.with_name("us"))


def documented() -> dict[str, Any]:
    text = (PROJECT / "docs" / "embedding.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return yaml.safe_load(example)


def test_the_documented_file_loads_in_a_project_of_components(folder: Path) -> None:
    with create_defs_folder_sandbox() as sandbox:
        shutil.copytree(folder, sandbox.project_root / "books" / "us")
        path = sandbox.scaffold_component(component_cls=BookComponent, defs_path="us", defs_yaml_contents=documented())
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, defs):
            assert isinstance(component, BookComponent)
            keys = defs.resolve_asset_graph().get_all_asset_keys()
            assert dg.AssetKey(["research", "us", "candidates"]) in keys
            assert all(key.path[:2] == ["research", "us"] for key in keys)
            assert defs.resolve_job_def("research_us_everything").name == "research_us_everything"


def test_without_a_prefix_the_folder_names_it(folder: Path) -> None:
    component = BookComponent(folder=str(folder))
    defs = component.build_defs(ComponentTree.for_test().load_context)
    assert dg.AssetKey(["us", "candidates"]) in defs.resolve_asset_graph().get_all_asset_keys()


def test_a_wrong_prefix_and_an_unknown_attribute_are_refused(folder: Path) -> None:
    context = ComponentTree.for_test().load_context
    with pytest.raises(UsageError):
        BookComponent(folder=str(folder), key_prefix="a/b").build_defs(context)
    with pytest.raises(ValueError, match="foldr"):
        BookComponent.model_validate({"foldr": "x"})


def test_the_registry_of_components_finds_it() -> None:
    points = importlib.metadata.entry_points(group="dagster_dg_cli.registry_modules", name="btassets")
    if not points:
        pytest.skip("the installed metadata is older than pyproject.toml: pip install -e . again")
    (point,) = points
    assert point.load().BookComponent is BookComponent
