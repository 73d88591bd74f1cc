"""`btassets cluster`: what is refused before anything starts, and the exit code of the check."""

from pathlib import Path

import pytest

from btassets.book.new_book import make_book
from btassets.storage.host_lock import POSTGRES_URL
from btassets_tests.support.book_factory import call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BTASSETS_BROKER_URL", "BTASSETS_RESULT_URL", POSTGRES_URL):
        monkeypatch.delenv(name, raising=False)
    make_book(tmp_path / "book", {"source.kind": "demo", "executor.kind": "celery", "executor.shards": 4})
    return tmp_path / "book"


@pytest.mark.parametrize("action", ["worker", "check"])
def test_a_book_of_one_host_has_no_cluster(action: str, tmp_path: Path) -> None:
    make_book(tmp_path / "book", {"source.kind": "demo"})
    done = call("cluster", action, "--book", tmp_path / "book")
    assert done.code == 2
    assert 'executor.kind is "auto"; a cluster needs kind = "celery" and shards = N' in done.err


def test_a_settings_file_without_shards_is_refused(tmp_path: Path) -> None:
    make_book(tmp_path / "book", {"source.kind": "demo"})
    done = call("run", "--book", tmp_path / "book", "--set", "executor.kind=celery")
    assert (done.code, "executor.shards above 0, about 4 times the slots" in done.err) == (2, True)


@pytest.mark.parametrize("words", [("cluster", "worker"), ("cluster", "check"), ("run",)])
def test_a_missing_address_is_named(words: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery", reason="dagster-celery is not installed: pip install btassets[cluster]")
    done = call(*words, "--book", folder)
    assert (done.code, "BTASSETS_BROKER_URL (executor.broker) is not set" in done.err) == (2, True)
    monkeypatch.setenv("BTASSETS_BROKER_URL", "memory://")
    done = call(*words, "--book", folder)
    assert (done.code, f"{POSTGRES_URL} is not set" in done.err) == (2, True)


def test_an_unknown_queue_is_named(folder: Path) -> None:
    done = call("cluster", "worker", "--book", folder, "--queues", "steps,memmory")
    assert (done.code, "there is no queue memmory; choose among steps, memory" in done.err) == (2, True)


def test_services_that_do_not_answer_are_problems(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery", reason="dagster-celery is not installed: pip install btassets[cluster]")
    monkeypatch.setenv("BTASSETS_BROKER_URL", "amqp://me:hush-hush@127.0.0.1:1//")
    monkeypatch.setenv(POSTGRES_URL, "postgresql+psycopg2://me:hush-hush@127.0.0.1:1/book")
    done = call("cluster", "check", "--book", folder, "--seconds", 1)
    assert done.code == 7
    assert "PROBLEM broker: 127.0.0.1:1// does not answer" in done.out
    assert "start RabbitMQ" in done.out
    assert "PROBLEM database: PostgreSQL does not answer" in done.out
    assert "PROBLEM results: 127.0.0.1:1/book does not answer" in done.out
    assert "hush" not in done.out
