"""The two profiles: named sets of method switches.

Belongs here: the switches of each profile. A scenario, the file, the environment or the command line may override any
of them.
"""

from typing import Any

PROFILES: dict[str, dict[str, Any]] = {
    "standard": {},
    "legacy": {
        "engine": {"gap_days": 0},
        "method": {
            "asof_grid": "bar",
            "ranking": "rows",
            "fill": "close",
            "expired": "zero",
            "gapped_target": "target",
            "ended": "dropped",
            "ic": "thinned",
            "portfolio": "close",
        },
    },
}
"""Settings that differ from the defaults; `standard` is the defaults."""
