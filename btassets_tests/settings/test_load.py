"""Which place decides a setting, and what a wrong one says."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.errors import SettingError, SettingsFileError, UnknownSettingError, UsageError
from btassets.settings.load import KEYS, parse_assignments, resolve, select, settings_hash
from btassets.settings.models import Settings, flatten
from btassets.settings.profiles import PROFILES

PLACES = ("file", "scenario", "environment", "command line")
"""Places that may set a key, the weakest first; below them the profile, then the default."""

NUMBERS = {
    "gates.min_rr": st.floats(0, 50),
    "gates.min_confidence": st.floats(0, 100),
    "costs.per_side_frac": st.floats(0, 0.1),
    "portfolio.max_positions": st.integers(1, 10_000),
    "engine.gap_days": st.integers(0, 3650),
    "gates.exclude_neutral": st.booleans(),
}
"""Keys of every kind; `engine.gap_days` is one that the profile `legacy` sets."""


def toml(value: object) -> str:
    return json.dumps(value)


@st.composite
def layers(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Values by place and key; every place sets some of the keys, none or all."""
    return {place: {key: draw(values) for key, values in NUMBERS.items() if draw(st.booleans())} for place in PLACES}


@settings(max_examples=60, deadline=None)
@given(layers(), st.sampled_from(["standard", "legacy"]))
def test_the_strongest_place_that_names_a_key_decides(
    tmp_path_factory: pytest.TempPathFactory, given_layers: dict[str, dict[str, Any]], profile: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "btassets.toml"
    lines = [f'profile = "{profile}"']
    lines += [f"{key} = {toml(value)}" for key, value in given_layers["file"].items()]
    lines += ["[scenario.s]", *(f"{key} = {toml(value)}" for key, value in given_layers["scenario"].items())]
    path.write_text("\n".join(lines) + "\n")
    environment = {f"BTASSETS__{k.upper().replace('.', '__')}": toml(v) for k, v in given_layers["environment"].items()}
    found = resolve(path, scenario="s", overrides=given_layers["command line"], environ=environment)
    flat, defaults = flatten(found.settings), flatten(Settings())
    of_profile = {f"{section}.{k}": v for section, values in PROFILES[profile].items() for k, v in values.items()}
    for key in NUMBERS:
        place = next((p for p in reversed(PLACES) if key in given_layers[p]), None)
        if place is not None:
            assert flat[key] == given_layers[place][key], (key, place)
            told = {"file": "btassets.toml:", "scenario": "btassets.toml:"}.get(place, place)
            assert told in found.origin[key]
        elif key in of_profile:
            assert flat[key] == of_profile[key]
            assert found.origin[key] == f"profile {profile}"
        else:
            assert flat[key] == defaults[key]
            assert key not in found.origin


def test_equal_settings_have_one_hash_wherever_they_come_from(tmp_path: Path) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text("[gates]\nmin_rr = 2\n")
    from_file = resolve(path)
    from_words = resolve(overrides=parse_assignments(["gates.min_rr=2.0"]))
    from_environment = resolve(environ={"BTASSETS__GATES__MIN_RR": "2"})
    assert from_file.hash == from_words.hash == from_environment.hash
    assert from_file.hash != resolve().hash
    assert settings_hash(Settings()) == resolve().hash


def test_a_younger_setting_at_its_default_moves_no_stored_hash() -> None:
    # The hash of the defaults before `engine.horizon_days` was a setting.
    assert settings_hash(Settings()) == "1caf47ff6982"
    assert settings_hash(Settings(engine={"horizon_days": 31})) != "1caf47ff6982"


@pytest.mark.parametrize("key", KEYS)
def test_every_key_with_one_letter_wrong_is_refused_with_a_suggestion(key: str) -> None:
    wrong = key[:-1] + ("x" if key[-1] != "x" else "y")
    with pytest.raises(UnknownSettingError) as caught:
        resolve(overrides={wrong: 1})
    text = str(caught.value)
    assert text.startswith(f"{wrong}: no such setting (command line)")
    assert "did you mean" in text
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("key", KEYS)
def test_every_key_refuses_a_table_and_says_key_value_rule_and_place(key: str) -> None:
    with pytest.raises((SettingError, UnknownSettingError)) as caught:
        resolve(overrides={key: {"nested": object()}})
    text = str(caught.value)
    assert text.startswith(key)
    assert "must be" in text
    assert "(command line)" in text


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("gates.min_rr", "two", 'gates.min_rr = "two": must be a number >= 0 (command line)'),
        ("gates.min_rr", -1, "gates.min_rr = -1: must be a number >= 0"),
        ("gates.min_rr", float("inf"), "must be a number >= 0"),
        ("gates.min_ev", float("nan"), "gates.min_ev = nan: must be a number"),
        ("engine.tilt_const", float("nan"), "must be a number"),
        ("gates.min_confidence", 101, "must be a number >= 0 and <= 100"),
        ("portfolio.max_positions", 2.5, "must be a whole number"),
        ("gates.exclude_neutral", "perhaps", "must be true or false"),
        ("profile", "honst", "must be 'standard' or 'legacy'"),
        ("exits.hold_days", [10, 5], "ascending order"),
        ("exits.hold_days", [], "one or more"),
        ("universe.tickers", "AAPL", "must be a list"),
        ("calendar", 5, "must be text"),
    ],
)
def test_a_wrong_value_says_its_rule(key: str, value: object, rule: str) -> None:
    with pytest.raises(SettingError) as caught:
        resolve(overrides={key: value})
    assert rule in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_environment_is_named_in_its_message() -> None:
    with pytest.raises(SettingError, match="environment BTASSETS__GATES__MIN_RR"):
        resolve(environ={"BTASSETS__GATES__MIN_RR": "two"})
    with pytest.raises(UnknownSettingError, match="environment BTASSETS__GATES__MIN_R"):
        resolve(environ={"BTASSETS__GATES__MIN_R": "2"})
    assert resolve(environ={"BTASSETS_BOOK": "/x", "HOME": "/y"}).origin == {}


