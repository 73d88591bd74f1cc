"""From options to an open book: scenarios of the file, of `--set`, and their names."""

import pytest

from btassets.cli.where import book_of, folder_of, overrides_of
from btassets.errors import BtassetsError, NoBookError, UsageError


@pytest.fixture
def folder(tmp_path):
    text = '[source]\nkind = "demo"\n[scenario.strict.gates]\nmin_rr = 3.0\n[scenario.legacy.gates]\nmin_rr = 4.0\n'
    (tmp_path / "btassets.toml").write_text(text)
    return tmp_path


def test_a_folder_is_the_given_or_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert folder_of(None) == tmp_path
    assert folder_of(tmp_path / "x") == tmp_path / "x"
    with pytest.raises(NoBookError):
        book_of(None)


def test_without_options_it_is_the_base_and_a_scenario_of_the_file_has_its_settings(folder):
    base = book_of(folder)
    assert (base.scenario, base.settings.gates.min_rr) == ("base", 1.5)
    strict = book_of(folder, scenario="strict")
    assert (strict.scenario, strict.settings.gates.min_rr, strict.base.gates.min_rr) == ("strict", 3.0, 1.5)


def test_settings_of_the_command_line_make_a_scenario_on_top(folder):
    made = book_of(folder, overrides={"gates.min_confidence": 60.0})
    again = book_of(folder, overrides={"gates.min_confidence": 60.0})
    other = book_of(folder, overrides={"gates.min_confidence": 61.0})
    assert made.scenario == again.scenario != other.scenario
    assert made.scenario != "base"
    assert (made.settings.gates.min_confidence, made.settings.gates.min_rr) == (60.0, 1.5)
    on_top = book_of(folder, scenario="strict", overrides={"gates.min_confidence": 60.0})
    assert on_top.scenario == f"strict-{made.scenario}"
    assert (on_top.settings.gates.min_confidence, on_top.settings.gates.min_rr) == (60.0, 3.0)
    named = book_of(folder, overrides={"gates.min_confidence": 60.0}, name="sure")
    assert (named.scenario, named.settings.gates.min_confidence) == ("sure", 60.0)


def test_a_setting_of_the_executor_makes_no_scenario(folder):
    assert book_of(folder, overrides={"executor.shards": 3}).scenario == "base"


def test_a_profile_is_not_the_scenario_of_that_name_in_the_file(folder):
    profile = book_of(folder, overrides={"profile": "legacy"})
    assert profile.scenario == "profile-legacy"
    assert (profile.settings.profile, profile.settings.gates.min_rr) == ("legacy", 1.5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "x"}, "--as x: requires --set"),
        ({"name": "base", "overrides": {"gates.min_rr": 2.0}}, "--as base: base is the book's own settings"),
        ({"name": "strict", "overrides": {"gates.min_rr": 2.0}}, "--as strict: btassets.toml already has this"),
        ({"name": "../x", "overrides": {"gates.min_rr": 2.0}}, "--as"),
        ({"scenario": "a b"}, "--scenario"),
    ],
)
def test_a_name_that_cannot_be_given_is_refused(folder, options, said):
    with pytest.raises((UsageError, BtassetsError), match=said) as caught:
        book_of(folder, **options)
    assert caught.value.exit_code == 2


def test_options_become_settings():
    found = overrides_of(["gates.min_rr=2"], profile="legacy", workers=3)
    assert found == {"gates.min_rr": 2, "profile": "legacy", "executor.shards": 3}
    assert overrides_of(["profile=standard"], profile="legacy") == {"profile": "legacy"}
    assert overrides_of() == {}
    with pytest.raises(UsageError, match=r"gates.min_rr is set twice"):
        overrides_of(["gates.min_rr=2", "gates.min_rr=3"])
