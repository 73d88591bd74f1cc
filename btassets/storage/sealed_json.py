"""JSON files with a checksum: small records of the lake outside tables.

Belongs here: writing and reading one such file. Does not belong here: its content.
"""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from btassets.storage.files import replace_json
from btassets.storage.sealed import tell_damage

_SEAL = "crc32"


def replace_sealed_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record atomically as JSON, with the checksum of its content."""
    replace_json(path, {**record, _SEAL: _checksum(record)})


def read_sealed_json(path: Path) -> dict[str, Any] | None:
    """The record at `path`; None if it is missing, or damaged (which is logged)."""
    if not path.exists():
        return None
    record = _intact_record(path)
    if record is None:
        tell_damage(path, "damaged (its checksum does not match); it is treated as missing and rebuilt")
    return record


def is_intact_json(path: Path) -> bool:
    """Whether the file at `path` is an intact record."""
    return _intact_record(path) is not None


def _intact_record(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_bytes())
        given = record.pop(_SEAL)
        return record if given == _checksum(record) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _checksum(record: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(record, sort_keys=True).encode()):08x}"
