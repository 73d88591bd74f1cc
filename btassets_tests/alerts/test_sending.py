"""Each fact once per destination: through failures, restarts, a crash, and two senders."""

import datetime as dt
import threading

import pytest

from btassets.alerts import sending
from btassets.alerts.facts import Fact
from btassets.alerts.sending import Sender, has_pending, new_facts, send_facts
from btassets.book.book import open_book
from btassets.run.shown_lists import alerts_log
from btassets_tests.support.alert_servers import add_rule, web_server
from btassets_tests.support.book_factory import make_book

NOON = dt.datetime(2025, 1, 3, 12, tzinfo=dt.UTC)
SETUP, EXIT = Fact("setup", "setup:A", "A qualifies"), Fact("exit", "exit:B", "B: exit")


@pytest.fixture
def web():
    with web_server() as heard:
        yield heard


@pytest.fixture
def book(tmp_path, web):
    """A book with two destinations: one of everything at /a, one of runs and exits at /b."""
    folder = make_book(tmp_path / "book", tmp_path)
    add_rule(folder, name="a", form="json", url=f"{web.url}/a", facts=["setup", "exit"], tries=2)
    add_rule(folder, name="b", form="json", url=f"{web.url}/b", facts=["exit", "run"], tries=1)
    return open_book(folder, environ={})


def sender(minutes=0):
    return Sender({}, lambda: NOON + dt.timedelta(minutes=minutes), lambda _: None)


def send(book, *facts, minutes=0):
    return [(one.rule, one.event, one.facts) for one in send_facts(book, facts, sender(minutes))]


def heard(web):
    return [(path, [fact["key"] for fact in body["facts"]]) for path, body in web.posts]


def test_once_per_fact_and_destination(book, web):
    assert new_facts(book, [SETUP, EXIT], NOON) == {"a": [SETUP, EXIT], "b": [EXIT]}
    assert web.posts == []
    assert send(book, SETUP, EXIT, SETUP) == [("a", "sent", 2), ("b", "sent", 1)]
    assert send(book, SETUP, EXIT) == []
    assert send(open_book(book.folder, environ={}), EXIT, SETUP, minutes=10**6) == []
    assert heard(web) == [("/a", ["setup:A", "exit:B"]), ("/b", ["exit:B"])]
    more = Fact("exit", "exit:C", "C: exit")
    assert send(book, SETUP, EXIT, more) == [("a", "sent", 1), ("b", "sent", 1)]


def test_a_failure_is_repeated_later_and_then_never(book, web):
    web.answers += [500, 500]
    assert send(book, SETUP) == [("a", "failed", 1)]
    assert has_pending(book)
    assert send(book) == []  # one minute has not passed
    assert send(book, minutes=1) == [("a", "sent", 1)]  # also when no table holds the fact any more
    assert send(book, SETUP, minutes=99) == []
    assert not has_pending(book)
    assert len(web.posts) == 3


def test_a_destination_given_up_is_reported_to_the_others(book, web):
    web.answers += [404]
    found = send_facts(book, [SETUP], sender())
    assert [(one.rule, one.event) for one in found] == [("a", "gave_up"), ("b", "sent")]
    assert "a: 1 fact given up after 1 attempt: 127.0.0.1 answered 404" in found[0].text
    assert "given up" in web.posts[-1][1]["text"]
    assert send(book, SETUP, minutes=10**6) == []


def test_six_failed_sends_are_given_up(book, web):
    minutes, events = 0, []
    for _ in range(6):
        web.answers += [503, 503]
        events += send(book, SETUP, minutes=minutes)[:1]
        minutes += 10_000
    assert [event for _, event, _ in events] == ["failed"] * 5 + ["gave_up"]


def test_an_interrupted_send_is_not_repeated(book, web, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "resolve", lambda _: killed)
    with pytest.raises(KeyboardInterrupt):
        send(book, SETUP)
    monkeypatch.undo()
    assert send(book, SETUP, minutes=99) == [("a", "lost", 1)]
    assert send(book, SETUP, minutes=999) == []
    assert web.posts == []


def test_two_senders_at_once_send_one_message(book, web):
    books = [open_book(book.folder, environ={}) for _ in range(4)]
    threads = [threading.Thread(target=send, args=(own, SETUP)) for own in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard(web) == [("/a", ["setup:A"])]


def test_the_ledger_is_kept_twice(book, web):
    send(book, SETUP)
    log = alerts_log(book)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:-20])
    assert send(book, SETUP, minutes=5) == []
    assert log.path.read_bytes() == whole
    assert len(web.posts) == 1


def test_the_webhook_of_the_schedule_is_a_destination_of_its_own(tmp_path, web):
    folder = make_book(tmp_path / "plain", tmp_path, schedule__webhook=f"{web.url}/hook")
    book = open_book(folder, environ={})
    run = Fact("run", "run:1", "run 1 failed", {"kind": "failed_run"})
    assert send(book, SETUP, run) == [("schedule.webhook", "sent", 1)]
    assert (web.posts[0][0], web.posts[0][1]["kind"]) == ("/hook", "failed_run")
