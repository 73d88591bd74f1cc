"""Books inside another deployment: the documented example, two books in one code location, each run once."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._serdes import serialize_value

import btassets
from btassets.book.book import Book
from btassets.defs.embed import build_defs
from btassets.errors import UsageError
from btassets.instance import other_instances
from btassets.instance.runs.retention import retain
from btassets.storage import lock
from btassets.storage.lock import book_lock
from btassets_tests.support.book_factory import PROJECT
from btassets_tests.support.small_market import make_book, names

US, EUROPE = ("us",), ("research", "europe")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Book]:
    root = tmp_path_factory.mktemp("deployment")
    return {US: make_book(root / "one", 6), EUROPE: make_book(root / "two", 9)}


@pytest.fixture(scope="module")
def example(books: dict[tuple[str, ...], Book], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the docs, with the folders of these books."""
    text = (PROJECT / "docs" / "embedding.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for named, prefix in (("/data/books/us", US), ("/data/books/europe", EUROPE)):
        assert named in code
        code = code.replace(named, str(books[prefix].folder))
    path = tmp_path_factory.mktemp("module") / "definitions.py"
    path.write_text(code, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def defs(example: Path) -> dg.Definitions:
    found: dict[str, object] = {}
    exec(compile(example.read_text(encoding="utf-8"), str(example), "exec"), found)
    return found["defs"]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def _joined(prefix: tuple[str, ...], name: str) -> str:
    return "_".join((*prefix, name))


def test_the_example_validates_in_dagsters_own_command(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-f", str(example)],
        cwd=tmp_path,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_name_carries_the_prefix(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    alone = {tuple(key.path) for key in graph.get_all_asset_keys()}
    tables = {path[-1] for path in alone}
    assert alone == {(*prefix, table) for prefix in (US, EUROPE) for table in tables}
    repository = defs.get_repository_def()
    named = [job.name for job in repository.get_all_jobs() if not job.name.startswith("__")]
    named += [each.name for each in (*repository.sensor_defs, *repository.schedule_defs)]
    named += [graph.get(key).group_name or "" for key in graph.get_all_asset_keys()]
    named += list(repository.get_top_level_resources())
    assert all(name.startswith(("us_", "research_europe_")) for name in named), named
    assert {d.name for d in (graph.get(key).partitions_def for key in graph.get_all_asset_keys()) if d} == {
        "us_tickers",
        "research_europe_tickers",
    }


@pytest.mark.parametrize(("prefix", "n"), [(US, 6), (EUROPE, 9)])
def test_each_of_two_books_runs_in_one_code_location(
    defs: dg.Definitions,
    books: dict[tuple[str, ...], Book],
    instance: dg.DagsterInstance,
    prefix: tuple[str, ...],
    n: int,
) -> None:
    job = defs.resolve_job_def(_joined(prefix, "everything"))
    result = job.execute_in_process(instance=instance)
    assert result.success
    assert instance.get_dynamic_partitions(_joined(prefix, "tickers")) == names(n)
    made = {tuple(event.asset_key.path) for event in result.get_asset_materialization_events()}
    assert all(path[:-1] == prefix for path in made)
    assert {"ohlcv_history", "sessions", "setup_stats", "backtest_report", "warehouse"} <= {path[-1] for path in made}
    assert all(each.passed for each in result.get_asset_check_evaluations() if each.check_name == "no_lookahead")
    book = books[prefix]
    assert sorted(book.lake.ticker_footers(book.candidates)) == names(n)
    # The reports are not served by this deployment's page.
    shown = result.asset_materializations_for_node(_joined(prefix, "analyse"))
    (report,) = (one for one in shown if one.asset_key.path[-1] == "backtest_report")
    assert "preview" in report.metadata
    assert not {"report", "latest_report"} & set(report.metadata)
    assert Path(str(report.metadata["path"].value)).is_file()


def test_a_scenario_of_a_guest(defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
    job = defs.resolve_job_def("us_scenario")
    config = {"ops": {"us_analyse_scenario": {"config": {"name": "strict", "gates": {"min_rr": 2.5}}}}}
    assert job.execute_in_process(instance=instance, run_config=config).success


def test_a_run_of_a_guest_waits_for_the_books_lock(
    defs: dg.Definitions,
    books: dict[tuple[str, ...], Book],
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = defs.resolve_job_def("us_report")
    run = instance.create_run_for_job(job)
    with book_lock(books[US].folder, "a test"):
        monkeypatch.setattr(lock, "_held_here", {})  # as another process sees it
        with closing(execute_run_iterator(InMemoryJob(job), run, instance)) as events:
            waits = next(event.message for event in events if "Waiting" in (event.message or ""))
    assert waits.startswith("Waiting for another run of this book (a test")


def test_a_guest_deletes_no_run_of_its_host(books: dict[tuple[str, ...], Book], instance: dg.DagsterInstance) -> None:
    @dg.job
    def of_the_host() -> None:
        """Another team's job."""

    for _ in range(8):
        of_the_host.execute_in_process(instance=instance)
    book = books[US]
    limits = book.base.retention.model_copy(update={"runs": 1, "days": 1, "automatic": True})
    book.base.__dict__["retention"] = limits
    assert retain(instance, book) == 0
    assert instance.get_runs_count() == 8


def test_a_page_that_loads_it_has_the_partitions(
    books: dict[tuple[str, ...], Book], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["x", "--instance-ref", serialize_value(instance.get_ref())]
    monkeypatch.setattr(other_instances.sys, "argv", words)
    btassets.build_defs(books[EUROPE].folder, key_prefix=EUROPE)
    assert instance.get_dynamic_partitions("research_europe_tickers") == names(9)
    assert instance.get_dynamic_partitions("tickers") == []


def test_the_folder_names_the_prefix(books: dict[tuple[str, ...], Book], tmp_path: Path) -> None:
    link = tmp_path / "us-stocks 2"
    link.mkdir()
    (link / "btassets.toml").write_text('[source]\nkind = "demo"\n', encoding="utf-8")
    keys = build_defs(link).resolve_asset_graph().get_all_asset_keys()
    assert {key.path[0] for key in keys} == {"us_stocks_2"}


@pytest.mark.parametrize("prefix", ["", "a-b", "2a", "a/b", ["a", ""], "ä"])
def test_a_prefix_that_is_no_name_is_refused(books: dict[tuple[str, ...], Book], prefix: str | list[str]) -> None:
    with pytest.raises(UsageError, match=r"key_prefix: .* is not a name"):
        build_defs(books[US].folder, key_prefix=prefix)
