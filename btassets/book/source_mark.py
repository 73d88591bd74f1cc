"""Source kind of the stored bars.

Belongs here: storing it beside the lake's tables, and refusing settings that name another kind, so that a truncated
settings file cannot mix two markets. Does not belong here: sources (`btassets.sources`).
"""

from pathlib import Path

from btassets.errors import ForeignBarsError
from btassets.settings.load import Resolved
from btassets.storage.lake import Lake
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

_NAME = "source.json"
_BARS = "ohlcv_history"


def remember_source(root: Path, kind: str) -> None:
    """Record in the lake at `root` that its bars come from source `kind`."""
    if _noted(root) != kind:
        replace_sealed_json(root / _NAME, {"kind": kind})


def _noted(root: Path) -> str | None:
    kind = (read_sealed_json(root / _NAME) or {}).get("kind")
    return kind if isinstance(kind, str) else None


def refuse_foreign_bars(lake: Lake, base: Resolved) -> None:
    """Refuse settings whose source kind differs from that of the stored bars.

    Raises
    ------
    ForeignBarsError
        If the lake holds bars of another kind of source.
    """
    stored, kind = _noted(lake.root), base.settings.source.kind
    if stored in (None, kind) or not any(facts["n_rows"] for facts in lake.ticker_footers(_BARS).values()):
        return
    raise ForeignBarsError(base.origin.get("source.kind", "default"), kind, str(stored))
