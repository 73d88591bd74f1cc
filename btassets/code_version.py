"""Code versions, derived from the sources so that they are never typed by hand.

Belongs here: the hash of a set of source files, for the folder of compiled code. Does not belong here: the code
behind a stage (`btassets/run/stage_code.py`).
"""

import hashlib
from functools import cache
from pathlib import Path


@cache
def code_version(*paths: str) -> str:
    """Hash of source files, 12 hex digits.

    Parameters
    ----------
    *paths
        Files or folders, relative to the folder that holds the packages, e.g. `btassets/engine`; a folder includes
        every `.py` and `.sql` file below it.

    >>> code_version("btassets/engine") == code_version("btassets/engine")
    True
    """
    root = Path(__file__).resolve().parent.parent
    state = hashlib.blake2b(digest_size=6)
    for relative in sorted(paths):
        top = root / relative
        files = [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.suffix in (".py", ".sql"))
        if not files:
            raise FileNotFoundError(relative)
        for file in files:
            state.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()
