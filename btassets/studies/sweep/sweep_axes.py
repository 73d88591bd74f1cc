"""The settings that a sweep can vary.

Belongs here: the list, and the refusal of any other setting. Does not belong here: parsing a grid (`settings.grid`).
"""

from collections.abc import Sequence

from btassets.book.book import REPLAY_SETTINGS, SHARED_SETTINGS
from btassets.errors import UsageError
from btassets.settings.grid import Axis

SWEPT = (
    "engine",
    *(key for key in REPLAY_SETTINGS if key.startswith("quality.")),
    "gates",
    "exits",
    "costs",
    "portfolio",
    "method.asof_grid",
    "method.ranking",
    "method.fill",
    "method.expired",
    "method.gapped_target",
    "method.ended",
    "method.portfolio",
)
"""Settings that a sweep can vary: those of one scenario that affect setups or portfolios."""

MOST_REPLAYS = 40
"""Maximum number of replays of a sweep: one per combination of the engine's settings."""


def check_axes(axes: Sequence[Axis]) -> None:
    """Refuse a setting that does not affect the portfolios of one scenario.

    Raises
    ------
    UsageError
        Names the key, the reason, and what to do.
    """

    def lies_in(key: str, prefixes: Sequence[str]) -> bool:
        return any(key == prefix or key.startswith(f"{prefix}.") for prefix in prefixes)

    for axis in axes:
        key = axis.key
        if lies_in(key, SWEPT):
            continue
        if lies_in(key, SHARED_SETTINGS):
            raise UsageError(
                f"sweep {key}: belongs to the whole book",
                "a sweep can only vary settings in which scenarios may differ; set it in the file.",
            )
        if key == "profile":
            problem = f"sweep {key}: a set of many settings"
            run = f"`btassets run --set {key}={axis.labels[0]} --as NAME`"
            raise UsageError(problem, f"run each value as a scenario, {run}, and `btassets compare` them.")
        raise UsageError(f"sweep {key}: affects no number of a sweep", f"vary one of {', '.join(SWEPT)}.")
