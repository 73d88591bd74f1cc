"""Columns of the replay and the labels behind their codes; importable without the compiler.

Belongs here: names, order and labels. Does not belong here: Arrow or file schemas (`btassets/graph`). A code is the
position of its label; -1 means missing.
"""

from collections.abc import Sequence

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.market.eligibility import INELIGIBLE_REASONS
from btassets.engine.signals import SIGNAL_NAMES

DIRECTIONS = ("long", "short")
OUTCOMES = ("target_hit", "stop_hit", "ambiguous", "expired")
EXIT_REASONS = ("target", "stop", "time", "delisted")
DROPS = ("no_next_bar", "gapped_stop", "gapped_target")
ACTIONS = ("LONG_HIGH", "LONG_MODERATE", "NEUTRAL", "SHORT_MODERATE", "SHORT_HIGH")
RISK_LEVELS = ("Low", "Medium", "High")

LABELS: dict[str, tuple[str, ...]] = {
    "direction": DIRECTIONS,
    "action": ACTIONS,
    "risk_level": RISK_LEVELS,
    "outcome": OUTCOMES,
    "outcome_open": OUTCOMES,
    "exit_reason": EXIT_REASONS,
    "exit_reason_open": EXIT_REASONS,
    "drop_open": DROPS,
    "ineligible_reason": INELIGIBLE_REASONS,
}
"""Labels of every coded column (int8) of both tables."""


GRID_COLUMNS = ("is_week", "is_bar", "is_own_week", "is_latest")

SETUP_FLOATS = (
    "entry",
    "stop",
    "target",
    "rr",
    "confidence",
    "primary_prob",
    "best_prob",
    "ev",
    "technical",
    "momentum_score",
    "level_strength",
    "momentum",
    "residual_momentum",
    "adv20_usd",
    "price_factor",
)
SETUP_CODES = ("direction", "action", "risk_level", "n_sr_targets", "is_projected")

_FILL_FLOATS = ("realized_r", "risk_pct", "r_mtm", "bench_ret_target", "mae_r", "mfe_r")
N_FILL_FLOATS = len(_FILL_FLOATS)
GRADED_FLOATS = (*_FILL_FLOATS, *(f"{name}_open" for name in _FILL_FLOATS), "fill_open")
GRADED_CODES = ("n_forward", "outcome", "exit_reason", "outcome_open", "exit_reason_open", "drop_open")
_FILL_SHORTS = ("hold_days", "stop_day", "mae_day", "mfe_day")
GRADED_SHORTS = (*_FILL_SHORTS, *(f"{name}_open" for name in _FILL_SHORTS))
GRADED_DATES = ("label_end_date", "label_end_date_open")
"""Graded columns by element type (float64, int8, int16, int32), in write order; those of the holds are float64 too."""

_FILLS = ("", "_open")
_HOLD_FLOATS = ("time_r", "bench_ret")
N_HOLD_BLOCKS = len(_FILLS) * len(_HOLD_FLOATS)
TIME_R, HOLD_BENCH_RET, TIME_R_OPEN, HOLD_BENCH_RET_OPEN = range(N_HOLD_BLOCKS)
"""Blocks of `hold_names`: one column per hold each."""

SETUP_COLUMNS = (
    "direction",
    "n_bars",
    "entry",
    "stop",
    "target",
    "rr",
    "confidence",
    "primary_prob",
    "best_prob",
    "ev",
    "technical",
    "momentum_score",
    "level_strength",
    "n_sr_targets",
    "is_projected",
    "momentum",
    "residual_momentum",
    "action",
    "risk_level",
    "adv20_usd",
    "price_factor",
)
"""Columns that must not depend on anything after the as-of bar: the lookahead check compares them."""

_GRADED_ORDER = (
    "outcome",
    "exit_reason",
    "realized_r",
    "hold_days",
    "stop_day",
    "risk_pct",
    "time_r",
    "r_mtm",
    "label_end_date",
    "bench_ret_target",
    "bench_ret",
    "mae_r",
    "mae_day",
    "mfe_r",
    "mfe_day",
)


def hold_names(holds: Sequence[int]) -> tuple[str, ...]:
    """Columns of the holds in write order: block by block, in each the holds ascending.

    >>> hold_names((3, 45))[:4]
    ('time_r_3', 'time_r_45', 'bench_ret_3', 'bench_ret_45')
    """
    return tuple(f"{name}_{n}{fill}" for fill in _FILLS for name in _HOLD_FLOATS for n in holds)


def graded_names(holds: Sequence[int]) -> tuple[str, ...]:
    """Columns written by grading under these holds, in the order of the table `candidates`."""

    def of_fill(fill: str) -> tuple[str, ...]:
        return tuple(
            f"{part}{fill}"
            for name in _GRADED_ORDER
            for part in ((f"{name}_{n}" for n in holds) if name in _HOLD_FLOATS else (name,))
        )

    return ("n_forward", *of_fill(""), "drop_open", "fill_open", *of_fill("_open"))


SIGNAL_FLOATS = (*SIGNAL_NAMES, *(f"fwd_return_{days}" for days in FORWARD_RETURN_DAYS), "close", "adv20_usd")
SIGNAL_SETUP_COLUMNS = (*SIGNAL_NAMES, "close", "adv20_usd", "eligible", "ineligible_reason")
