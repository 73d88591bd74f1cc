"""Append-only logs of JSON records, each chained to the one before it by a hash, kept twice.

Belongs here: the form of a line, verifying a chain, appending, and what a damaged or shortened file means. Does not
belong here: what the records say (`btassets.run.shown_lists`).

One line a record: `{"no": 1, "prev": HASH, "hash": HASH, "record": {...}}`. The hash of a line is the SHA-256 of the
hash before it and the record's canonical JSON, so a changed, missing or exchanged line breaks every line after it.
The file and its second copy are written whole, atomically and flushed; an intact one replaces a damaged or a shorter
one. Two intact files that contradict each other are refused: which of them is true is for a person to say.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from btassets.errors import CannotReadError, JournalDamagedError
from btassets.storage.files import replace_text, system_reason, writing
from btassets.storage.kept_twice import aside_for_good, keep
from btassets.storage.sealed import tell_damage

ORIGIN = "0" * 64
"""Hash before the first line."""


@dataclass(frozen=True)
class Link:
    """One verified line: its number from 1, the hash before it, its own hash, and its record."""

    no: int
    prev: str
    hash: str
    record: dict[str, Any]


@dataclass(frozen=True)
class ChainedLog:
    """A log at `path` with its second copy at `copy`."""

    path: Path
    copy: Path

    def read(self, *, mends: bool = False) -> list[Link]:
        """All lines, verified; none before the first append.

        Parameters
        ----------
        mends
            Put the intact file in the place of a damaged, shorter or missing one; False: nothing is written.

        Raises
        ------
        JournalDamagedError
            When neither file is intact, or the two contradict each other.
        CannotReadError
            When the system refuses to read one of them.
        """
        own, twin = _verified(self.path), _verified(self.copy)
        if own.links is None and twin.links is None:
            if own.problem is None and twin.problem is None:
                return []
            raise JournalDamagedError(str(self.path), own.problem or "it is missing", str(self.copy))
        longer, is_own = _longer(own.links or [], twin.links or [])
        shorter = (twin if is_own else own).links or []
        if longer[: len(shorter)] != shorter:
            at = next(k for k, (a, b) in enumerate(zip(longer, shorter, strict=False), 1) if a != b)
            raise JournalDamagedError(str(self.path), f"its second copy differs from line {at} on", str(self.copy))
        if not is_own:
            problem = own.problem or ("missing" if own.links is None else f"only {len(shorter)} of {len(longer)} lines")
            tell_damage(self.path, f"damaged ({problem}); its second copy is {'in its place' if mends else 'read'}")
        elif twin.problem is not None:
            tell_damage(self.copy, f"damaged ({twin.problem}); it is copied anew from {self.path.name}")
        if mends and own != twin:
            self._mend(from_own=is_own, is_damaged=(twin if is_own else own).problem is not None)
        return longer

    def append(self, records: Sequence[dict[str, Any]]) -> list[Link]:
        """Add records behind the last line; the file is flushed before its second copy is written.

        Returns
        -------
        list of Link
            The whole log with the new lines.
        """
        links = self.read(mends=True)
        if not records:
            return links
        links = chained(links, records)
        replace_text(self.path, "".join(map(_line, links)), is_durable=True)
        keep(self.path, self.copy)
        return links

    def _mend(self, *, from_own: bool, is_damaged: bool) -> None:
        good, bad = (self.path, self.copy) if from_own else (self.copy, self.path)
        if is_damaged:
            aside = aside_for_good(bad)
            with writing(bad):
                bad.replace(aside)
        keep(good, bad)


def chained(links: Sequence[Link], records: Sequence[dict[str, Any]]) -> list[Link]:
    """`links` and, behind them, the records as new links; nothing is written."""
    found = list(links)
    for record in records:
        prev = head(found)
        found.append(Link(len(found) + 1, prev, _hash(prev, record), record))
    return found


def head(links: Sequence[Link]) -> str:
    """Hash of the last line; of an empty log `ORIGIN`."""
    return links[-1].hash if links else ORIGIN


@dataclass(frozen=True)
class _Verified:
    """Lines of one file (None: missing or damaged) and what is wrong with it (None: nothing)."""

    links: list[Link] | None
    problem: str | None = None


def _verified(path: Path) -> _Verified:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return _Verified(None)
    except OSError as error:
        raise CannotReadError(str(path), system_reason(error)) from error
    links: list[Link] = []
    if raw and not raw.endswith(b"\n"):
        return _Verified(None, "its last line is cut")
    for no, line in enumerate(raw.splitlines(), 1):
        try:
            said = json.loads(line)
            link = Link(said["no"], said["prev"], said["hash"], said["record"])
        except (ValueError, KeyError, TypeError):
            return _Verified(None, f"line {no} cannot be read")
        if (link.no, link.prev, link.hash) != (no, head(links), _hash(head(links), link.record)):
            return _Verified(None, f"the chain breaks at line {no}")
        links.append(link)
    return _Verified(links)


def _longer(own: list[Link], twin: list[Link]) -> tuple[list[Link], bool]:
    return (own, True) if len(own) >= len(twin) else (twin, False)


def _canonical(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _hash(prev: str, record: dict[str, Any]) -> str:
    return hashlib.sha256(f"{prev}{_canonical(record)}".encode()).hexdigest()


def _line(link: Link) -> str:
    said = {"no": link.no, "prev": link.prev, "hash": link.hash, "record": link.record}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"
