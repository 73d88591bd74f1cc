"""Floors on signals as settings: one spelling, refusals, the values of a gate, and no change by default."""

import re

import pytest

from btassets.errors import SettingError
from btassets.settings.load import hashed, settings_hash, with_values
from btassets.settings.models import Gates, Settings, flatten
from btassets.settings.signal_floors import floor_signals, floor_values


def test_floors_have_one_spelling_and_join_the_values_of_the_gate() -> None:
    gates = Gates(ranking="idea", floors=("vol_6m<=80.0", " idea >=  20", "vol_6m >= 0.5"))
    assert gates.floors == ("vol_6m <= 80", "idea >= 20", "vol_6m >= 0.5")
    assert gates.signals == ("idea", "vol_6m")
    own = {"vol_6m_at_most": 80.0, "idea_at_least": 20.0, "vol_6m_at_least": 0.5}
    assert gates.values() == Gates().values() | own
    assert gates.named() == gates.values() | {"ranking": "idea"}
    assert floor_signals(gates.floors) == ("vol_6m", "idea")
    assert floor_values(()) == {}


@pytest.mark.parametrize(
    ("floors", "rule"),
    [
        (["vol_6m > 80"], "has 'vol_6m > 80'; a floor is a signal, >= or <=, and a percentile"),
        (["vol_6m >= 101"], "has 'vol_6m >= 101'"),
        (["Vol >= 10"], "has 'Vol >= 10'"),
        (["vol_6m >= -1"], "has 'vol_6m >= -1'"),
        ([{"signal": "vol_6m"}], "has {'signal': 'vol_6m'}"),
        (["vol_6m >= 101"], "has 'vol_6m >= 101'; a percentile is between 0 and 100"),
        (["vol_6m <= -1"], "has 'vol_6m <= -1'; a percentile is between 0 and 100"),
        (["vol_6m >= 80", "vol_6m <= 20"], "has 'vol_6m >= 80' and 'vol_6m <= 20', which no ticker passes"),
        (["vol_6m <= 20.5", "high_52w >= 1", "vol_6m >= 21"], "which no ticker passes"),
        (["vol_6m >= 10", "vol_6m>=20"], "has two floors on vol_6m with >=; keep the stricter one"),
        ("vol_6m >= 10", "must be a list"),
    ],
)
def test_another_notation_is_refused_with_the_entry(floors: object, rule: str) -> None:
    with pytest.raises(SettingError, match=re.escape(rule)) as caught:
        with_values(Settings(), {"gates.floors": floors}, "here")
    assert str(caught.value).startswith("gates.floors = ")
    assert caught.value.exit_code == 2


def test_off_is_none_in_a_sweep() -> None:
    assert Gates(floors=("off",)).floors == ()
    assert flatten(with_values(Settings(), {"gates.floors": [None]}, "here"))["gates.floors"] == ()


def test_books_of_before_keep_their_hashes() -> None:
    assert "gates.ranking" not in hashed({"gates.ranking": "residual_momentum", "gates.floors": []})
    assert settings_hash(Settings()) == settings_hash(Settings(gates=Gates(ranking="residual_momentum", floors=())))
    assert settings_hash(Settings()) != settings_hash(Settings(gates=Gates(floors=("vol_6m >= 1",))))
