"""btassets: backtest research on daily bars, every stage a Dagster asset."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btassets.defs.embed import build_defs
    from btassets.own.declare import cross_section, signal

__version__ = "0.1.0"

__all__ = ["__version__", "build_defs", "cross_section", "signal"]

_PUBLIC = {
    "build_defs": "btassets.defs.embed",
    "cross_section": "btassets.own.declare",
    "signal": "btassets.own.declare",
}
"""Names for code of a user's own, imported when first used: `import btassets` alone imports nothing."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'btassets' has no attribute {name!r}")
