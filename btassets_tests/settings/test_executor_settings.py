"""Settings of the execution: what a cluster refuses."""

import pytest

from btassets.settings.executor_settings import Executor
from btassets.settings.load import settings_hash
from btassets.settings.models import Settings


def test_a_cluster_needs_a_fixed_number_of_shards() -> None:
    with pytest.raises(ValueError, match=r"executor\.shards above 0, about 4 times the slots"):
        Executor(kind="celery")
    assert Executor(kind="celery", shards=12).kind == "celery"
    assert Executor(kind="multiprocess").shards == 0


@pytest.mark.parametrize("name", ["amqp://me:hush-hush@host//", "", "1ST", "A B"])
@pytest.mark.parametrize("key", ["broker", "backend"])
def test_an_address_is_named_and_not_written(key: str, name: str) -> None:
    with pytest.raises(ValueError, match=key):
        Executor.model_validate({key: name})


def test_the_names_alone_leave_the_hash_of_earlier_books() -> None:
    other = Settings.model_validate({"executor": {"broker": "MY_BROKER"}})
    assert settings_hash(other) != settings_hash(Settings())
    assert "BTASSETS_BROKER_URL" not in Settings().model_dump_json(exclude_defaults=True)
    # As computed before the names of a broker were settings.
    assert settings_hash(Settings()) == BEFORE


BEFORE = "1caf47ff6982"
