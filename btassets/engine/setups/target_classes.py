"""Classes of a target by its stated probability.

Belongs here: the limits and their names. Does not belong here: the probability itself (targets.py).
"""

MIN_CONSERVATIVE_PCT = 45.0
MIN_MODERATE_PCT = 30.0

RULE = (
    f"conservative from a stated probability of {MIN_CONSERVATIVE_PCT:g}%, moderate from {MIN_MODERATE_PCT:g}%, "
    "else aggressive"
)


def classification(probability_pct: float) -> str:
    """Class of a target by its stated probability, 0-100.

    >>> [classification(p) for p in (45.0, 44.9, 30.0, 29.9)]
    ['conservative', 'moderate', 'moderate', 'aggressive']
    """
    if probability_pct >= MIN_CONSERVATIVE_PCT:
        return "conservative"
    return "moderate" if probability_pct >= MIN_MODERATE_PCT else "aggressive"
