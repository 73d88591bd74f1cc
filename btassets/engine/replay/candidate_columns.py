"""Columns of the replay and the labels behind their codes; importable without the compiler.

Belongs here: names, order and labels. Does not belong here: Arrow or file schemas (`btassets/graph`). A code is the
position of its label; -1 means missing.
"""

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
)
SETUP_CODES = ("direction", "action", "risk_level", "n_sr_targets", "is_projected")

_FILL_FLOATS = (
    "realized_r",
    "risk_pct",
    "time_r_5",
    "time_r_10",
    "time_r_21",
    "time_r_30",
    "r_mtm",
    "bench_ret_target",
    "bench_ret_5",
    "bench_ret_10",
    "bench_ret_21",
    "bench_ret_30",
)
N_FILL_FLOATS = len(_FILL_FLOATS)
GRADED_FLOATS = (*_FILL_FLOATS, *(f"{name}_open" for name in _FILL_FLOATS), "fill_open")
GRADED_CODES = ("n_forward", "outcome", "exit_reason", "outcome_open", "exit_reason_open", "drop_open")
GRADED_SHORTS = ("hold_days", "stop_day", "hold_days_open", "stop_day_open")
GRADED_DATES = ("label_end_date", "label_end_date_open")
"""Graded columns by element type (float64, int8, int16, int32), in write order."""

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
)
"""Columns that must not depend on anything after the as-of bar: the lookahead check compares them."""

_GRADED_ORDER = (
    "outcome",
    "exit_reason",
    "realized_r",
    "hold_days",
    "stop_day",
    "risk_pct",
    "time_r_5",
    "time_r_10",
    "time_r_21",
    "time_r_30",
    "r_mtm",
    "label_end_date",
    "bench_ret_target",
    "bench_ret_5",
    "bench_ret_10",
    "bench_ret_21",
    "bench_ret_30",
)
GRADED_COLUMNS = (
    "n_forward",
    *_GRADED_ORDER,
    "drop_open",
    "fill_open",
    *(f"{name}_open" for name in _GRADED_ORDER),
)

SIGNAL_FLOATS = (*SIGNAL_NAMES, *(f"fwd_return_{days}" for days in FORWARD_RETURN_DAYS), "close", "adv20_usd")
SIGNAL_SETUP_COLUMNS = (*SIGNAL_NAMES, "close", "adv20_usd", "eligible", "ineligible_reason")
