"""What every test starts from: an environment of its own, and one small book that is run once.

Every test file pays for what is imported here, those of the engine too: no Dagster, no tables, nothing heavy;
the fixtures of the book import what they need when a test asks for one.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from btassets.compiled import use_cache_folder
from btassets.instance.processes.fork_server import leave_quietly

use_cache_folder()

# Their asserts show the values, as those of the test files do.
pytest.register_assert_rewrite("btassets_tests.support.event_log_answers", "btassets_tests.support.event_log_cases")

LONGEST_FILES = (
    *("test_readme.py", "test_cases.py", "test_bad_input.py", "test_event_log_equals_stock.py", "test_kills.py"),
    *("test_worked_changes.py", "test_edge_books.py", "test_bench.py", "test_damage.py", "test_quality.py"),
    *("test_plan.py", "test_sweep.py", "test_api.py", "test_lookahead_check.py", "test_vendors_stop.py"),
    *("test_given_setups.py", "test_versions.py", "test_daily_updates.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files run side by side: those that take longest begin, so that nobody waits for one of them at the end."""
    place = {name: number for number, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_configure(config: pytest.Config) -> None:
    """Notices of the pinned Dagster about beta parameters are no news; pytest would repeat them.

    By their text: a filter that names Dagster's classes imports Dagster before each test.
    """
    for line in (
        "ignore:.* is currently in (beta|preview), and may have breaking changes",
        "ignore:Parameter `partitions_def` of function `define_asset_job`:DeprecationWarning",
        "ignore:Series.values returning an ndarray that drops timezone",
    ):
        config.addinivalue_line("filterwarnings", line)
    # How fast a machine makes examples is no property of the code.
    hypothesis.settings.register_profile(
        "any machine",
        hypothesis.settings(),
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("any machine")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The processes of pytest-xdist have reported everything by now; the skipped tests come last."""
    if hasattr(config, "workerinput"):
        leave_quietly()


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Commands run in this process set variables and signal handlers: every test gets the old ones back."""
    kept = dict(os.environ)
    for name in [n for n in os.environ if n.startswith("BTASSETS_")]:
        if name not in ("BTASSETS_REAL_BARS",):
            del os.environ[name]
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(scope="session")
def market_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `bars/` (8 tickers of 420 sessions) and `SPY.parquet`; shared, so change nothing in it."""
    from btassets_tests.support.book_factory import write_market

    return write_market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="session")
def finished_book(tmp_path_factory: pytest.TempPathFactory, market_folder: Path) -> Path:
    """A book over `market_folder` after its first run; shared, so change nothing in it."""
    from btassets_tests.support.book_factory import call, make_book

    folder = make_book(tmp_path_factory.mktemp("finished") / "book", market_folder)
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture
def book(tmp_path: Path, finished_book: Path) -> Path:
    """A copy of the finished book that reads the shared market."""
    return Path(shutil.copytree(finished_book, tmp_path / "book", symlinks=True))


@pytest.fixture
def own_market(tmp_path: Path, market_folder: Path) -> Path:
    """A copy of the market, to be changed."""
    return Path(shutil.copytree(market_folder, tmp_path / "market"))


@pytest.fixture
def own_book(tmp_path: Path, finished_book: Path, own_market: Path, market_folder: Path) -> Path:
    """A finished book over `own_market`."""
    from btassets_tests.support.book_factory import call

    folder = Path(shutil.copytree(finished_book, tmp_path / "book", symlinks=True))
    file = folder / "btassets.toml"
    file.write_text(file.read_text().replace(str(market_folder), str(own_market)))
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture(scope="session")
def instance(finished_book: Path) -> Path:
    """A Dagster instance to copy for further books."""
    return finished_book / ".dagster"
