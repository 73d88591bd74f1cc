"""The settings file that `init` writes explains every setting and contains the given values."""

import tomllib
from pathlib import Path

import pytest

from btassets.book.new_book import DEMO_SETTINGS, make_book, make_demo_book, settings_text
from btassets.errors import CannotWriteError, UsageError
from btassets.settings.load import KEYS, resolve
from btassets.settings.models import Settings, flatten


def test_a_book_without_wishes_has_the_default_settings(tmp_path: Path) -> None:
    folder = make_book(tmp_path / "book", {})
    found = resolve(folder / "btassets.toml")
    assert found.settings == Settings()
    assert found.origin == {}


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_stands_in_the_file_and_can_be_set_by_it(tmp_path: Path, key: str) -> None:
    default = flatten(Settings())[key]
    if default is None:
        value: object = 1.5 if key == "gates.min_ev" else "other"
    else:
        value = list(default) if isinstance(default, tuple) else default
    path = tmp_path / "btassets.toml"
    path.write_text(settings_text({key: value}))
    found = resolve(path)
    shown = flatten(found.settings)[key]
    assert (list(shown) if isinstance(shown, tuple) else shown) == value
    assert set(found.origin) == {key}
    assert "btassets.toml:" in found.origin[key]


def test_uncommenting_everything_changes_nothing() -> None:
    """What a commented line shows is the default, and it is valid where it stands."""
    lines = []
    for line in settings_text({}).split("# [scenario.")[0].splitlines():
        bare = line.removeprefix("# ")
        is_setting = line.startswith("# ") and " = " in bare and bare.split(" = ")[0].isidentifier()
        lines.append(bare if is_setting else line)
    tree = tomllib.loads("\n".join(lines))
    assert Settings.model_validate(tree) == Settings()
    set_keys = set(flatten(Settings.model_validate(tree))) - {"gates.min_ev"}
    assert set_keys <= set(KEYS)


def test_text_with_quotes_and_backslashes_survives(tmp_path: Path) -> None:
    path = tmp_path / "btassets.toml"
    odd = 'C:\\bars\\"new" \u00e4'
    path.write_text(settings_text({"source.path": odd}), encoding="utf-8")
    assert resolve(path).settings.source.path == odd


def test_a_book_is_made_once(tmp_path: Path) -> None:
    make_book(tmp_path / "book", {})
    with pytest.raises(UsageError):
        make_book(tmp_path / "book", {})
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWriteError):
        make_book(tmp_path / "file" / "book", {})


def test_the_demo_book_is_made_only_where_there_is_none(tmp_path: Path) -> None:
    folder = make_demo_book(tmp_path / "demo")
    settings = resolve(folder / "btassets.toml").settings
    assert (settings.source.kind, settings.benchmark) == ("demo", DEMO_SETTINGS["benchmark"])
    (folder / "btassets.toml").write_text("# mine\n")
    make_demo_book(folder)
    assert (folder / "btassets.toml").read_text() == "# mine\n"
