"""Sections of the account and of alerts: complete rules, no secret in the file, no effect on numbers."""

import pytest

from btassets.errors import SettingError
from btassets.settings.load import resolve, settings_hash
from btassets.settings.models import Settings

JSON = {"name": "a", "form": "json", "url": "http://localhost:1/x"}


def read(tmp_path, text):
    path = tmp_path / "btassets.toml"
    path.write_text(text)
    return resolve(path).settings


def test_rules_are_tables(tmp_path):
    found = read(
        tmp_path, '[[alerts]]\nname = "a"\nform = "slack"\nsecret_env = "SLACK_URL"\nfacts = ["exit"]\n'
    ).alerts
    assert [(rule.name, rule.form, rule.facts, rule.secret_env) for rule in found] == [
        ("a", "slack", ("exit",), "SLACK_URL")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "a"\nform = "slack"', "a: the form slack needs secret_env"),
        ('name = "a"\nform = "json"', "needs secret_env or url"),
        ('name = "a"\nform = "telegram"\nsecret_env = "T"', "needs chat"),
        ('name = "a"\nform = "smtp"\nhost = "h"', "needs sender and to"),
        ('name = "a"\nform = "smtp"\nhost = "h"\nsender = "s"\nto = ["t"]\nuser = "u"', "needs secret_env"),
        ('name = "a"\nform = "slack"\nsecret_env = "https://hooks/x"', "never the secret itself"),
        ('name = "a"\nform = "fax"', "must be 'json'"),
        ('name = "a"\nform = "json"\nurl = "http://h"\nfacts = ["rain"]', "facts"),
    ],
)
def test_incomplete_rules_are_refused_with_their_place(tmp_path, text, said):
    with pytest.raises(SettingError) as refused:
        read(tmp_path, f"[[alerts]]\n{text}\n")
    assert said in str(refused.value)
    assert "alerts" in str(refused.value)


def test_two_rules_of_one_name_are_refused(tmp_path):
    one = '[[alerts]]\nname = "a"\nform = "json"\nurl = "http://h"\n'
    with pytest.raises(SettingError, match="the name a twice"):
        read(tmp_path, one + one)


def test_none_of_it_changes_the_hash_of_the_settings():
    plain = Settings()
    other = Settings.model_validate(
        {"alerts": [JSON], "holdings": {"source": "file", "cash": 5.0}, "fills": {"time_zone": "UTC"}}
    )
    assert settings_hash(other) == settings_hash(plain)
