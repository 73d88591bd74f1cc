"""The ledger of sent facts: what each destination has, what it refused, and what may be tried again.

Belongs here: the events of a fact and what follows from them. Does not belong here: the log
(`btassets.storage.chained_log`), sending (`sending.py`).

An event `sending` is written before the first byte leaves, so that an interrupted send is never repeated: it may have
arrived. Such a fact is reported as lost.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from btassets.alerts.facts import Fact, as_values

SENDING, SENT, FAILED, GAVE_UP, LOST = "sending", "sent", "failed", "gave_up", "lost"

MAX_SENDS = 6
"""Failed sends after which a fact is given up; each has the attempts of its rule."""

_FIRST_PAUSE, _LONGEST_PAUSE = dt.timedelta(minutes=1), dt.timedelta(hours=6)


@dataclass(frozen=True)
class Standing:
    """Last event of one fact at one rule, its time, and the number of failed sends."""

    event: str
    at: dt.datetime
    n_failed: int

    def may_be_sent(self, now: dt.datetime) -> bool:
        """Whether it is time for another send."""
        if self.event != FAILED:
            return False
        pause = min(_FIRST_PAUSE * 4 ** (self.n_failed - 1), _LONGEST_PAUSE)
        return now >= self.at + pause


class SentFacts:
    """Standing of every fact, from the records of the ledger."""

    def __init__(self, records: Iterable[dict[str, Any]]) -> None:
        self._by_rule: dict[str, dict[str, Standing]] = {}
        self._facts: dict[str, Fact] = {}
        for record in records:
            self.add(record)

    def add(self, record: dict[str, Any]) -> None:
        """Apply one record."""
        own = self._by_rule.setdefault(record["rule"], {})
        self._facts |= {fact["key"]: Fact(**fact) for fact in record.get("facts", ())}
        for key in record["keys"]:
            n_failed = own[key].n_failed if key in own else 0
            n_failed += record["event"] == FAILED
            own[key] = Standing(record["event"], dt.datetime.fromisoformat(record["at"]), n_failed)

    def standing(self, rule: str, key: str) -> Standing | None:
        """Standing of a fact; None: it is new."""
        return self._by_rule.get(rule, {}).get(key)

    def is_due(self, rule: str, key: str, now: dt.datetime) -> bool:
        """Whether a fact is to be sent now."""
        known = self.standing(rule, key)
        return known is None or known.may_be_sent(now)

    def pending(self, rule: str) -> list[Fact]:
        """Facts that will be tried again, also those that no table holds any more."""
        own = self._by_rule.get(rule, {})
        return [self._facts[key] for key, known in own.items() if known.event == FAILED and key in self._facts]

    def interrupted(self, rule: str) -> list[str]:
        """Facts whose send began and never ended."""
        return [key for key, known in self._by_rule.get(rule, {}).items() if known.event == SENDING]


def record_of(
    rule: str, event: str, keys: Sequence[str], now: dt.datetime, reason: str = "", facts: Sequence[Fact] = ()
) -> dict[str, Any]:
    """One record of the ledger.

    Parameters
    ----------
    facts
        Of a failed send: what a later one sends.
    """
    at = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    record = {"at": at, "rule": rule, "event": event, "keys": list(keys), "reason": reason}
    return record | ({"facts": [as_values(fact) for fact in facts]} if facts else {})
