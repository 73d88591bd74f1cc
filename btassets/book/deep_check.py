"""`doctor --deep`: verifies every byte of a book's data, settings, landed bars and reports.

Belongs here: the files of a book, the verification of each kind, and a table of the results. Nothing is repaired here;
the next run does that. Does not belong here: the definition of a seal (`btassets.storage.sealed`).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from btassets.book.book import Book
from btassets.book.report_folders import LATEST, damage_of
from btassets.book.settings_copy import copy_of_settings
from btassets.errors import DamagedFileError
from btassets.settings.load import FILE_NAME
from btassets.storage.kept_twice import FOLDER as COPIES
from btassets.storage.kept_twice import TORN
from btassets.storage.lake import DAMAGED
from btassets.storage.sealed import forget_verified, open_sealed, verify
from btassets.storage.sealed_json import is_intact_json

_INTERNAL = (".locks", ".spill", ".full_backfill")
"""Folders of data/ without permanent files."""

_LANDED = ("landing", "bars")


@dataclass
class Checked:
    """Verification result of one kind of file.

    Attributes
    ----------
    kind
        Folder below the book, or a description.
    n_files, n_bytes, n_rows
        Amount verified.
    damaged
        Path and problem of every damaged file.
    notes
        Foreign files, and files waiting to be rebuilt; not damage by themselves.
    """

    kind: str
    n_files: int = 0
    n_bytes: int = 0
    n_rows: int = 0
    damaged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def deep_check(book: Book) -> list[Checked]:
    """Verify every file of the book: all bytes, all pages, rows, places, second copies.

    Parameters
    ----------
    book
        Opened for reading (`mends` False): nothing is set aside here.
    """
    forget_verified()
    found: dict[str, Checked] = {}
    for path in _files(book.lake.root):
        relative = path.relative_to(book.lake.root)
        top, *below = relative.parts
        if top in _INTERNAL:
            continue
        kind = "second copies" if top == COPIES else f"data/{top}" if below else "data"
        checked = found.setdefault(kind, Checked(kind))
        _look(checked, path, relative)
        if top == COPIES and path.suffix == ".parquet" and not (first := book.lake.root.joinpath(*below)).exists():
            checked.damaged.append(f"{first}: is gone; its second copy is {path}")
    folder = book.folder.joinpath(*_LANDED)
    for path in [*_files(folder), *_files(folder.parent / COPIES)]:
        _look(found.setdefault("landing/bars", Checked("landing/bars")), path, Path(path.name))
    return [_settings(book), *(found[kind] for kind in sorted(found)), _reports(book)]


def _files(root: Path) -> Iterator[Path]:
    """All files below a folder, by name."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names))


def _look(checked: Checked, path: Path, relative: Path) -> None:
    if path.name.startswith((DAMAGED, TORN)):
        checked.notes.append(f"{path}: set aside as damaged")
    elif path.name.startswith("."):
        checked.notes.append(f"{path}: left by a killed run; the next run deletes it")
    elif path.suffix == ".parquet":
        place = relative.as_posix().removeprefix(f"{COPIES}/")
        is_landed = relative.parts == (path.name,)
        _look_at_table(checked, path, place if is_landed else place.removesuffix(".parquet"))
    elif path.suffix == ".jsonl":
        _count(checked, path)  # a log of the journal: `doctor` verifies its chain
    elif path.name.endswith(".json"):
        _count(checked, path)
        if not is_intact_json(path):
            checked.damaged.append(f"{path}: its checksum does not match its content")
    elif path.name != FILE_NAME:
        checked.notes.append(f"{path}: not a file of btassets")


def _look_at_table(checked: Checked, path: Path, place: str) -> None:
    _count(checked, path)
    problem = verify(path, place).problem
    if problem is not None:
        checked.damaged.append(f"{path}: {problem}")
        return
    try:
        with open_sealed(path) as file:
            n_rows = sum(batch.num_rows for batch in file.iter_batches())
            expected = file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        checked.damaged.append(f"{path}: {str(error).splitlines()[0]}")
        return
    checked.n_rows += n_rows
    if n_rows != expected:
        checked.damaged.append(f"{path}: {n_rows} rows are readable, but its footer says {expected}")


def _count(checked: Checked, path: Path) -> None:
    checked.n_files += 1
    checked.n_bytes += path.stat().st_size


def _settings(book: Book) -> Checked:
    checked = Checked(FILE_NAME)
    path, copy = book.folder / FILE_NAME, copy_of_settings(book.folder)
    _count(checked, path)
    if not copy.is_file():
        checked.notes.append("no second copy yet: the next run writes one")
    elif copy.read_bytes() != path.read_bytes():
        checked.notes.append(f"differs from {copy}, the settings of the last run")
    return checked


def _reports(book: Book) -> Checked:
    checked = Checked("reports")
    try:
        footers = {s: book.lake.footer("backtest_report", s) for s in book.lake.scenarios("backtest_report")}
    except DamagedFileError:  # that table is reported above; its footer about reports is ignored
        return checked
    for scenario, footer in footers.items():
        facts = footer.facts if footer is not None else {}
        files: dict[str, str] = facts.get("files", {})
        places = [book.folder / str(facts.get("folder"))] + ([book.reports / LATEST] if scenario == "base" else [])
        for place in places:
            checked.n_files += len(files)
            damage = damage_of(place, files)
            if damage is not None and damage[0].exists():
                checked.damaged.append(f"{damage[0]}: {damage[1]}")
            elif damage is not None:
                checked.notes.append(f"{damage[0]}: missing; the next run writes it")
    return checked
