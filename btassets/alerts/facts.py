"""Facts that an alert reports, each with a key that names it forever.

Belongs here: reading the facts of a book from its tables. Does not belong here: sending (`sending.py`), facts that only
a sensor knows (`btassets.defs.notifications`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from btassets.book.book import Book
from btassets.errors import BtassetsError
from btassets.render.format import shown
from btassets.run.resolve import resolve
from btassets.run.shown_lists import fills_log
from btassets.run.verdict_history import verdict_rows
from btassets.storage.hashing import digest

_TABLES = ("todays_setups", "bar_problems", "journal_verdict", "verdicts", "sessions")
_LEVELS = {**dict.fromkeys(("entry", "stop", "target"), "price"), "rr": "num2"}
_TOO_EARLY = "too early"
_SIGNAL = "signal"


@dataclass(frozen=True)
class Fact:
    """One fact.

    Attributes
    ----------
    kind
        One of `FACT_KINDS`.
    key
        Identity: the same key is never sent twice to one destination.
    text
        One sentence.
    details
        Values for the JSON form.
    """

    kind: str
    key: str
    text: str
    details: dict[str, Any] = field(default_factory=dict[str, Any], compare=False)


def book_facts(book: Book, kinds: set[str] | frozenset[str]) -> list[Fact]:
    """Facts of the wanted kinds that the book's tables hold now, in the order of the kinds.

    A table that was never written holds none; an unreadable holdings file is a fact of its own.
    """
    found: list[Fact] = []
    for kind, read in _READERS.items():
        if kind not in kinds:
            continue
        try:
            found += read(book)
        except BtassetsError as error:
            text = f"facts of kind {kind} cannot be read: {error}"
            found.append(Fact(kind, f"unreadable:{kind}:{digest(str(error))[:12]}", text))
    return found


def facts_marker(book: Book) -> str:
    """Changes when a table or file behind the facts does; cheap enough for every tick."""
    paths = [book.lake.path(table, book.scenario) for table in _TABLES]
    paths += [fills_log(book).path, book.folder / book.base.holdings.file]
    stamps: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            facts = path.stat()
            stamps.append((facts.st_mtime_ns, facts.st_ino))
        except OSError:
            stamps.append(None)
    rules = [rule.model_dump(mode="json") for rule in book.base.alerts]
    return digest([stamps, rules, book.base.holdings.model_dump(mode="json")])


def _setups(book: Book) -> list[Fact]:
    footer = book.lake.footer("todays_setups", book.scenario)
    if footer is None:
        return []
    # The tests trade week ends only.
    preview = "" if footer.facts.get("is_signal_day") else " (preview)"
    return [
        Fact(
            "setup",
            f"setup:{row['asof_date']}:{row['ticker']}:{row['direction']}",
            f"{row['ticker']} {row['direction']} qualifies at {row['asof_date']}{preview}: "
            + ", ".join(f"{name} {shown(row[name], kind)}" for name, kind in _LEVELS.items()),
            {name: row[name] for name in ("ticker", "direction", *_LEVELS)},
        )
        for row in book.lake.read("todays_setups", book.scenario).to_pylist()
        if row["is_qualified"]
    ]


def _exits(book: Book) -> list[Fact]:
    """Exits of the account that are due; numba is loaded only where there is an account."""
    if book.base.holdings.source == "none" or book.lake.footer("todays_setups", book.scenario) is None:
        return []
    account = resolve("btassets.studies.account.account_plan:read_account")(book)
    plan = resolve("btassets.studies.account.account_plan:exits_due")(book, account)
    facts: list[Fact] = []
    for position, due, as_of in plan:
        when = "sell at the close of the next session" if due.since is None else f"since {due.since}: sell at the open"
        if due.reason == "delisted":
            when = f"the bars end on {due.since}: ask the broker for the proceeds"
        opened = position.opened or due.since
        facts.append(
            Fact(
                "exit",
                f"exit:{position.ticker}:{opened}:{due.reason}",
                f"{position.ticker}: exit by {due.reason}, {when} ({position.shares:g} shares)",
                {"ticker": position.ticker, "reason": due.reason, "shares": position.shares, "as_of": as_of},
            )
        )
    return facts


def _data(book: Book) -> list[Fact]:
    if book.lake.footer("bar_problems") is None:
        return []
    return [
        Fact(
            "data",
            f"data:{row['ticker']}:{row['rule']}:{row['date']}",
            f"{row['ticker'] or 'bars'} is refused ({row['rule']}): {row['text']}",
            {"ticker": row["ticker"], "rule": row["rule"]},
        )
        for row in book.lake.read("bar_problems").to_pylist()
        if row["severity"] == "block"
    ]


def _verdicts(book: Book) -> list[Fact]:
    """Claims of the advice whose verdict differs from the one at the session before."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    before: dict[tuple[str, str], str] = {}
    for row in verdict_rows(book):
        key = row["topic"], row["item_key"]
        if key in last and last[key]["as_of"] != row["as_of"]:
            before[key] = last[key]["verdict"]
        last[key] = row
    newest = max((row["as_of"] for row in last.values()), default=None)
    return [
        Fact(
            "verdict",
            f"verdict:{row['topic']}:{row['item_key']}:{row['as_of']}:{row['verdict']}",
            f"verdict on {row['topic']} {row['item_key'] or ''}".rstrip()
            + f" at {row['as_of']}: {row['verdict']}, was {before[key]}",
            {"topic": row["topic"], "item_key": row["item_key"], "verdict": row["verdict"]},
        )
        for key, row in last.items()
        if row["topic"] != _SIGNAL and row["as_of"] == newest and before.get(key, row["verdict"]) != row["verdict"]
    ]


def _live(book: Book) -> list[Fact]:
    if book.lake.footer("journal_verdict", book.scenario) is None:
        return []
    return [
        Fact(
            "live",
            f"live:{row['settings_hash']}:{row['measure']}:{row['verdict']}",
            f"live verdict: {row['sentence']}",
            {"measure": row["measure"], "verdict": row["verdict"]},
        )
        for row in book.lake.read("journal_verdict", book.scenario).to_pylist()
        if row["verdict"] != _TOO_EARLY
    ]


_READERS: dict[str, Callable[[Book], list[Fact]]] = {
    "setup": _setups,
    "exit": _exits,
    "data": _data,
    "verdict": _verdicts,
    "live": _live,
}
"""Facts read from tables; `run` and `old_bars` are known to the sensors alone."""


def as_values(fact: Fact) -> dict[str, Any]:
    """The fields of a fact as JSON values."""
    return json.loads(json.dumps(fact.__dict__, default=str))


def as_json(fact: Fact) -> dict[str, Any]:
    """A fact as one flat JSON object; a detail `kind` says more than the kind."""
    values = as_values(fact)
    return {"kind": fact.kind, "key": fact.key, "text": fact.text, **values["details"]}
