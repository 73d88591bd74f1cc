"""Why a stage is stale: its current inputs compared with those of its last computation, part by part.

Belongs here: the comparison and one sentence per difference. Does not belong here: whether a stage is stale
(`freshness.py`), the stages of a run (`btassets.plan`), printing (`btassets.cli`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from btassets.book.book import Book
from btassets.graph.outside import BESIDE, OUTSIDE
from btassets.run.freshness import inputs_now, stored_inputs
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.resolve import resolve
from btassets.run.tables import MISSING, key_of
from btassets.storage.lake import Footer

Kind = Literal[
    "setting",
    "table",
    "outside",
    "code",
    "columns",
    "missing",
    "damaged",
    "beside",
    "upstream",
    "tickers",
    "list",
    "unknown",
]


@dataclass(frozen=True)
class Reason:
    """One reason why a stage is stale.

    Attributes
    ----------
    kind
        Which part differs: a setting, an input table, another input, a source file, the declared columns; a missing or
        unreadable table; an output beside tables; a stale upstream stage; tickers; the source's list.
    name
        Name of the setting, table, input, file or stage.
    before, now
        Values; None if there was or is none.
    n
        Number of tickers, if it is about tickers.
    """

    kind: Kind
    name: str
    before: Any = None
    now: Any = None
    n: int | None = None

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        return _WORDS[self.kind](self)


def _change(reason: Reason) -> str:
    return f"setting {reason.name}: {_shown(reason.before)} -> {_shown(reason.now)}"


def _shown(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _table(reason: Reason) -> str:
    if reason.now == MISSING:
        return f"its input table {reason.name} is missing"
    return f"table {reason.name} has other rows than when this was computed"


def _code(reason: Reason) -> str:
    if reason.before is None:
        return f"source {reason.name} changed behind it"
    return f"source {reason.name} {'is gone' if reason.now is None else 'was edited'}"


def _outside(reason: Reason) -> str:
    if isinstance(reason.now, Mapping) or isinstance(reason.before, Mapping):
        return "; ".join(_files(reason.before or {}, reason.now or {}))
    about = OUTSIDE[reason.name].about.rstrip(".") if reason.name in OUTSIDE else reason.name
    return f"input {reason.name} changed ({about[0].lower()}{about[1:]})"


def _files(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Changes of an input of several files."""
    return [
        f"{name} {'is new' if name not in before else 'is gone' if name not in now else 'was edited'}"
        for name in dict.fromkeys((*before, *now))
        if before.get(name) != now.get(name)
    ]


def _tickers(reason: Reason) -> str:
    tickers = "ticker" if reason.n == 1 else "tickers"
    first = f" (first: {reason.now})" if reason.now else ""
    return f"{reason.n} {tickers}: {reason.name}{first}"


_WORDS: dict[Kind, Any] = {
    "setting": _change,
    "table": _table,
    "outside": _outside,
    "code": _code,
    "columns": lambda _: "its declared columns changed",
    "missing": lambda reason: f"table {reason.name} was never computed, or its file is gone",
    "damaged": lambda reason: f"the file of table {reason.name} cannot be read",
    "beside": lambda reason: f"{BESIDE[reason.name].about.rstrip('.').lower()}: not there",
    "upstream": lambda reason: f"{reason.name} will be computed first",
    "tickers": _tickers,
    "list": lambda _: "the source lists other tickers than at the last reading, or reports something else about them",
    "unknown": lambda _: "computed by a version that did not record its inputs",
}


def reasons_of(name: str, book: Book) -> list[Reason]:
    """Why a stage of a book is stale, apart from upstream stages; empty if nothing differs."""
    stage = flow_of(book).stages[name]
    found: list[Reason] = []
    footers: list[Footer | None] = []
    if not stage.is_partitioned:
        key = key_of(stage, book)
        footers = [book.lake.footer(table, key) for table in stage.outputs]
        for table, footer in zip(stage.outputs, footers, strict=True):
            if footer is None:
                is_there = book.lake.path(table, key).exists()
                found.append(Reason("damaged" if is_there else "missing", table))
        if found:
            return found
    beside = [Reason("beside", what) for what in stage.writes if not resolve(BESIDE[what].is_there)(book, footers)]
    before = stored_inputs(name, book)
    if before is None:
        return [] if stage.is_partitioned else [*beside, Reason("unknown", name)]
    inputs = inputs_now(name, book)
    found = [*differences(before, inputs.as_facts()), *beside]
    is_same = {footer.input_hash for footer in footers if footer is not None} == {inputs.hash(name)}
    return found if found or stage.is_partitioned or is_same else [Reason("columns", name)]


def differences(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> list[Reason]:
    """Differences between two sets of inputs (`Inputs.as_facts`), settings first.

    >>> differences({"settings": {"costs.per_side_frac": 0.001}}, {"settings": {"costs.per_side_frac": 0.002}})[0].text
    'setting costs.per_side_frac: 0.001 -> 0.002'
    """
    parts: Sequence[tuple[str, Kind]] = (
        ("settings", "setting"),
        ("reads", "table"),
        ("outside", "outside"),
        ("code", "code"),
    )
    found: list[Reason] = []
    for part, kind in parts:
        old, new = before.get(part, {}), now.get(part, {})
        for name in dict.fromkeys((*old, *new)):
            is_same = _plain(old.get(name)) == _plain(new.get(name))
            found += [] if is_same else [Reason(kind, name, old.get(name), new.get(name))]
    return found


def _plain(value: Any) -> Any:
    """The value after a round trip through JSON."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
