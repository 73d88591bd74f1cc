"""Settings of Celery: addresses from the environment, and what is refused."""

import pytest

pytest.importorskip("dagster_celery", reason="dagster-celery is not installed: pip install btassets[cluster]")

from btassets.errors import UsageError
from btassets.instance.cluster import celery_options
from btassets.instance.cluster.celery_options import OPTIONS, app_arguments, require_extra
from btassets.settings.executor_settings import Executor
from btassets.storage.host_lock import POSTGRES_URL

SETTINGS = Executor(kind="celery", shards=8)


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BTASSETS_BROKER_URL", "amqp://me@broker//")
    monkeypatch.setenv(POSTGRES_URL, "postgresql+psycopg2://me@db/book")
    monkeypatch.delenv("BTASSETS_RESULT_URL", raising=False)


def test_results_go_to_the_database_of_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = app_arguments(SETTINGS)
    assert (arguments["broker"], arguments["backend"]) == ("amqp://me@broker//", "db+postgresql+psycopg2://me@db/book")
    monkeypatch.setenv("BTASSETS_RESULT_URL", "redis://cache/1")
    assert app_arguments(SETTINGS)["backend"] == "redis://cache/1"


def test_an_address_may_have_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_BROKER", "amqp://desk//")
    assert app_arguments(SETTINGS.model_copy(update={"broker": "DESK_BROKER"}))["broker"] == "amqp://desk//"


def test_the_application_has_every_option() -> None:
    from dagster_celery.make_app import make_app

    app = make_app(app_arguments(SETTINGS))
    assert {name: getattr(app.conf, name) for name in OPTIONS} == OPTIONS


@pytest.mark.parametrize("variable", ["BTASSETS_BROKER_URL", POSTGRES_URL])
def test_a_missing_address_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(UsageError, match=f"{variable} .*is not set.*export {variable}=.*on every host"):
        app_arguments(SETTINGS)


def test_results_by_rpc_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BTASSETS_RESULT_URL", "rpc://")
    with pytest.raises(UsageError, match="a restart of the broker loses every result"):
        app_arguments(SETTINGS)


def test_shards_by_the_cores_of_a_host_are_refused() -> None:
    with pytest.raises(UsageError, match=r"set executor\.shards to about 4 times the slots"):
        app_arguments(Executor(kind="multiprocess"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery_options.importlib.util, "find_spec", lambda name: None if name == "celery" else name)
    with pytest.raises(UsageError, match=r'needs celery, not installed here; pip install "btassets\[cluster\]"'):
        require_extra()
