"""btassets: backtest research on daily bars, every stage a Dagster asset."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btassets.api import Book, Graded, Sweep, compare, grade, sweep, table
    from btassets.defs.embed import build_defs
    from btassets.own.declare import cross_section, setup_rule, signal, stage
    from btassets.own.setups.built_in_rule import levels
    from btassets.own.setups.setup import Setup
    from btassets.sources.own_source import Source

__version__ = "0.1.0"

__all__ = [
    "Book",
    "Graded",
    "Setup",
    "Source",
    "Sweep",
    "__version__",
    "build_defs",
    "compare",
    "cross_section",
    "grade",
    "levels",
    "setup_rule",
    "signal",
    "stage",
    "sweep",
    "table",
]

_PUBLIC = {
    **dict.fromkeys(("Book", "Graded", "Sweep", "compare", "grade", "sweep", "table"), "btassets.api"),
    "build_defs": "btassets.defs.embed",
    **dict.fromkeys(("signal", "cross_section", "setup_rule", "stage"), "btassets.own.declare"),
    "Setup": "btassets.own.setups.setup",
    "Source": "btassets.sources.own_source",
    "levels": "btassets.own.setups.built_in_rule",
}
"""Public names, imported when first used: `import btassets` alone imports nothing."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'btassets' has no attribute {name!r}")
