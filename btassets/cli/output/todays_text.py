"""Today's list on a terminal and in a pipe.

Belongs here: the choice of layout. Does not belong here: columns and texts (`render.todays_list`), the account
(`actions.todays_account`).
"""

import sys
from typing import Any

from btassets.cli.terminal import is_terminal, say, show_table
from btassets.render.todays_list import Listed, as_text, cells_of, columns_of, head_line, rows_of, size_line


def print_list(found: Listed, *, is_explained: bool, **sizes: float) -> None:
    """Print the list: on a terminal fitted to its width, in a pipe a line per setup that ends with its reasons.

    Parameters
    ----------
    is_explained
        Print votes, conflicts and targets on a terminal too, below the tables.
    sizes
        `capital`, `risk_frac` and `cap_frac` of the sizes.
    """
    if not is_terminal(sys.stdout):
        say(as_text(found, **sizes).rstrip("\n"))
        return
    say(head_line(found))
    names = columns_of(found)[:-1]
    reasons: list[tuple[Any, Any]] = []
    for title, setups in (("", found.qualified), ("Nearest misses", found.misses)):
        if not setups:
            continue
        rows = rows_of(setups, **sizes)
        reasons += [(row["ticker"], row["why"]) for row in rows]
        say(f"\n{title}\n" if title else "")
        head, *cells = cells_of(names, rows)
        show_table(cells, head)
        if not title:
            say(f"\n{size_line(**sizes)}")
    if is_explained and reasons:
        say("\nWhy\n")
        show_table(reasons, ("ticker", "why"))
    elif reasons:
        say("\n`btassets today --why` shows votes, conflicts and targets.")
