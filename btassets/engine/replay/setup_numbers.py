"""Setups of a rule as numbers: the places of one setup's fields; importable without the compiler.

Belongs here: names. Does not belong here: the check of a setup (`btassets.own.setups.setup`), what the replay makes
of it (`rule_rows.py`).
"""

MAX_TARGETS = 5
"""Most targets of one setup."""

STOP, SCORE, CONFLICTS, TARGETS = 0, 1, 2, 3
REWARD_TO_RISK, PROBABILITY = TARGETS + MAX_TARGETS, TARGETS + 2 * MAX_TARGETS
N_NUMBERS = TARGETS + 3 * MAX_TARGETS
"""Places of a setup's numbers: one each, then `MAX_TARGETS` targets, rewards and probabilities; NaN: none."""
