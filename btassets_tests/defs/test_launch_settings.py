"""Settings of the launchpad are the book's settings."""

import pytest

from btassets.defs.launch_settings import changed_settings, scenario_config
from btassets.settings.models import Settings, flatten


def test_launch_settings_are_the_settings() -> None:
    own = Settings.model_validate({"gates": {"min_rr": 1.75}})
    config = scenario_config(own)
    assert changed_settings(config(), own) == {}
    asked = config.model_validate({"gates": {"min_rr": 2.0}, "exits": {"hold_days": [5, 10]}})
    assert changed_settings(asked, own) == {"gates.min_rr": 2.0, "exits.hold_days": [5, 10]}
    shown = set(flatten(config())) - {"name", "promote"}
    assert shown == {key for key in flatten(own) if key == "profile" or key.split(".")[0] in type(asked).model_fields}
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        config.model_validate({"gates": {"min_rr": -1.0}})
    for name, field in config.model_fields["gates"].annotation.model_fields.items():
        assert field.description, name
    assert "at most 100" in config.model_fields["gates"].annotation.model_fields["min_confidence"].description
