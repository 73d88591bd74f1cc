"""A worker executes a step only of the run that holds the book's lock, and not again and again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.errors import BookBusyError, OrphanStepError, ServiceError, StepKilledError
from btassets.instance.cluster.step_guard import count_delivery, guarded, run_label
from btassets.storage.host_lock import POSTGRES_URL, STEPS, holders_of
from btassets.storage.lock import book_lock
from btassets_tests.support.cluster_services import Postgres, lacks_postgres

MINE, OTHER = "1a2b3c4d-0000", "99999999-0000"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    reason = lacks_postgres()
    if reason:
        pytest.skip(reason)
    made = Postgres("127.0.0.1")
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def url(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(POSTGRES_URL, server.url())
    return server.url()


@pytest.mark.postgres
def test_a_step_of_the_run_is_executed_and_seen(url: str, tmp_path: Path) -> None:
    with book_lock(tmp_path, run_label(MINE, "everything")), guarded(url, MINE, "replay_shard_1_of_8"):
        assert holders_of(url, STEPS)[0].startswith("step replay_shard_1_of_8 of run 1a2b3c4d"[:30])
    assert holders_of(url, STEPS) == []


@pytest.mark.postgres
def test_a_step_of_a_dead_run_is_dropped(url: str, tmp_path: Path) -> None:
    for label in (run_label(OTHER, "everything"), "prune"):
        said = f"step analyse of run 1a2b3c4d: the run does not hold the book's lock .{label}, process"
        with book_lock(tmp_path, label), pytest.raises(OrphanStepError, match=said), guarded(url, MINE, "analyse"):
            pytest.fail("executed")
    with pytest.raises(OrphanStepError, match="nobody holds it"), guarded(url, MINE, "analyse", patience=0.0):
        pytest.fail("executed")
    assert holders_of(url, STEPS) == []


@pytest.mark.postgres
def test_the_next_run_waits_for_the_step(url: str, tmp_path: Path) -> None:
    with book_lock(tmp_path / "a", run_label(MINE, "everything")):
        step = guarded(url, MINE, "analyse")
        step.__enter__()
    with pytest.raises(BookBusyError, match="step analyse of run 1a2b3c4d"), book_lock(tmp_path / "b", "x", wait=False):
        pass
    step.__exit__(None, None, None)
    with book_lock(tmp_path / "b", "x", wait=False):
        pass


def test_no_database_is_an_error_in_the_end() -> None:
    with pytest.raises(ServiceError), guarded("postgresql://127.0.0.1:1/none", MINE, "analyse", patience=0.0):
        pytest.fail("executed")


class Kept:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get_cursor_values(self, keys: set[str]) -> dict[str, str]:
        return {key: self.values[key] for key in keys if key in self.values}

    def set_cursor_values(self, pairs: dict[str, str]) -> None:
        self.values |= pairs


def test_a_step_that_kills_its_workers_ends() -> None:
    kept = Kept()
    assert [count_delivery(kept, MINE, "analyse", most=3) for _ in range(2)] == [1, 2]
    assert count_delivery(kept, OTHER, "analyse", most=3) == 1
    with pytest.raises(StepKilledError, match="its worker was lost 3 times, most often for want of memory") as caught:
        count_delivery(kept, MINE, "analyse", most=3)
    assert caught.value.exit_code == 7
