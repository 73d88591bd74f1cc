"""Two books compared value by value: every table of both lakes and both reports.

Belongs here: reading, mapping old names to new ones, and what differs. Does not belong here: making the books
(`__main__.py`), the names (`renamed.py`).
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from btassets_tests.bench.same import renamed

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?%?")
MAX_SHOWN = 20


@dataclass
class Differences:
    """What two books differ in.

    Attributes
    ----------
    values
        One line for each table, column or report entry with another value; empty when the books are the same.
    wording
        Sentences with equal numbers and other words, by table and column.
    n_tables, n_values
        How much was compared.
    """

    values: list[str] = field(default_factory=list)
    wording: dict[str, int] = field(default_factory=dict)
    n_tables: int = 0
    n_values: int = 0


def compare_books(old: Path, new: Path) -> Differences:
    """Compare the lakes and the reports of two books."""
    found = Differences()
    files_old, files_new = _files(old / "data"), _files(new / "data")
    for name in sorted(files_old.keys() ^ files_new.keys()):
        side = "the other install" if name in files_old else "this install"
        found.values.append(f"{name}: written by {side} only")
    for name in sorted(files_old.keys() & files_new.keys()):
        table = name.split("/", 1)[0]
        _compare_tables(name, table, _read(files_old[name], table), _read(files_new[name], table), found)
        found.n_tables += 1
    _compare_reports(old, new, found)
    return found


def _files(data: Path) -> dict[str, Path]:
    """Parquet files of a lake by their new name; replays of scenarios are numbered, for their names are hashes."""
    replays = {
        path.name: f"replay-{k}"
        for folder in ("candidates", "signals")
        for k, path in enumerate(sorted(p for p in (data / folder).glob("replay-*") if p.is_dir()))
    }
    named: dict[str, Path] = {}
    for path in sorted(data.rglob("[!.]*.parquet")):
        table, *rest = path.relative_to(data).parts
        rest = [replays.get(part.removesuffix(".parquet"), part) for part in rest]
        named["/".join([renamed.TABLES.get(table, table), *rest])] = path
    return named


def _read(path: Path, table: str) -> pa.Table:
    read = pq.ParquetFile(path).read().replace_schema_metadata(None)
    names = renamed.COLUMNS.get("*", {}) | renamed.COLUMNS.get(table, {})
    return read.rename_columns([names.get(name, name) for name in read.column_names])


def _compare_tables(name: str, table: str, old: pa.Table, new: pa.Table, found: Differences) -> None:
    if old.column_names != new.column_names:
        lost = [c for c in old.column_names if c not in new.column_names]
        more = [c for c in new.column_names if c not in old.column_names]
        what = f"only in the other: {lost}, only here: {more}" if lost or more else "another order"
        found.values.append(f"{name}: columns differ ({what})")
    if old.num_rows != new.num_rows:
        found.values.append(f"{name}: {old.num_rows} rows in the other install, {new.num_rows} here")
        return
    derived = renamed.DERIVED.get(table, frozenset())
    for column in old.column_names:
        if column in new.column_names and column not in derived:
            _compare_columns(name, table, column, old[column], new[column], found)


def _compare_columns(
    name: str, table: str, column: str, old: pa.ChunkedArray, new: pa.ChunkedArray, found: Differences
) -> None:
    found.n_values += len(old)
    a, b = _plain(old, table, column), _plain(new, table, column)
    if a.type != b.type:
        found.values.append(f"{name}.{column}: {a.type} in the other install, {b.type} here")
        return
    differs = np.flatnonzero(_unequal(a, b))
    if not len(differs):
        return
    pairs = [(a[int(at)].as_py(), b[int(at)].as_py()) for at in differs]
    if column in renamed.PROSE and all(_numbers(x) == _numbers(y) for x, y in pairs):
        found.wording[f"{table}.{column}"] = found.wording.get(f"{table}.{column}", 0) + len(pairs)
        return
    x, y = pairs[0]
    found.values.append(f"{name}.{column}: {len(pairs)} of {len(a)} differ, first in row {differs[0]}: {x!r}, {y!r}")


def _plain(column: pa.ChunkedArray, table: str, name: str) -> pa.Array:
    joined = column.combine_chunks()
    array = joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if not pa.types.is_string(array.type):
        return array
    words = renamed.VALUES.get((table, name), {})
    distinct = array.unique().to_pylist()
    changed = {v: words.get(v, renamed.in_text(v)) for v in distinct if v is not None}
    if all(before == after for before, after in changed.items()):
        return array
    return pa.array([changed[v] if v is not None else None for v in array.to_pylist()], array.type)


def _unequal(a: pa.Array, b: pa.Array) -> np.ndarray:
    """Rows that differ: nulls equal nulls, NaN equals NaN, any other float bit by bit."""
    missing_a, missing_b = a.is_null().to_numpy(False), b.is_null().to_numpy(False)
    if pa.types.is_float64(a.type):
        x = a.fill_null(0.0).to_numpy(False)
        y = b.fill_null(0.0).to_numpy(False)
        same = (x.view(np.int64) == y.view(np.int64)) | (np.isnan(x) & np.isnan(y))
    elif pa.types.is_nested(a.type):
        same = np.array([x == y for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True)], np.bool_)
    else:
        same = pc.fill_null(pc.equal(a, b), fill_value=True).to_numpy(False)
    return (missing_a != missing_b) | ~(same | missing_a)


def _numbers(text: Any) -> list[str]:
    """Numbers of a sentence in their order.

    >>> _numbers("win rate 51.2% of 1,040 setups")
    ['51.2%', '1,040']
    """
    return _NUMBER.findall(text) if isinstance(text, str) else [repr(text)]


def _compare_reports(old: Path, new: Path, found: Differences) -> None:
    """Compare report.json of every scenario that both books reported."""
    reports_old, reports_new = _reports(old), _reports(new)
    for scenario in sorted(reports_old.keys() ^ reports_new.keys()):
        found.values.append(f"report of {scenario}: in one install only")
    for scenario in sorted(reports_old.keys() & reports_new.keys()):
        texts = [reports[scenario].read_text(encoding="utf-8") for reports in (reports_old, reports_new)]
        sides = [dict(_leaves(_renamed(json.loads(text)))) for text in texts]
        _compare_leaves(f"report.json of {scenario}", *sides, found)


def _reports(book: Path) -> dict[str, Path]:
    newest = sorted((book / "reports").glob("[0-9]*/report.json"), key=lambda p: p.stat().st_mtime_ns)
    return {json.loads(path.read_text(encoding="utf-8"))["scenario"]: path for path in newest}


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {renamed.REPORT_KEYS.get(k, renamed.setting(k)): _renamed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v) for v in value]
    return renamed.PROFILES.get(value, value) if isinstance(value, str) else value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, child in value.items():
            if key not in renamed.REPORT_DERIVED:
                yield from _leaves(child, f"{path}.{key}")
    elif isinstance(value, list):
        yield f"{path}#", len(value)
        for number, child in enumerate(value):
            yield from _leaves(child, f"{path}[{number}]")
    else:
        yield path, value


def _compare_leaves(name: str, old: Mapping[str, Any], new: Mapping[str, Any], found: Differences) -> None:
    for path in [*(p for p in old if p not in new), *(p for p in new if p not in old)][:MAX_SHOWN]:
        found.values.append(f"{name}: {path} in {'the other install' if path in old else 'this install'} only")
    for path in old.keys() & new.keys():
        x, y = old[path], new[path]
        found.n_values += 1
        if x == y or (isinstance(x, float) and isinstance(y, float) and math.isnan(x) and math.isnan(y)):
            continue
        if isinstance(x, str) and isinstance(y, str) and " " in x and _numbers(x) == _numbers(y):
            found.wording["report.json"] = found.wording.get("report.json", 0) + 1
        else:
            found.values.append(f"{name}: {path}: {x!r}, {y!r}")
