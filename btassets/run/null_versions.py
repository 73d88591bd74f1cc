"""Stored versions of the book's market without an edge, for the report and for the study that runs them.

`data/null_market/` has one folder per version key with a JSON file per version, and one file per scenario that names
the key whose versions are complete.

Belongs here: keys, paths, reading and writing them, the compared numbers. Does not belong here: building and running a
version (`btassets.studies.null_market`), its bars (`btassets.engine.statistics.null_market`).
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from btassets.book.book import Book
from btassets.code_version import code_version
from btassets.engine.conventions import SIGNAL_HORIZON_DAYS
from btassets.engine.statistics.null_market import share_at_least
from btassets.run.freshness import bars_version
from btassets.run.signal_trials import own_sources
from btassets.settings.load import select
from btassets.storage.hashing import digest
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

DECIDING = ("profile", "method", "gates", "costs", "exits", "portfolio", "engine", "own")
"""Settings that a version takes from the scenario."""

TABLES = ("stat_signals", "stat_pairs", "stat_portfolio", "stat_claims")
"""Tables with the compared numbers."""

_CODE = (
    "btassets/engine",
    "btassets/own",
    "btassets/stages",
    "btassets/studies/null_market",
    "btassets/run/null_versions.py",
    "dbt_like_sql",
)

Numbers = dict[str, float | None]
"""Estimate of each compared number, by name; None: not known."""


@dataclass(frozen=True)
class NullVersions:
    """The newest complete set of versions of a scenario.

    Attributes
    ----------
    as_of
        Last session of their bars, ISO date.
    is_current
        Whether bars, settings and code are still those of the versions.
    numbers
        Numbers of each version.
    """

    as_of: str
    is_current: bool
    numbers: tuple[Numbers, ...]


def version_key(book: Book) -> str:
    """Hash of all inputs of a version: bars, universe, relevant settings, benchmark, code and own signals."""
    own = {source.name: source.version for source in own_sources(book)}
    settings = select(book.settings, DECIDING)
    return digest(bars_version(book), settings, book.base.benchmark, code_version(*_CODE), own)


def folder_of(book: Book, key: str) -> Path:
    """Folder with the versions of a key."""
    return book.lake.root / "null_market" / key


def write_version(folder: Path, version: int, numbers: Numbers) -> None:
    """Store the numbers of one version."""
    folder.mkdir(parents=True, exist_ok=True)
    replace_sealed_json(folder / f"{version}.json", numbers)


def read_version(folder: Path, version: int) -> Numbers | None:
    """Numbers of one version; None if it was not run, or its file is damaged."""
    return read_sealed_json(folder / f"{version}.json")


def name_complete(book: Book, key: str, n_versions: int, as_of: str) -> None:
    """Store which versions of the scenario are complete, and delete those that no scenario names any more."""
    root = book.lake.root / "null_market"
    record = {"version": key, "n_versions": n_versions, "as_of": as_of}
    path = root / f"{book.scenario}.json"
    if read_sealed_json(path) != record:
        replace_sealed_json(path, record)
    named = {_named(path).get("version") for path in root.glob("*.json")}
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in named:
            shutil.rmtree(folder, ignore_errors=True)


def null_versions(book: Book) -> NullVersions | None:
    """The newest complete set of versions of the scenario; None if there is none."""
    named = _named(book.lake.root / "null_market" / f"{book.scenario}.json")
    if not named:
        return None
    folder = folder_of(book, named["version"])
    numbers = [read_version(folder, k) for k in range(1, named["n_versions"] + 1)]
    known = tuple(found for found in numbers if found is not None)
    if len(known) < len(numbers):  # damaged or deleted: the study runs them again
        return None
    return NullVersions(named["as_of"], named["version"] == version_key(book), known)


def null_versions_version(book: Book) -> str | None:
    """Version of the stored set, as part of the report's input hash."""
    found = null_versions(book)
    return None if found is None else digest(found.as_of, found.is_current, list(found.numbers))


def _named(path: Path) -> dict[str, Any]:
    found = read_sealed_json(path) or {}
    return found if {"version", "n_versions", "as_of"} <= set(found) else {}


def compared_numbers(rows: Callable[[str], Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Numbers of one book that a version is compared by: what, unit, real, 95% interval.

    Units: `ic`, `r`, `pct_a_year` (percent), `ratio`, `n` (claims).

    Parameters
    ----------
    rows
        Rows of one of `TABLES`, by its name.
    """
    found = [
        _number(f"signal {row['signal']}", "ic", row)
        for row in rows("stat_signals")
        if row["horizon_days"] == SIGNAL_HORIZON_DAYS
    ]
    for row in rows("stat_pairs"):
        if row["family"] in ("exits", "list") and row["family_size"]:
            found.append(_number(f"{row['member']} against {row['against']}", "r", row))
        elif row["family"] == "selection" and row["against"] == "nothing":
            found.append(_number(f"mean R, {row['member']}", "r", row))
    found += [
        _number(f"portfolio {row['policy']}, {row['measure']}", _MEASURES[row["measure"]], row)
        for row in rows("stat_portfolio")
        if row["measure"] in _MEASURES
    ]
    n_supported = float(sum(row["verdict"] == "supported" for row in rows("stat_claims")))
    return [*found, {"what": "claims supported", "unit": "n", "real": n_supported, "ci_lo": None, "ci_hi": None}]


_MEASURES = {"alpha": "pct_a_year", "sharpe": "ratio"}


def _number(what: str, unit: str, row: Mapping[str, Any]) -> dict[str, Any]:
    scale = 100.0 if unit == "pct_a_year" else 1.0
    values = (None if row[name] is None else row[name] * scale for name in ("estimate", "ci_lo", "ci_hi"))
    return {"what": what, "unit": unit, **dict(zip(("real", "ci_lo", "ci_hi"), values, strict=True))}


def compared(real: Sequence[Mapping[str, Any]], versions: Sequence[Numbers]) -> list[dict[str, Any]]:
    """Rows of `compared_numbers` with mean, spread and range over the versions, and how many reach the real number.

    `share` is (1 + versions at or above) / (1 + versions); the real market itself is one of them.
    """
    found = []
    for row in real:
        others = np.array([np.nan if v.get(row["what"]) is None else v[row["what"]] for v in versions], np.float64)
        known = others[~np.isnan(others)]
        value = np.nan if row["real"] is None else row["real"]
        share = share_at_least(value, others)
        null = {
            "null_mean": float(known.mean()) if len(known) else None,
            "null_sd": float(known.std(ddof=1)) if len(known) > 1 else None,
            "null_lo": float(known.min()) if len(known) else None,
            "null_hi": float(known.max()) if len(known) else None,
            "n": len(known),
            "n_at_least": None if np.isnan(share) else int(np.count_nonzero(known >= value)),
            "share": None if np.isnan(share) else share,
        }
        found.append({**row, **null})
    return found
