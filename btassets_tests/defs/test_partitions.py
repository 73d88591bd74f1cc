"""Tickers of a run: its partition or range, else every ticker of the instance."""

from types import SimpleNamespace

import pytest

from btassets.defs.partitions import targeted


@pytest.mark.parametrize(
    ("has_key", "has_range", "expected"),
    [(True, False, ["B"]), (False, True, ["B"]), (False, False, ["C", "A"])],
)
def test_a_run_without_a_chosen_partition_targets_all(has_key, has_range, expected):
    def known(kind):
        assert kind == "tickers"
        return ["C", "A"]

    context = SimpleNamespace(
        has_partition_key=has_key,
        has_partition_key_range=has_range,
        partition_keys=("B",),
        instance=SimpleNamespace(get_dynamic_partitions=known),
    )
    assert targeted(context) == expected
