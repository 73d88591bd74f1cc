"""The calendar library answers for exchanges that it knows, and every other code is a wrong setting."""

import pytest

from btassets.errors import SettingError
from btassets.sources.calendar.exchange_library import calendar_type


def test_a_known_exchange_has_its_sessions() -> None:
    days = calendar_type("XNYS")(start="2024-07-01", end="2024-07-08").sessions
    assert [day.date().isoformat() for day in days] == [
        *("2024-07-01", "2024-07-02", "2024-07-03"),
        *("2024-07-05", "2024-07-08"),
    ]


@pytest.mark.parametrize("code", ["XXXX", "", "new york"])
def test_an_unknown_exchange_is_a_wrong_setting(code: str) -> None:
    with pytest.raises(SettingError, match="an exchange code that exchange_calendars knows"):
        calendar_type(code)
