"""An open book: scenarios, the folder of its replay, and what is refused before anything is read."""

import pyarrow as pa
import pytest

from btassets.book.book import open_book, own_overrides, scenario_name
from btassets.errors import NoBookError, SettingError, SettingsFileError, UsageError
from btassets.storage.lake import Lake

TOML = '[source]\nkind = "demo"\n[storage]\nbuckets = 4\n[scenario.strict.gates]\nmin_rr = 3.0\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "btassets.toml").write_text(TOML)
    return tmp_path


def opened(folder, scenario="base", overrides=None, environ=None, **more):
    return open_book(folder, scenario=scenario, overrides=overrides, environ=environ or {}, **more)


def test_a_scenario_with_the_bases_replay_settings_shares_its_replay(folder):
    base, strict = opened(folder), opened(folder, "strict")
    wide = opened(folder, "wide", {"engine.atr_stop_multiple": 2.0})
    again = opened(folder, "other", {"engine.atr_stop_multiple": 2.0, "gates.min_rr": 2.0})
    assert (base.replay, strict.replay) == ("base", "base")
    assert wide.replay == again.replay != "base"
    assert wide.candidates == f"candidates/{wide.replay}"
    assert wide.signals == f"signals/{wide.replay}"
    assert strict.settings.gates.min_rr == 3.0
    assert strict.in_base().settings.gates.min_rr == strict.base.gates.min_rr == 1.5


def test_only_holds_that_the_replay_lacks_make_a_replay(folder):
    def replay(**overrides):
        return opened(folder, "held", {key.replace("__", "."): value for key, value in overrides.items()}).replay

    assert replay(exits__hold_days=[10]) == replay(exits__hold_days=[5, 30], gates__min_rr=2.0) == "base"
    longer = replay(exits__hold_days=[3, 45])
    assert longer == replay(exits__hold_days=[3, 45], gates__min_rr=2.0) != "base"
    sixty = replay(engine__horizon_days=60)
    others = {longer, replay(exits__hold_days=[45]), sixty, replay(engine__horizon_days=60, exits__hold_days=[3, 45])}
    assert len(others) == 4
    assert replay(engine__horizon_days=60, exits__hold_days=[10]) == sixty
    assert replay(engine__horizon_days=30) == "base"


def test_a_setting_added_later_leaves_the_folders_of_older_replays(folder):
    # The folder of this setting before `engine.horizon_days` was one.
    assert opened(folder, "wide", {"engine.atr_stop_multiple": 2.0}).replay == "replay-a6668673"


def test_the_base_keeps_the_executor_of_the_command_line_and_nothing_else(folder):
    book = opened(folder, "mine", {"gates.min_rr": 2.0, "executor.shards": 3})
    assert own_overrides(book) == {"gates.min_rr": 2.0}
    base = book.in_base()
    assert (base.scenario, base.overrides) == ("base", {"executor.shards": 3})
    assert opened(folder, overrides={"executor.shards": 3}).settings.executor.shards == 3
    with pytest.raises(UsageError, match="scenario base: combined with settings"):
        opened(folder, overrides={"gates.min_rr": 2.0})


def test_names_of_made_scenarios_follow_their_settings_and_not_the_executor():
    one = scenario_name({"gates.min_rr": 2.0, "executor.shards": 9})
    assert one == scenario_name({"gates.min_rr": 2.0}) != scenario_name({"gates.min_rr": 2.5})
    assert one.startswith("set-")
    assert scenario_name({"schedule.time": "10:00"}) == "base"
    assert scenario_name({"profile": "legacy", "gates.min_rr": 2.0}).startswith("set-")


def test_a_scenario_made_before_is_opened_by_its_name(folder):
    made = {"made": {"overlay": "strict", "overrides": {"gates.min_confidence": 66.0}}}
    Lake(folder / "data", 4).write("backtest_report", pa.table({"folder": ["x"]}), "h", "mine", made)
    book = opened(folder, "mine")
    assert (book.settings.gates.min_confidence, book.settings.gates.min_rr) == (66.0, 3.0)
    with pytest.raises(UsageError):
        opened(folder, "never_made")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "source.kind is not set"),
        ("[gates]\nmin_rr = 2\n", "source.kind is not set"),
        ("x = [", "settings must be TOML"),
    ],
)
def test_an_empty_or_cut_file_is_refused(tmp_path, text, said):
    (tmp_path / "btassets.toml").write_text(text)
    with pytest.raises(SettingsFileError, match=said):
        opened(tmp_path)


def test_no_file_is_no_book(tmp_path):
    with pytest.raises(NoBookError, match="init"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"), [("universe.exclude", ["A"]), ("storage.buckets", 8), ("demo.seed", 3), ("source.basis", "raw")]
)
def test_a_scenario_cannot_differ_in_what_belongs_to_the_book(folder, key, value):
    with pytest.raises(SettingError, match="cannot differ by scenario") as caught:
        opened(folder, "mine", {key: value})
    assert caught.value.key == key


def test_another_number_of_buckets_is_refused_once_bars_are_stored(folder):
    Lake(folder / "data", 4).write_bucket("ohlcv_history", 0, pa.table({"ticker": ["A"]}), {"A": {"n_rows": 1}})
    opened(folder)
    with pytest.raises(SettingError, match="are in 4; set it back") as caught:
        opened(folder, environ={"BTASSETS__STORAGE__BUCKETS": "8"})
    assert "BTASSETS__STORAGE__BUCKETS" in str(caught.value)


def test_the_environment_is_part_of_the_base(folder):
    book = opened(folder, environ={"BTASSETS__GATES__MIN_CONFIDENCE": "61"})
    assert book.base.gates.min_confidence == 61.0
    assert "BTASSETS__GATES__MIN_CONFIDENCE" in book.base_origin["gates.min_confidence"]
