"""Rule for names of scenarios.

Belongs here: the one rule for names used as names of files and folders. Does not belong here: tickers
(`btassets.sources.universe.ticker_names`), names of settings (`models.py`).
"""

import re

from btassets.errors import UsageError

MAX_NAME = 64
RULE = (
    f"a name consists of letters, digits, '-' and '_', starts with a letter, a digit or '_', and has at most {MAX_NAME}"
)

_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{0,{MAX_NAME - 1}}}")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a scenario.

    >>> [is_name(text) for text in ("strict", "set-63f9ae47", "", "../x", "[!.]*", "a b", "-x")]
    [True, True, False, False, False, False, False]
    """
    return _NAME.fullmatch(text) is not None


def checked_name(where: str, text: str) -> str:
    """Return `text` if it is a valid name.

    Parameters
    ----------
    where
        Origin of the name, e.g. `--as`.

    Raises
    ------
    UsageError
        For the empty text, a path, a pattern, or anything else excluded by the rule.
    """
    if not is_name(text):
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        raise UsageError(f"{where} {shown!r}: not a name", f"{RULE} characters, e.g. strict.")
    return text
