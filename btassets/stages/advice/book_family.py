"""Claims on the book as a whole, taken together: with each other, and with every setting that was tried.

The base, each scenario and each cell of a sweep is another book over the same bars, and the best of twenty is one of
twenty looks. So p of such a claim is multiplied by the number of configurations in the ledger of trials
(Bonferroni), after the claims of one book are adjusted for each other (Holm).

Belongs here: the adjustment of claims. Does not belong here: the claims (`stat_claims.py`), the ledger (`run.trials`).
"""

from typing import Any

import numpy as np

from btassets.engine.statistics.verdicts import LEVEL, NOISE, SUPPORTED, holm

BOOK_TOPICS = ("expectancy", "random_pick", "benchmark", "robustness")
"""Claims on the book as a whole: one family."""


def settings_tried(trials: float | None, configurations: int) -> int:
    """The book's own configuration and every one in the ledger beyond the `configurations` that its run simulates.

    A scenario leaves up to as many rows as a run simulates, a cell of a sweep leaves one: counting rows counts a
    scenario too often and a sweep exactly, which errs on the safe side.

    >>> settings_tried(5, 5), settings_tried(6, 5), settings_tried(25, 5), settings_tried(None, 5)
    (1, 2, 21, 1)
    """
    return max(1, 1 + round(trials or 0) - configurations)


def adjust_book(claims: list[dict[str, Any]], n_settings: int = 1) -> None:
    """Take the support of claims on the whole book back where it does not hold for all of them together.

    Parameters
    ----------
    claims
        All claims of a scenario; those of `BOOK_TOPICS` with a p-value are adjusted in place.
    n_settings
        Configurations tried on these data (`settings_tried`); above 1 the text says so.
    """
    book = [claim for claim in claims if claim["topic"] in BOOK_TOPICS and claim.get("p_raw") is not None]
    two_sided = np.array(
        [min(1.0, 2.0 * min(c["p_raw"], 1.0 - c["p_raw"])) if c["topic"] == "random_pick" else c["p_raw"] for c in book]
    )
    adjusted = np.minimum(holm(two_sided) * n_settings, 1.0)
    for claim, p in zip(book, adjusted.tolist(), strict=True):
        claim |= {"p_adj": p, "adj_method": "holm", "family": "book", "family_size": len(book) * n_settings}
        if n_settings > 1:
            claim["evidence_text"] += f" One of {n_settings} configurations tried on these data: adjusted p {p:.3f}."
        if claim["verdict"] == SUPPORTED and not p < LEVEL:
            claim["verdict"] = NOISE
