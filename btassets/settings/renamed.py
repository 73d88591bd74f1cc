"""Names of release 0.1.0 that were renamed.

Belongs here: old and new names of settings, values and tables, for the errors that point from one to the other. Nothing
is translated silently.
"""

RENAMED_SECTIONS = {"book": "portfolio"}
"""Sections of the settings file."""

RENAMED_KEYS = {"method.book": "method.portfolio", "storage.keep_runs": "storage.keep_reports"}

RENAMED_VALUES = {"profile": {"honest": "standard", "seed": "legacy"}}
"""Setting -> old value -> new value."""

RENAMED_TABLES = {"stat_book": "stat_portfolio"}


def new_key(key: str) -> str | None:
    """Current name of a setting of 0.1.0; None for a key that never was one.

    >>> new_key("book.max_positions"), new_key("method.book"), new_key("gates.min_rr")
    ('portfolio.max_positions', 'method.portfolio', None)
    """
    if key in RENAMED_KEYS:
        return RENAMED_KEYS[key]
    section, _, leaf = key.partition(".")
    if section not in RENAMED_SECTIONS:
        return None
    return RENAMED_SECTIONS[section] + (f".{leaf}" if leaf else "")


def new_value(key: str, value: object) -> str | None:
    """Current value of a setting's value of 0.1.0; None if it was not renamed.

    >>> new_value("profile", "seed"), new_value("profile", "standard")
    ('legacy', None)
    """
    return RENAMED_VALUES.get(key, {}).get(value) if isinstance(value, str) else None
