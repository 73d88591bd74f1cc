"""Every fact is in one message, within the limit of its form."""

import pytest

from btassets.alerts.facts import Fact
from btassets.alerts.messages import _LIMITS, Message, body_of, email_of, escaped, messages_of
from btassets.settings.account_settings import AlertRule

FACTS = [Fact("setup", f"k{n}", f"T{n:04d} qualifies & " + "x" * 60) for n in range(120)]


@pytest.mark.parametrize("form", list(_LIMITS))
def test_no_fact_is_cut_off(form):
    messages = messages_of(form, "mybook", FACTS)
    assert [fact for message in messages for fact in message.facts] == FACTS
    assert all(len(escaped(form, message.text)) <= _LIMITS[form] for message in messages)
    assert len(messages) > 1 or form in ("json", "smtp")


def test_one_long_fact_is_cut_within_the_limit():
    long = Fact("data", "k", "y" * 9_000)
    rule = AlertRule(name="d", form="discord", secret_env="X")
    (message,) = messages_of("discord", "mybook", [long])
    assert len(body_of(rule, message)["content"]) == _LIMITS["discord"]
    assert messages_of("json", "mybook", []) == []


def test_the_subject_counts_kinds_and_has_one_line():
    message = Message("mybook", (FACTS[0], FACTS[1], Fact("exit", "e", "sell\r\nBcc: all@x.y")))
    assert message.subject == "btassets mybook: 2 x setup, 1 x exit"
    rule = AlertRule(name="m", form="smtp", host="h", sender="a@b.c", to=("d@e.f",))
    mail = email_of(rule, Message("mybook", (Fact("exit", "e", "sell\r\nBcc: all@x.y"),)))
    assert mail["Subject"] == "btassets mybook: sell Bcc: all@x.y"
    assert mail["Bcc"] is None
