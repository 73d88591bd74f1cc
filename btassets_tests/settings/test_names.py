"""The one rule for names, wherever a name comes from."""

from pathlib import Path

import pytest

from btassets.book.book import open_book, scenario_name
from btassets.book.new_book import DEMO_SETTINGS, make_book
from btassets.errors import BtassetsError, SettingError, UsageError
from btassets.settings.names import MAX_NAME, checked_name, is_name
from btassets_tests.support.book_factory import call

BAD = [
    "", " ", ".", "..", "../x", "a/b", "a\\b", "/etc/x", "[!.]*", "*", "a?", "a b", "a\tb", "a\nb", "-x", "é", "a.b",
    "x" * (MAX_NAME + 1), "$(id)", "a\x00b", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_is_refused_at_every_door(tmp_path: Path, name: str) -> None:
    assert not is_name(name)
    with pytest.raises(UsageError, match="letters, digits"):
        checked_name("--as", name)
    folder = make_book(tmp_path / "book", DEMO_SETTINGS)
    before = sorted(tmp_path.rglob("*"))
    doors = (
        ["run", "--set", "gates.min_rr=2", f"--as={name}"],
        ["run", f"--scenario={name}"],
        ["today", f"--scenario={name}"],
        ["report", f"--scenario={name}"],
        ["export", "trades", "--out", tmp_path / "x.csv", f"--scenario={name}"],
        ["config", f"--scenario={name}"],
        ["sweep", "gates.min_rr=1,2", f"--scenario={name}"],
        ["compare", "--", "base", name],
    )
    for words in doors:
        place = ["--book", folder] if words[0] != "compare" else []
        answer = call(words[0], *place, *words[1:]) if place else call("compare", "--book", folder, *words[1:])
        assert answer.code == 2, (words, answer.err)
        assert "Traceback" not in answer.err
    with pytest.raises(BtassetsError):
        open_book(folder, scenario=name, overrides={"gates.min_rr": 2})
    file = folder / "btassets.toml"
    if name.isprintable() and "\\" not in name:
        file.write_text(file.read_text() + f'\n[scenario."{name}".gates]\nmin_rr = 2.0\n')
        with pytest.raises(SettingError, match="letters, digits"):
            open_book(folder)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["strict", "set-63f9ae47", "A_1", "0", "_x", "x" * MAX_NAME])
def test_a_good_name_is_taken(name: str) -> None:
    assert checked_name("--as", name) == name


def test_base_is_never_a_scenario_of_its_own(tmp_path: Path) -> None:
    folder = make_book(tmp_path / "book", DEMO_SETTINGS)
    answer = call("run", "--book", folder, "--set", "gates.min_rr=2", "--as", "base")
    assert answer.code == 2
    assert "book's own settings" in answer.err
    with pytest.raises(UsageError, match="base"):
        open_book(folder, overrides={"gates.min_rr": 2})
    assert open_book(folder, overrides={"executor.shards": 2}).scenario == "base"
    file = folder / "btassets.toml"
    file.write_text(file.read_text() + "\n[scenario.base.gates]\nmin_rr = 2.0\n")
    with pytest.raises(SettingError, match="own settings"):
        open_book(folder)


def test_a_profile_gives_its_name_to_the_scenario() -> None:
    assert scenario_name({"profile": "legacy"}) == "legacy"
    assert scenario_name({"profile": "legacy", "executor.shards": 3}) == "legacy"
    assert scenario_name({"profile": "legacy", "gates.min_rr": 2}).startswith("set-")
