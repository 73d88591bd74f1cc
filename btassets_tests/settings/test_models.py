"""The models of the settings: bounds at their exact edge, refusals, and dotted keys."""

import pytest
from pydantic import ValidationError

from btassets.settings.models import Settings, flatten


@pytest.mark.parametrize(
    ("section", "field", "inside", "outside"),
    [
        ("gates", "min_confidence", (0.0, 100.0), (-0.001, 100.001)),
        ("gates", "min_rr", (0.0,), (-1e-9, float("inf"))),
        ("costs", "per_side_frac", (0.0, 0.1), (-1e-9, 0.1001)),
        ("costs", "delisting_return", (-1.0, 1.0), (-1.01, 1.01)),
        ("portfolio", "risk_frac", (1e-9, 1.0), (0.0, 1.01)),
        ("portfolio", "max_positions", (1, 10_000), (0, 10_001)),
        ("portfolio", "starting_capital", (0.01,), (0.0, float("inf"))),
        ("demo", "years", (0.26, 60.0), (0.25, 60.1)),
        ("demo", "seed", (0, 2**63 - 1), (-1, 2**63)),
        ("engine", "gap_days", (0, 3650), (-1, 3651)),
        ("engine", "horizon_days", (1, 60, 120), (0, 121, True, 30.5, "30")),
        ("storage", "buckets", (1, 4096), (0, 4097)),
        ("schedule", "time", ("00:00", "23:59"), ("24:00", "9:30", "12:60", "12:00:00", "")),
        ("schedule", "webhook", ("", "http://x", "https://x/y?z=1"), ("ftp://x", "http://", "http://a b", "x")),
        (
            "exits",
            "hold_days",
            ((5,), (1, 120), (3, 7, 45, 90)),
            ((), (10, 5), (5, 5), (121,), (0,), (5.5,), (True,), "5"),
        ),
    ],
)
def test_the_edge_of_a_bound_is_taken_and_the_next_value_refused(section, field, inside, outside):
    for value in inside:
        settings = Settings.model_validate({section: {field: value}})
        assert getattr(getattr(settings, section), field) == value
    for value in outside:
        with pytest.raises(ValidationError):
            Settings.model_validate({section: {field: value}})


def test_unknown_keys_and_not_a_number_are_refused():
    for wrong in ({"gate": {}}, {"gates": {"min_r": 1.0}}, {"gates": {"min_ev": float("nan")}}):
        with pytest.raises(ValidationError):
            Settings.model_validate(wrong)


def test_settings_and_their_sections_do_not_change():
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.profile = "legacy"
    with pytest.raises(ValidationError):
        settings.gates.min_rr = 2.0


def test_flat_keys_name_each_value_once_and_lead_back_to_the_settings():
    settings = Settings.model_validate(
        {
            "profile": "legacy",
            "source": {"columns": {"ticker": "sym"}},
            "quality": {"overrides": [{"ticker": "T", "rule": "Q7", "reason": "news"}]},
        }
    )
    flat = flatten(settings)
    assert flat["profile"] == "legacy"
    assert flat["source.columns.ticker"] == "sym"
    assert flat["quality.overrides"] == ({"ticker": "T", "rule": "Q7", "reason": "news"},)
    assert "source.columns" not in flat
    assert "quality" not in flat
    nested: dict = {}
    for key, value in flat.items():
        place = nested
        *parents, leaf = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = value
    assert Settings.model_validate(nested) == settings


def test_flat_keys_keep_the_order_of_the_models():
    keys = list(flatten(Settings()))
    assert keys[0] == "profile"
    assert keys.index("source.kind") < keys.index("source.columns.date") < keys.index("demo.preset")
    assert flatten(Settings().gates, "x.")["x.min_rr"] == Settings().gates.min_rr
