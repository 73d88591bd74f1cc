"""JSON files that say whether a byte of them changed: small records of the lake that no table holds.

Belongs here: writing and reading one such file. Does not belong here: what is in it.
"""

import json
import zlib
from pathlib import Path
from typing import Any

from btassets.storage.files import replace_json
from btassets.storage.sealed import tell_damage

_SEAL = "crc32"


def replace_sealed_json(path: Path, record: dict[str, Any]) -> None:
    """Write a record atomically as JSON, with the checksum of its content."""
    replace_json(path, {**record, _SEAL: _checksum(record)})


def read_sealed_json(path: Path) -> dict[str, Any] | None:
    """The record at `path`; None when there is none, and with a line in the log when it is damaged."""
    try:
        raw = json.loads(path.read_bytes())
        given = raw.pop(_SEAL)
        is_intact = given == _checksum(raw)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        is_intact, raw = False, None
    if not is_intact:
        tell_damage(path, "damaged (its checksum does not match); it counts as absent and is made again")
        return None
    return raw


def _checksum(record: dict[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(record, sort_keys=True).encode()):08x}"
