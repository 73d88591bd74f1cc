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
