"""Staleness by content: input hash compared with the one in the footer.

Input hash of a stage = its settings + the versions of its input tables + its external inputs + its code. If it equals
the stored one, skip the stage and keep the data version, so that downstream stages stay fresh too. Belongs here: hashes
and comparison. Does not belong here: the computation of a stage, the code behind it (`stage_code.py`), the reasons of
staleness (`reasons.py`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.engine.conventions import replay_holds
from btassets.graph.flow import upstream
from btassets.graph.outside import BESIDE, OUTSIDE
from btassets.graph.stage import EVERYTHING, Stage
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.resolve import resolve
from btassets.run.stage_code import code_of, code_version_of
from btassets.run.tables import MISSING, folder_of_buckets, key_of, table_version
from btassets.settings.load import select
from btassets.settings.models import flatten
from btassets.storage.hashing import digest
from btassets.storage.lake import BASE
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

_NOT_OF_A_NUMBER = ("executor.", "schedule.", "holdings.", "fills.", "alerts")
"""Settings that affect no number."""

_HOLDS = "exits.hold_days"


def data_version(name: str, book: Book) -> str:
    """Data version of a stage's tables in the lake, `missing` if one does not exist."""
    stage = flow_of(book).stages[name]
    if stage.is_partitioned:
        return table_version(name, book)
    versions = [table_version(table, book) for table in stage.outputs]
    return MISSING if MISSING in versions else digest(versions)


def bars_version(book: Book) -> str:
    """Version of the data on which a configuration is tried: the stored bars and the universe."""
    members = [] if book.membership is None else [book.membership.version]
    return digest(data_version("ohlcv_history", book), select(book.base, ("universe",)), *members)


@dataclass(frozen=True)
class Inputs:
    """All inputs of a stage's result, part by part.

    Attributes
    ----------
    settings
        Values by dotted key.
    reads
        Version by table.
    outside
        Version by external input.
    code
        Hash by source file.
    code_version, columns
        Hashes of the code as a whole and of the declared columns.
    scenario
        Name of the scenario if it is a column; else None.
    """

    settings: dict[str, Any]
    reads: dict[str, str]
    outside: dict[str, Any]
    code: dict[str, str]
    code_version: str
    columns: str
    scenario: str | None

    def hash(self, name: str) -> str:
        """Input hash of the stage `name`, 16 hex digits."""
        return digest(name, self.settings, self.reads, self.outside, self.code_version, self.columns, self.scenario)

    def as_facts(self) -> dict[str, Any]:
        """The parts as JSON values, stored in a footer to explain later changes."""
        return {"settings": self.settings, "reads": self.reads, "outside": self.outside, "code": self.code}


def inputs_now(name: str, book: Book) -> Inputs:
    """Current inputs of a stage."""
    stage = flow_of(book).stages[name]
    return Inputs(
        settings=_settings_values(stage, book),
        reads={table: table_version(table, book) for table in stage.under(book.settings).reads},
        outside={outside: resolve(OUTSIDE[outside].version)(book) for outside in stage.outside},
        code=code_of(stage),
        code_version=code_version_of(stage),
        columns=_columns_hash(stage),
        scenario=book.scenario if stage.keyed == "scenario" else None,
    )


def _settings_values(stage: Stage, book: Book) -> dict[str, Any]:
    if stage.settings != EVERYTHING:
        values = select(book.settings, stage.settings)
        if stage.keyed == "replay" and _HOLDS in values:
            # Scenarios that choose among the holds of one replay share it.
            values[_HOLDS] = list(replay_holds(values[_HOLDS]))
        return values
    return {k: v for k, v in flatten(book.settings).items() if not k.startswith(_NOT_OF_A_NUMBER)}


def _columns_hash(stage: Stage) -> str:
    """Hash of the columns of a stage's tables; editing a column's description recomputes nothing."""
    return digest([[c.name, str(c.type), c.nullable] for spec in stage.tables for c in spec.columns])


def input_hash(name: str, book: Book) -> str:
    """Hash of all inputs of a stage's result."""
    return inputs_now(name, book).hash(name)


def is_fresh(name: str, book: Book, expected: str) -> bool:
    """Whether every table of a stage has the expected input hash, and its other outputs exist."""
    stage = flow_of(book).stages[name]
    if stage.is_partitioned:
        checked = _read_checked(book, str(folder_of_buckets(name, book)))
        return checked == (expected, data_version(name, book)) and has_whole_records(name, book)
    footers = [book.lake.footer(t, key_of(stage, book)) for t in stage.outputs]
    if not all(footer is not None and footer.input_hash == expected for footer in footers):
        return False
    return all(resolve(BESIDE[beside].is_there)(book, footers) for beside in stage.writes)


