"""Plain `dagster dev` in the folder of a book, or in a clone, uses the book's own instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import dagster as dg
import pytest
from dagster._cli.utils import get_possibly_temporary_instance_for_cli
from dagster._serdes import serialize_value

from btassets.book.new_book import make_book
from btassets.instance.dagster_home import PROJECT_YAML, is_home, open_instance
from btassets.instance.other_instances import notice

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book whose instance knows one ticker and one materialization; the current folder."""
    folder = make_book(tmp_path / "book", {"source.kind": "demo"})
    with open_instance(folder / ".dagster") as instance:
        instance.add_dynamic_partitions("tickers", ["AAPL"])
        instance.report_runless_asset_event(dg.AssetMaterialization("candidates", partition="AAPL"))
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("BTASSETS_BOOK", raising=False)
    monkeypatch.chdir(folder)
    return folder


@contextmanager
def plain() -> Iterator[dg.DagsterInstance]:
    """Open the instance as `dagster dev` does without DAGSTER_HOME."""
    with get_possibly_temporary_instance_for_cli("dagster dev") as instance:
        yield instance


def test_dagster_dev_in_a_book_shows_its_runs_and_materialized_partitions(book: Path) -> None:
    with plain() as instance:
        assert is_home(instance, book / ".dagster")
        assert instance.get_dynamic_partitions("tickers") == ["AAPL"]
        assert instance.get_materialized_partitions(dg.AssetKey("candidates")) == {"AAPL"}
        words = ["x", "--instance-ref", serialize_value(instance.get_ref())]
        assert notice(book / ".dagster", lambda: ["MSFT"], words) is None
        with dg.DagsterInstance.from_ref(instance.get_ref()) as served:  # as in the process of the page
            # A ticker of the source that no run has read yet can be launched.
            assert served.get_dynamic_partitions("tickers") == ["AAPL", "MSFT"]


def test_a_moved_book_takes_its_instance_along(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = book.rename(book.with_name("moved"))
    monkeypatch.chdir(moved)
    with plain() as instance:
        assert is_home(instance, moved / ".dagster")
        assert instance.get_dynamic_partitions("tickers") == ["AAPL"]


def test_a_clone_shows_the_book_that_the_environment_names(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(clone)
    monkeypatch.setenv("BTASSETS_BOOK", str(book))
    with plain() as instance:
        assert is_home(instance, book / ".dagster")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("BTASSETS_BOOK", str(tmp_path / "none"))
    with pytest.raises(click.UsageError, match="is not a book"), plain():
        pass
    assert not (tmp_path / "none").exists()


def test_the_file_of_the_clone_is_the_one_of_every_book(book: Path) -> None:
    assert (ROOT / "dagster.yaml").read_text(encoding="utf-8") == PROJECT_YAML
    assert (book / "dagster.yaml").read_text(encoding="utf-8") == PROJECT_YAML
    assert str(book) not in PROJECT_YAML


def test_a_file_of_the_users_own_stays(book: Path) -> None:
    (book / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with open_instance(book / ".dagster"):
        pass
    assert (book / "dagster.yaml").read_text() == "telemetry:\n  enabled: false\n"
