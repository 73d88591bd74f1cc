"""Hash of plain values: input hashes, fingerprints, markers.

Belongs here: one function. Does not belong here: hashes of table content (`lake.py`) and of source files.
"""

import hashlib
import json


def digest(*parts: object) -> str:
    """Hash of JSON-able parts, 16 hex digits; equal parts in any process give the same."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