def test_the_file_and_its_line_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mybook" / "btassets.toml"
    path.parent.mkdir()
    path.write_text('# a book\nprofile = "standard"\n\n[gates]  # floors\n# a remark\nmin_rr = "two"\n')
    with pytest.raises(SettingError) as caught:
        resolve(path)
    assert str(caught.value) == 'gates.min_rr = "two": must be a number >= 0 (mybook/btassets.toml:6)'
    path.write_text("[scenario.strict.gates]\nmin_rr = -3\n")
    assert resolve(path).scenarios == ("strict",)
    with pytest.raises(SettingError, match=r"mybook/btassets.toml:2"):
        resolve(path, scenario="strict")


def test_an_empty_section_with_a_typo_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text("[gatez]\n")
    with pytest.raises(UnknownSettingError, match="gatez"):
        resolve(path)
    path.write_text("[gates]\n[source.columns]\n[scenario.empty]\n")
    assert resolve(path).settings == Settings()
    assert resolve(path, scenario="empty").settings == Settings()


def test_a_scenario_that_nobody_declared_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text("[scenario.strict]\n")
    with pytest.raises(UsageError, match=r"scenario strikt.*did you mean strict"):
        resolve(path, scenario="strikt")


@pytest.mark.parametrize("text", ["[gates", "a = ", "min_rr == 2", "\x00"])
def test_a_file_that_is_no_toml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "btassets.toml"
    path.write_text(text)
    with pytest.raises(SettingsFileError) as caught:
        resolve(path)
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value)


def test_words_of_the_command_line() -> None:
    words = [
        "gates.min_rr=2",
        "gates.exclude_neutral=false",
        "calendar=XLON",
        'benchmark="none"',
        "exits.hold_days=[5, 10]",
    ]
    assert parse_assignments(words) == {
        "gates.min_rr": 2,
        "gates.exclude_neutral": False,
        "calendar": "XLON",
        "benchmark": "none",
        "exits.hold_days": [5, 10],
    }
    assert parse_assignments(["a=b=c"]) == {"a": "b=c"}
    for word in ("gates.min_rr", "=2", " =2"):
        with pytest.raises(UsageError):
            parse_assignments([word])


def test_select_takes_whole_sections_and_single_keys() -> None:
    assert set(select(Settings(), ("costs",))) == {"costs.per_side_frac", "costs.delisting_return"}
    assert select(Settings(), ("cost",)) == {}
    assert set(select(Settings(), ("benchmark", "basis"))) == {"benchmark", "basis"}


def test_the_default_settings_are_honest_and_the_seed_differs_only_in_its_profile() -> None:
    assert resolve().settings == Settings()
    seed = flatten(resolve(overrides={"profile": "legacy"}).settings)
    differs = {key for key, value in flatten(Settings()).items() if seed[key] != value}
    assert differs == {"profile", *(f"{s}.{k}" for s, values in PROFILES["legacy"].items() for k in values)}
