"""Results of the parts of a stage, kept from its last run by the hash of everything behind each part.

A stage that is a function of one week after another need not compute a week again whose inputs are the same. It asks
for the parts that it kept, computes the others by the same code, and returns all of them with its tables: a full
computation is the same functions over all parts. A key covers every input of its part and the code of the stage, so
that a part is right or absent; without the file, or with a damaged one, every part is computed.

Belongs here: the file of a stage in a scenario, its reading and writing. Does not belong here: the parts and their keys
(the stage's own module).
"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from btassets.storage.sealed import read_all, tell_damage, verify, write_sealed

FOLDER = ".kept"
"""Folder of the lake; nothing of it counts as a table."""

_SCHEMA = pa.schema([pa.field("key", pa.string(), nullable=False), pa.field("part", pa.binary(), nullable=False)])


def kept_parts(lake: Path, stage: str, scenario: str) -> dict[str, bytes]:
    """Parts kept by a stage in a scenario, by key; empty without an intact file."""
    path, place = _path(lake, stage, scenario)
    try:
        problem = verify(path, place).problem
    except FileNotFoundError:
        return {}
    if problem is not None:
        tell_damage(path, f"{problem}; what it kept is computed again")
        return {}
    found = read_all(path)
    return dict(zip(found["key"].to_pylist(), found["part"].to_pylist(), strict=True))


def keep_parts(lake: Path, stage: str, scenario: str, parts: Mapping[str, bytes]) -> None:
    """Replace the parts kept by a stage in a scenario; the file is the same whichever of them were computed now."""
    path, place = _path(lake, stage, scenario)
    keys = sorted(parts)
    batch = pa.record_batch([pa.array(keys, pa.string()), pa.array([parts[key] for key in keys], pa.binary())], _SCHEMA)
    write_sealed(path, place, _SCHEMA, lambda take: take(batch) or {})


def _path(lake: Path, stage: str, scenario: str) -> tuple[Path, str]:
    place = f"{FOLDER}/{stage}/{scenario}"
    return lake / f"{place}.parquet", place
