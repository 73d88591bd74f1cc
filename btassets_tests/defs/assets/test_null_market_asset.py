"""The asset of the market without an edge: run on request with its number of versions, and cached."""

import shutil

import dagster as dg
import pytest

from btassets.book.book import open_book
from btassets.defs.assets import null_market_asset as module
from btassets.defs.resources import BookResource
from btassets_tests.support.small_books import run_book


def test_it_runs_the_missing_versions_and_says_how_many(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(run_book().folder, tmp_path / "book")
    book = open_book(tmp_path / "book", environ={})
    asked: list[tuple[str, int]] = []

    def run_versions(opened, n_versions, *, progress):
        asked.append((opened.folder.name, n_versions))
        progress(n_versions, n_versions)
        return n_versions - 1

    monkeypatch.setattr(module, "run_versions", run_versions)
    config = {"ops": {module.NAME: {"config": {"versions": 3}}}}
    done = dg.materialize([module.build_null_market()], resources={"book": BookResource.of(book)}, run_config=config)
    (made,) = done.asset_materializations_for_node(module.NAME)
    assert {name: value.value for name, value in made.metadata.items() if "/" not in name} == {
        "versions": 3,
        "computed": 2,
    }
    default = dg.materialize([module.build_null_market()], resources={"book": BookResource.of(book)})
    assert default.success
    assert asked == [("book", 3), ("book", module.DEFAULT_VERSIONS)]
