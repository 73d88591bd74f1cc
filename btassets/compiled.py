"""Where compiled code is kept between processes.

Belongs here: choosing numba's cache folder before numba is first imported. The folder's name holds
the hash of all engine sources and numba's version, because numba's own check does not see an edit
in a helper that a compiled function inlined. Does not belong here: compiled functions.
"""

import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from btassets.code_version import code_version


def cache_folder() -> Path:
    """Folder for compiled code, writable, specific to these sources and this numba."""
    name = (
        f"{code_version('btassets/engine')}-numba{version('numba')}-py{sys.version_info.major}{sys.version_info.minor}"
    )
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "btassets" / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        writable = os.access(root, os.W_OK)
    except OSError:
        writable = False
    return root if writable else Path(tempfile.gettempdir()) / f"btassets-{os.getuid()}" / name


def use_cache_folder() -> None:
    """Point numba at the cache folder; call before anything imports numba."""
    numba = sys.modules.get("numba")
    if numba is None:
        os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
    else:
        numba.config.CACHE_DIR = str(cache_folder())
