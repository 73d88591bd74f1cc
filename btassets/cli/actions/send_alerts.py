"""`alerts`: send new facts, print them, or send a test message.

Belongs here: printing. Does not belong here: facts, forms, ledger and delivery (`btassets.alerts`).
"""

import datetime as dt
from pathlib import Path

from btassets.alerts.delivery import deliver
from btassets.alerts.facts import Fact, book_facts
from btassets.alerts.ledger import SENT
from btassets.alerts.messages import Message, messages_of
from btassets.alerts.sending import new_facts, rules_of, send_facts
from btassets.book.book import Book
from btassets.cli.terminal import say, tell
from btassets.cli.where import book_of
from btassets.counted import counted
from btassets.errors import EXIT_SOME_TICKERS, UsageError
from btassets.masking import mask
from btassets.settings.account_settings import AlertRule
from btassets.storage.lock import book_lock


def command_alerts(*, book: Path | None, is_test: bool, send_test: bool) -> int:
    """Send what is new, or print it; the exit code is 4 when a destination did not accept a message."""
    if is_test and send_test:
        raise UsageError("alerts: --test and --send-test", "choose one: --test sends nothing.")
    opened = book_of(book, mends=not is_test)
    rules = rules_of(opened)
    if not rules:
        raise UsageError(
            "alerts: the settings have no destination",
            'add a table [[alerts]] with name, form and facts, e.g. form = "slack" and secret_env = "SLACK_WEBHOOK".',
        )
    if send_test:
        return _send_test(opened, rules)
    facts = book_facts(opened, {kind for rule in rules for kind in rule.facts})
    if is_test:
        _print(opened, rules, facts)
        return 0
    with book_lock(opened.folder, "alerts", wait=True):
        outcomes = send_facts(opened, facts)
    for outcome in outcomes:
        (say if outcome.event == SENT else tell)(outcome.text)
    if not outcomes:
        say("nothing new to send")
    return 0 if all(outcome.event == SENT for outcome in outcomes) else EXIT_SOME_TICKERS


def _print(book: Book, rules: list[AlertRule], facts: list[Fact]) -> None:
    due = new_facts(book, facts, dt.datetime.now(dt.UTC))
    for rule in rules:
        own = due[rule.name]
        messages = messages_of(rule.form, book.folder.name, own)
        n_facts, n_messages = counted(len(own), "fact"), counted(len(messages), "message")
        say(f"{rule.name} ({rule.form}): {n_facts} in {n_messages} would be sent")
        for message in messages:
            say(mask(message.text))
        say("")


def _send_test(book: Book, rules: list[AlertRule]) -> int:
    is_good = True
    for rule in rules:
        fact = Fact(rule.facts[0] if rule.facts else "run", "test", "this is a test message; no fact is reported")
        done = deliver(rule, Message(book.folder.name, (fact,)))
        is_good &= done.is_accepted
        if done.is_accepted:
            say(f"{rule.name} ({rule.form}): accepted")
        else:
            tell(f"{rule.name} ({rule.form}): not accepted after {counted(done.n_tries, 'attempt')}: {done.reason}")
    return 0 if is_good else EXIT_SOME_TICKERS
