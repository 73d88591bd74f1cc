"""The journal: every list as it was shown, and what became of its setups, in two append-only logs.

Belongs here: where the logs are, what one record says, and when a list is a new one. Does not belong here: the form
and verification of a log (`btassets.storage.chained_log`), grading (`btassets.stages.journal`).

`journal/SCENARIO.jsonl` has a record per list, `journal/results/SCENARIO.jsonl` one per run that graded something,
`journal/fills/account.jsonl` one per imported file of a broker (`btassets.studies.account`). All are beside the
settings file, outside of `data/`: deleting `data/` or `btassets prune` leaves them. A run adds a list when its as-of
date or its content is new; what is written stays as it is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from btassets.book.book import Book
from btassets.settings.models import Costs, Engine, Exits, Gates, Method, Settings
from btassets.storage.chained_log import ChainedLog, Link, chained
from btassets.storage.chained_log import head as head_of
from btassets.storage.kept_twice import copy_in
from btassets.storage.lake import BASE

SHOWN, BACKFILL = "shown", "backfill"
FOLDER = "journal"
_RESULTS = "results"
_FILLS = "fills"
_ALERTS = "alerts"

RULES = ("profile", "method", "gates", "costs", "exits", "basis", "engine")
"""Settings that decide what a list holds and what a setup of it earns."""

_SECTIONS: dict[str, type[Any]] = {"method": Method, "gates": Gates, "costs": Costs, "exits": Exits, "engine": Engine}

Record = dict[str, Any]


@dataclass(frozen=True)
class JournalSoFar:
    """Part of a log passed to a stage.

    Attributes
    ----------
    links
        Verified lines of the log.
    now
        Time of this run, ISO 8601 in UTC.
    last_n, last_head
        Number of lines and hash of the last one when the table was made last; None before that.
    """

    links: list[Link]
    now: str
    last_n: int | None = None
    last_head: str | None = None

    @property
    def is_rewritten(self) -> bool:
        """Whether the lines that the table was made of are not the first lines of the log any more."""
        if self.last_n is None or self.last_head is None or not self.last_n:
            return False
        return len(self.links) < self.last_n or self.links[self.last_n - 1].hash != self.last_head


def lists_log(book: Book, scenario: str | None = None) -> ChainedLog:
    """Log of the lists of a scenario (the book's own when unset)."""
    return _log(book, f"{scenario or book.scenario}.jsonl")


def results_log(book: Book, scenario: str | None = None) -> ChainedLog:
    """Log of the results of a scenario (the book's own when unset)."""
    return _log(book, f"{_RESULTS}/{scenario or book.scenario}.jsonl")


def fills_log(book: Book) -> ChainedLog:
    """Log of the imported fills of the account: one for the book, a record per import."""
    return _log(book, f"{_FILLS}/account.jsonl")


def alerts_log(book: Book) -> ChainedLog:
    """Ledger of the facts that were sent to each destination of alerts."""
    return _log(book, f"{_ALERTS}/sent.jsonl")


def _log(book: Book, place: str) -> ChainedLog:
    return ChainedLog(book.folder / FOLDER / place, copy_in(book.lake.root, f"{FOLDER}/{place}"))


def all_logs(book: Book) -> dict[str, ChainedLog]:
    """Every log of which a file or its second copy is there, by its place in the folder of the journal."""
    places: set[str] = set()
    for root in (book.folder / FOLDER, copy_in(book.lake.root, FOLDER)):
        files = [path for path in root.rglob("*.jsonl") if not path.name.startswith(".")]
        places.update(path.relative_to(root).as_posix() for path in files)
    return {place: _log(book, place) for place in sorted(places)}


def read_so_far(book: Book, log: ChainedLog, table: str) -> JournalSoFar:
    """A log as passed to a stage, with the facts of its table's footer."""
    footer = book.lake.footer(table, book.scenario)
    facts = footer.facts if footer is not None else {}
    return JournalSoFar(log.read(mends=book.mends), now_text(), facts.get("n_lines"), facts.get("head"))


def now_text() -> str:
    """The current time, ISO 8601 in UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def has_lines(book: Book, table: str, head: str | None) -> bool:
    """Whether the log behind a table of the scenario (or of the base, whose table it may show) ends with `head`."""
    log_of = results_log if table == "journal_results" else lists_log
    return any(head_of(log_of(book, name).read(mends=book.mends)) == head for name in (book.scenario, BASE))


def append(book: Book, log: ChainedLog, records: Sequence[Record]) -> None:
    """Add records of a run, those that the log has by now left out."""
    with book.lake.bucket_lock(FOLDER, 0):
        known = [link.record for link in log.read(mends=True)]
        log.append([record for record in records if not _is_known(known, record)])


def _is_known(known: Sequence[Record], record: Record) -> bool:
    if "setups" in record:
        return not is_new_list(known, record)
    return any({**own, "at": None} == {**record, "at": None} for own in known)


def with_list(links: Sequence[Link], record: Record) -> list[Link]:
    """`links` and, when the list is a new one, the record as a new link."""
    return chained(links, [record] if is_new_list([link.record for link in links], record) else [])


def is_new_list(known: Sequence[Record], record: Record) -> bool:
    """Whether a list is none that was shown: its as-of date is new, or its setups are others than shown last.

    Other settings or bars that give the same list show nothing new. A replayed list is new only at a date that has
    no list of any kind.
    """
    same_day = [own for own in known if own["as_of"] == record["as_of"]]
    if record["kind"] == BACKFILL:
        return not same_day
    shown = [own for own in same_day if own["kind"] == SHOWN]
    return not shown or shown[-1]["setups"] != record["setups"]


def first_lists(records: Sequence[Record]) -> list[Record]:
    """The list that counts at each as-of date: the first one shown, else the replayed one; in order of the dates."""
    found: dict[str, Record] = {}
    for record in records:
        own = found.get(record["as_of"])
        if own is None or (own["kind"] == BACKFILL and record["kind"] == SHOWN):
            found[record["as_of"]] = record
    return [found[day] for day in sorted(found)]


def settings_of_record(rules: Mapping[str, Any]) -> Settings:
    """Settings by which a list was made, as far as grading reads them; keys that no longer exist are left out."""
    sections: dict[str, Any] = {}
    for name, model in _SECTIONS.items():
        known = {key.partition(".")[2]: value for key, value in rules.items() if key.startswith(f"{name}.")}
        sections[name] = model(**{key: value for key, value in known.items() if key in model.model_fields})
    return Settings(profile=rules.get("profile", "standard"), **sections)
