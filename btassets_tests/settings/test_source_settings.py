"""Section `source`: a kind is one of the list or module:Class, an option is KEY=VALUE."""

import pytest

from btassets.errors import SettingError
from btassets.settings.load import resolve


def test_a_class_with_options() -> None:
    settings = resolve(overrides={"source.kind": "feeds.daily:Feed", "source.options": ["path=a=b.db"]}).settings
    assert (settings.source.kind, settings.source.options) == ("feeds.daily:Feed", ("path=a=b.db",))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("source.kind", "filez", "must be 'demo', 'files'"),
        ("source.kind", "a b:C", "or module:Class"),
        ("source.options", ["path"], 'has "path"; each must be KEY=VALUE'),
        ("source.options", ["a=1", "a=2"], 'has "a=1"'),
    ],
)
def test_settings_that_name_no_source(key: str, value: object, expected: str) -> None:
    with pytest.raises(SettingError) as error:
        resolve(overrides={key: value})
    assert expected in str(error.value)


def test_a_start_is_fixed_or_moves() -> None:
    assert resolve(overrides={"source.history_days": 1825}).settings.source.history_days == 1825
    with pytest.raises(SettingError) as error:
        resolve(overrides={"source.history_days": 1825, "source.start": "2020-01-01"})
    assert 'start = "2020-01-01" and history_days = 1825' in str(error.value)
    for days in (-1, 36_501):
        with pytest.raises(SettingError):
            resolve(overrides={"source.history_days": days})
