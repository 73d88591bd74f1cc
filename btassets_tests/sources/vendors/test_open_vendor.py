"""Settings open the vendor that they name, with its key from the environment and nowhere else."""

import pytest

from btassets.errors import CredentialsError
from btassets.settings.models import Settings
from btassets.sources.vendors.open_vendor import environment_key, open_vendor

KEYS = {
    "alpaca": {"APCA_API_KEY_ID": "known-id", "APCA_API_SECRET_KEY": "known-secret"},
    "tiingo": {"TIINGO_API_KEY": "known-token"},
    "massive": {"MASSIVE_API_KEY": "known-token"},
    "yahoo": {},
}


def settings_of(kind: str) -> Settings:
    return Settings.model_validate(
        {"source": {"kind": kind, "start": "2024-01-02", "end": "2024-03-01"}, "calendar": "data"}
    )


@pytest.mark.parametrize("kind", KEYS)
def test_each_kind_opens_its_own_source(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS[kind].items():
        monkeypatch.setenv(name, value)
    source = open_vendor(settings_of(kind), ["AAPL"], None)
    assert type(source).__name__.lower() == f"{kind}source"


@pytest.mark.parametrize("kind", [kind for kind in KEYS if KEYS[kind]])
def test_a_missing_key_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLYGON_API_KEY", *KEYS[kind]):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CredentialsError, match=f"{next(iter(KEYS[kind]))} is not set"):
        open_vendor(settings_of(kind), ["AAPL"], None)


@pytest.mark.parametrize("value", ["two words", "schl\u00fcssel", "tab\tbed"])
def test_a_key_that_no_vendor_gives_is_refused_without_being_shown(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(CredentialsError) as refusal:
        environment_key("some", "UNSET_KEY", "SOME_KEY")
    assert value not in str(refusal.value)
    assert "SOME_KEY" in str(refusal.value)
