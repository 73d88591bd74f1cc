"""Location of compiled code between processes.

Belongs here: choosing numba's cache folder before numba is first imported. The folder's name contains the hash of all
engine sources and numba's version, because numba's own check misses edits in a helper inlined into a compiled function.
Does not belong here: compiled functions.
"""

import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from btassets.code_version import code_version


def cache_folder() -> Path:
    """Writable folder for compiled code, specific to these sources and this numba."""
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
    """Set numba's cache folder; call before any import of numba."""
    numba = sys.modules.get("numba")
    if numba is None:
        os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
    else:
        numba.config.CACHE_DIR = str(cache_folder())
