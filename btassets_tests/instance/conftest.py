"""The instance that the tests of the event log start from.

Belongs here: fixtures of more than one file of this folder.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from btassets.instance.event_log import EVENT_BATCH_SIZE_VARIABLE
from btassets_tests.support.event_log_cases import N_BATCH, TICKERS, open_instance


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches smaller than the number of partitions, so that a run has full and partial ones."""
    monkeypatch.setenv(EVENT_BATCH_SIZE_VARIABLE, str(N_BATCH))


@pytest.fixture
def instance(tmp_path: Path, batches: None) -> Iterator[dg.DagsterInstance]:
    """Empty instance with the batched event log and the tickers."""
    del batches
    with open_instance(tmp_path / "home", batched=True) as opened:
        opened.add_dynamic_partitions("tickers", TICKERS)
        yield opened
