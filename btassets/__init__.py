"""btassets: backtest research on daily bars, every stage a Dagster asset."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btassets.api import Book, Graded, Sweep, compare, grade, sweep, table
    from btassets.defs.embed import build_defs
    from btassets.own.declare import cross_section, signal

__version__ = "0.1.0"

__all__ = [
    "Book",
    "Graded",
    "Sweep",
    "__version__",
    "build_defs",
    "compare",
    "cross_section",
    "grade",
    "signal",
    "sweep",
    "table",
]

_PUBLIC = {
    **dict.fromkeys(("Book", "Graded", "Sweep", "compare", "grade", "sweep", "table"), "btassets.api"),
    "build_defs": "btassets.defs.embed",
    **dict.fromkeys(("signal", "cross_section"), "btassets.own.declare"),
}
"""Public names, imported when first used: `import btassets` alone imports nothing."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'btassets' has no attribute {name!r}")