def has_whole_records(name: str, book: Book) -> bool:
    """Whether what a bucketed stage keeps beside its table is whole: its stores, and the record of its inputs.

    A stage that reads a store would take a bucket that is damaged or gone for one without tickers.
    """
    path, stage = _inputs_path(name, book), flow_of(book).stages[name]
    if path.exists() and read_sealed_json(path) is None:
        return False
    folders = [str(folder_of_buckets(store, book)) for store in stage.stores]
    if stage.keyed == "shared":  # of the bars, a store holds only tickers of which rows were taken out
        return all(not book.lake.damaged_buckets(folder) for folder in folders)
    own = set(book.lake.ticker_footers(str(folder_of_buckets(name, book))))
    return all(set(book.lake.ticker_footers(folder)) == own for folder in folders)


def mark_checked(name: str, book: Book, expected: str) -> None:
    """Record that every ticker of a bucketed stage was verified against this input hash.

    The mark names the data version given by the footers; a bucket changed later invalidates it. It also stores the
    parts of the inputs, so that a later plan can explain changes.
    """
    if flow_of(book).stages[name].is_partitioned:
        inputs = inputs_now(name, book)
        mark = {"input_hash": expected, "data_version": data_version(name, book), "inputs": inputs.as_facts()}
        replace_sealed_json(_checked_path(name, book), mark)


def note_inputs(name: str, book: Book) -> None:
    """Store the parts of the inputs of the last complete update of a bucketed stage."""
    read_sealed_json(_inputs_path(name, book))  # says so when the one that is replaced was damaged
    replace_sealed_json(_inputs_path(name, book), {"inputs": inputs_now(name, book).as_facts()})


def _inputs_path(name: str, book: Book) -> Path:
    return book.lake.root / str(folder_of_buckets(name, book)) / "inputs.json"


def unmark_checked(name: str, book: Book, suspect: str) -> None:
    """Clear the verification mark of a bucketed stage: the next run checks again, and always includes this ticker."""
    if flow_of(book).stages[name].is_partitioned:
        replace_sealed_json(_checked_path(name, book), {"suspect": suspect})


def _checked_path(name: str, book: Book) -> Path:
    return book.lake.root / str(folder_of_buckets(name, book)) / "checked.json"


def suspect_of(name: str, book: Book) -> str | None:
    """Ticker whose rows failed the last verification; None if it passed."""
    return (read_sealed_json(_checked_path(name, book)) or {}).get("suspect")


def was_checked(name: str, book: Book) -> bool:
    """Whether the current rows of a bucketed stage were verified, against any inputs."""
    checked = _read_checked(book, str(folder_of_buckets(name, book)))
    return checked is not None and checked[1] == data_version(name, book)


def _read_checked(book: Book, folder: str) -> tuple[str, str] | None:
    raw = read_sealed_json(book.lake.root / folder / "checked.json") or {}
    return (raw["input_hash"], raw["data_version"]) if raw.keys() >= {"input_hash", "data_version"} else None


def stored_inputs(name: str, book: Book) -> dict[str, Any] | None:
    """Parts of the inputs of a stage's last computation; None if unknown."""
    stage = flow_of(book).stages[name]
    if stage.is_partitioned:
        path = _inputs_path(name, book)
        return (read_sealed_json(path if path.exists() else _checked_path(name, book)) or {}).get("inputs")
    footer = book.lake.footer(name, key_of(stage, book))
    return None if footer is None else footer.facts.get("inputs")


def is_scenario_fresh(book: Book) -> bool:
    """Whether every stage of the book's scenario carries the hash of its present inputs."""
    return all(
        is_fresh(name, book, input_hash(name, book))
        for name, stage in flow_of(book).stages.items()
        if stage.keyed == "scenario" or (stage.keyed == "replay" and book.replay != BASE)
    )


def equals_base(name: str, book: Book) -> bool:
    """True when the scenario's inputs equal the base's, so its tables can be relabelled."""
    stage = flow_of(book).stages[name]
    if stage.keyed != "scenario" or book.scenario == BASE or book.replay != BASE or stage.settings == EVERYTHING:
        return False
    if select(book.settings, stage.settings) != select(book.base, stage.settings):
        return False
    base, stages = book.in_base(), flow_of(book).stages
    return all(stages[up].keyed != "scenario" or equals_base(up, book) for up in upstream(stage, stages)) and is_fresh(
        name, base, input_hash(name, base)
    )
