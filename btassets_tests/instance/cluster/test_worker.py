"""A worker's application: its task is guarded, and it states its facts. Whole runs are in `test_cluster_runs.py`."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("dagster_celery", reason="dagster-celery is not installed: pip install btassets[cluster]")

from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.errors import OrphanStepError
from btassets.instance.cluster import worker
from btassets.instance.cluster.worker import FACTS, make_worker_app
from btassets.storage.host_lock import POSTGRES_URL

ASKED = SimpleNamespace(run_id="1a2b3c4d", step_keys_to_execute=["analyse"])


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    monkeypatch.setenv("BTASSETS_BROKER_URL", "memory://")
    monkeypatch.setenv(POSTGRES_URL, "postgresql+psycopg2://me@127.0.0.1:1/book")
    make_book(tmp_path / "book", {"source.kind": "demo", "executor.kind": "celery", "executor.shards": 4})
    return open_book(tmp_path / "book")


def test_a_step_is_executed_only_under_its_guard(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    @contextmanager
    def refusing(*words: object):
        seen.append(words)
        raise OrphanStepError("analyse", "1a2b3c4d", "nobody holds it")
        yield

    monkeypatch.setattr(worker, "guarded", refusing)
    monkeypatch.setattr(worker, "unpack_value", lambda packed, as_type: ASKED)
    task = make_worker_app(book).tasks["execute_plan"]
    with pytest.raises(OrphanStepError):
        task(execute_step_args_packed={}, executable_dict={})
    assert seen == [("postgresql+psycopg2://me@127.0.0.1:1/book", "1a2b3c4d", "analyse")]


def test_a_worker_states_its_facts_and_slots(book: Book) -> None:
    from celery.worker.control import Panel

    make_worker_app(book)
    state = SimpleNamespace(consumer=SimpleNamespace(pool=SimpleNamespace(limit=3)))
    found = Panel.data[FACTS](state, token="ab12")
    assert (found["slots"], found["folder"], found["settings"]) == (3, str(book.folder), book.resolved.hash)
