"""Arrow without pandas: saves a quarter of a second in most commands.

Belongs here: one thing. At its first conversion pyarrow imports pandas if it is installed, to know its types; our code
never passes pandas objects to Arrow. A process that does must not call this.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import numpy as np
import pyarrow as pa


class _NoPandas(MetaPathFinder):
    """An import finder that reports pandas as missing."""

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def start_arrow_alone() -> None:
    """Make pyarrow look for pandas once while it cannot be found; later imports of pandas work."""
    if "pandas" in sys.modules:
        return
    hidden = _NoPandas()
    sys.meta_path.insert(0, hidden)
    try:
        pa.array(np.zeros(1)).to_numpy()
    finally:
        sys.meta_path.remove(hidden)
