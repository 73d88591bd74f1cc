"""Standing of facts in the ledger."""

import datetime as dt

import pytest

from btassets.alerts.facts import Fact
from btassets.alerts.ledger import FAILED, GAVE_UP, LOST, SENDING, SENT, SentFacts, record_of

NOON = dt.datetime(2025, 1, 3, 12, tzinfo=dt.UTC)
FACT = Fact("exit", "k", "sell", {"n": 1})


def after(*events, minutes=0):
    return SentFacts(record_of("a", event, ["k"], NOON, facts=[FACT] if event == FAILED else ()) for event in events)


def test_a_new_fact_is_due_for_each_rule():
    sent = after(SENDING, SENT)
    assert not sent.is_due("a", "k", NOON)
    assert sent.is_due("b", "k", NOON)
    assert sent.is_due("a", "other", NOON)


@pytest.mark.parametrize("last", [SENT, GAVE_UP, LOST, SENDING])
def test_what_ended_or_may_have_arrived_is_never_due_again(last):
    assert not after(SENDING, last).is_due("a", "k", NOON + dt.timedelta(days=900))


@pytest.mark.parametrize(("n_failed", "minutes"), [(1, 1), (2, 4), (3, 16), (4, 64), (5, 256), (6, 360)])
def test_pauses_between_sends_grow(n_failed, minutes):
    sent = after(*([SENDING, FAILED] * n_failed))
    pause = dt.timedelta(minutes=minutes)
    assert not sent.is_due("a", "k", NOON + pause - dt.timedelta(seconds=1))
    assert sent.is_due("a", "k", NOON + pause)
    assert sent.pending("a") == [FACT]
    assert sent.pending("a")[0].details == {"n": 1}


def test_an_interrupted_send_is_seen():
    assert after(SENDING).interrupted("a") == ["k"]
    assert after(SENDING, SENT).interrupted("a") == []
    assert after(SENDING, FAILED, SENDING, SENT).pending("a") == []
