"""Sending new facts of a book to the destinations of its settings, each fact once to each.

Belongs here: the order of ledger and delivery, and the report of what happened. Does not belong here: facts
(`facts.py`), forms and connections (`messages.py`, `delivery.py`).
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from btassets.alerts.facts import Fact
from btassets.alerts.ledger import FAILED, GAVE_UP, LOST, MAX_SENDS, SENDING, SENT, SentFacts, record_of
from btassets.alerts.messages import Message, messages_of
from btassets.book.book import Book
from btassets.counted import counted
from btassets.run.resolve import resolve
from btassets.run.shown_lists import alerts_log
from btassets.settings.account_settings import AlertRule
from btassets.storage.chained_log import ChainedLog

WEBHOOK = "schedule.webhook"
"""Name of the rule that the setting `schedule.webhook` makes."""

_LOCK = "alerts"
_DELIVER = "btassets.alerts.delivery:deliver"
"""Resolved when something is sent: the definitions of a book import this module, but no HTTP client."""


@dataclass(frozen=True)
class Outcome:
    """Result for the facts of one message.

    Attributes
    ----------
    event
        sent, failed (will be tried again), gave_up or lost.
    """

    rule: str
    event: str
    facts: int
    n_tries: int = 0
    reason: str = ""

    @property
    def text(self) -> str:
        """One sentence."""
        what = f"alerts {self.rule}: {counted(self.facts, 'fact')}"
        if self.event == SENT:
            return f"{what} sent"
        if self.event == LOST:
            return f"{what} may not have arrived: an earlier send was interrupted; not repeated"
        tried = f"{counted(self.n_tries, 'attempt')}: {self.reason}"
        return f"{what} {'given up' if self.event == GAVE_UP else 'not sent, will be tried again'} after {tried}"


@dataclass(frozen=True)
class Sender:
    """How messages leave; tests replace clock and environment."""

    environ: Mapping[str, str] | None = None
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    sleep: Callable[[float], object] = time.sleep
    budget_s: float | None = None


def rules_of(book: Book) -> list[AlertRule]:
    """Rules of the settings, and the one of `schedule.webhook`."""
    url = book.base.schedule.webhook
    if not url:
        return list(book.base.alerts)
    webhook = AlertRule(name=WEBHOOK, form="json", url=url, facts=("run", "old_bars"), tries=2, pause_s=0.5)
    return [*book.base.alerts, webhook]


def new_facts(book: Book, facts: Sequence[Fact], now: dt.datetime) -> dict[str, list[Fact]]:
    """Facts that each rule would be sent now; nothing is written."""
    sent = SentFacts(link.record for link in alerts_log(book).read())
    return {
        rule.name: [
            fact
            for fact in _once([*sent.pending(rule.name), *facts])
            if fact.kind in rule.facts and sent.is_due(rule.name, fact.key, now)
        ]
        for rule in rules_of(book)
    }


def send_facts(book: Book, facts: Sequence[Fact], sender: Sender | None = None) -> list[Outcome]:
    """Send each new fact to each rule that wants its kind; one process at a time.

    A destination given up is reported to the others as a fact of kind `run`.
    """
    sender = sender or Sender()
    until = None if sender.budget_s is None else time.monotonic() + sender.budget_s
    outcomes: list[Outcome] = []
    with book.lake.bucket_lock(_LOCK, 0):
        log = alerts_log(book)
        sent = SentFacts(link.record for link in log.read(mends=True))
        writer = _Writer(log, sent, sender)
        rules = rules_of(book)
        for rule in rules:
            outcomes += writer.send(rule, book.folder.name, facts, until)
        told = [
            Fact("run", f"gave_up:{one.rule}:{sender.now().isoformat()}", one.text)
            for one in outcomes
            if one.event == GAVE_UP
        ]
        given_up = {one.rule for one in outcomes if one.event == GAVE_UP}
        for rule in rules if told else ():
            if rule.name not in given_up:
                outcomes += writer.send(rule, book.folder.name, told, until)
    return outcomes


def has_pending(book: Book) -> bool:
    """Whether a failed send is to be repeated, now or later."""
    sent = SentFacts(link.record for link in alerts_log(book).read())
    return any(sent.pending(rule.name) for rule in rules_of(book))


def _once(facts: Sequence[Fact]) -> list[Fact]:
    return list({fact.key: fact for fact in facts}.values())


class _Writer:
    """The ledger while facts are sent."""

    def __init__(self, log: ChainedLog, sent: SentFacts, sender: Sender) -> None:
        self._log, self._sent, self._sender = log, sent, sender

    def send(self, rule: AlertRule, book: str, facts: Sequence[Fact], until: float | None) -> list[Outcome]:
        """Send the facts of one rule that are due."""
        outcomes: list[Outcome] = []
        lost = self._sent.interrupted(rule.name)
        if lost:
            self._write(rule, LOST, lost, "interrupted")
            outcomes.append(Outcome(rule.name, LOST, len(lost)))
        now = self._sender.now()
        wanted = _once([*self._sent.pending(rule.name), *facts])
        due = [f for f in wanted if f.kind in rule.facts and self._sent.is_due(rule.name, f.key, now)]
        for message in messages_of(rule.form, book, due):
            if until is not None and time.monotonic() >= until:
                break  # still due at the next tick
            outcomes.append(self._one(rule, message, until))
            if outcomes[-1].event != SENT:
                break  # the destination does not answer: the rest is due at the next tick
        return outcomes

    def _one(self, rule: AlertRule, message: Message, until: float | None) -> Outcome:
        keys = [fact.key for fact in message.facts]
        self._write(rule, SENDING, keys)
        done = resolve(_DELIVER)(rule, message, environ=self._sender.environ, sleep=self._sender.sleep, until=until)
        if done.is_accepted:
            self._write(rule, SENT, keys)
            return Outcome(rule.name, SENT, len(keys), done.n_tries)
        n_failed = max(one.n_failed for key in keys if (one := self._sent.standing(rule.name, key)) is not None) + 1
        event = GAVE_UP if done.is_final or n_failed >= MAX_SENDS else FAILED
        self._write(rule, event, keys, done.reason, message.facts if event == FAILED else ())
        return Outcome(rule.name, event, len(keys), done.n_tries, done.reason)

    def _write(
        self, rule: AlertRule, event: str, keys: Sequence[str], reason: str = "", facts: Sequence[Fact] = ()
    ) -> None:
        record = record_of(rule.name, event, keys, self._sender.now(), reason, facts)
        self._log.append([record])
        self._sent.add(record)
