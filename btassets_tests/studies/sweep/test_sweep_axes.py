"""Which settings a sweep may vary; the words of the refusals are read in test_sweep.py."""

import pytest

from btassets.book.book import SHARED_SETTINGS
from btassets.errors import UsageError
from btassets.settings.grid import Axis
from btassets.settings.load import KEYS
from btassets.settings.models import BESIDE_THE_NUMBERS, Settings, flatten
from btassets.studies.sweep.sweep_axes import SWEPT, check_axes


def is_swept(key):
    try:
        check_axes([Axis(key, (1,), ("1",))])
    except UsageError:
        return False
    return True


def test_every_setting_of_engine_exits_gates_and_portfolio_can_vary():
    for key in KEYS:
        if key.split(".")[0] in ("engine", "exits", "gates", "portfolio", "costs"):
            assert is_swept(key), key


def test_nothing_shared_and_nothing_beside_the_numbers_can_vary():
    for key in flatten(Settings()):
        if key.startswith((*(f"{part}." for part in BESIDE_THE_NUMBERS), "source.", "demo.", "universe.", "storage.")):
            assert not is_swept(key), key
    assert not set(SWEPT) & set(SHARED_SETTINGS)


@pytest.mark.parametrize("key", ["profile", "benchmark", "report.tickers"])
def test_a_refusal_ends_with_exit_code_2(key):
    with pytest.raises(UsageError) as caught:
        check_axes([Axis(key, (1,), ("1",))])
    assert caught.value.exit_code == 2
