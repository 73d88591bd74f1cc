"""The forms of a message: JSON webhook, Slack, Discord, Telegram, e-mail.

Belongs here: text, limits and bodies. Does not belong here: connections (`delivery.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from btassets.alerts.facts import Fact, as_json
from btassets.settings.account_settings import AlertRule

TELEGRAM = "https://api.telegram.org"
_LIMITS = {"json": 20_000, "slack": 3_500, "discord": 1_900, "telegram": 4_000, "smtp": 100_000}
"""Characters of one message; longer lists become several messages."""

_CUT = "..."


@dataclass(frozen=True)
class Message:
    """Facts of one message, and the name of their book."""

    book: str
    facts: tuple[Fact, ...]

    @property
    def subject(self) -> str:
        """First line: the fact itself when there is one."""
        if len(self.facts) == 1:
            return f"btassets {self.book}: {self.facts[0].text}"
        counts: dict[str, int] = {}
        for fact in self.facts:
            counts[fact.kind] = counts.get(fact.kind, 0) + 1
        return f"btassets {self.book}: " + ", ".join(f"{n} x {kind}" for kind, n in counts.items())

    @property
    def text(self) -> str:
        """The subject and, of several facts, a line for each."""
        return self.subject if len(self.facts) == 1 else "\n".join([self.subject, *(f"- {f.text}" for f in self.facts)])


def messages_of(form: str, book: str, facts: Sequence[Fact]) -> list[Message]:
    """Messages that hold every fact within the limit of a form, in order."""
    found: list[Message] = []
    own: list[Fact] = []
    for fact in facts:
        if own and len(escaped(form, Message(book, (*own, fact)).text)) > _LIMITS[form]:
            found.append(Message(book, tuple(own)))
            own = []
        own.append(fact)
    return [*found, Message(book, tuple(own))] if own else found


def escaped(form: str, text: str) -> str:
    """Text in a form's own spelling.

    >>> escaped("slack", "a < b"), escaped("json", "a < b")
    ('a &lt; b', 'a < b')
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if form == "slack" else text


def _within(form: str, text: str) -> str:
    limit = _LIMITS[form]
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def body_of(rule: AlertRule, message: Message) -> dict[str, Any]:
    """JSON body of a message for a web form."""
    text = _within(rule.form, escaped(rule.form, message.text))
    if rule.form == "slack":
        return {"text": text}
    if rule.form == "discord":
        return {"content": text, "allowed_mentions": {"parse": []}}
    if rule.form == "telegram":
        return {"chat_id": rule.chat, "text": text, "disable_web_page_preview": True}
    facts = [as_json(fact) for fact in message.facts]
    single = facts[0] if len(facts) == 1 else {"kind": "facts"}
    return {**single, "text": text, "content": text, "book": message.book, "facts": facts}


def url_of(rule: AlertRule, secret: str) -> str:
    """Address of a web form."""
    if rule.form == "telegram":
        return f"{(rule.url or TELEGRAM).rstrip('/')}/bot{secret}/sendMessage"
    return secret or rule.url


def email_of(rule: AlertRule, message: Message) -> EmailMessage:
    """A message as e-mail; line breaks cannot enter a header."""
    mail = EmailMessage()
    mail["From"] = rule.sender
    mail["To"] = ", ".join(rule.to)
    mail["Subject"] = " ".join(message.subject.split())[:200]
    mail.set_content(_within("smtp", message.text) + "\n")
    return mail
