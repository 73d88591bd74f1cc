"""`null-market`: the book's own market with the edge destroyed, many times.

Belongs here: text and progress. Does not belong here: any number.
"""

import json
from pathlib import Path

from btassets.cli.actions.update import waiting
from btassets.cli.terminal import Progress, say
from btassets.cli.where import book_of
from btassets.compiled import use_cache_folder
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.lock import book_lock


def command_null_market(
    *, book: Path | None, k: int, scenario: str | None, layout: str, quiet: bool, no_wait: bool, workers: int | None
) -> int:
    """Run missing versions and print the ranks of the real numbers among them."""
    opened = book_of(book, scenario=scenario)
    start_arrow_alone()
    use_cache_folder()
    from btassets.studies.null_market.null_market_text import null_market_text
    from btassets.studies.null_market.versions import null_market_document

    progress = Progress(is_quiet=quiet)
    with book_lock(opened.folder, "null-market", wait=not no_wait, on_wait=waiting):
        document = null_market_document(
            opened,
            k,
            n_jobs=workers,
            progress=lambda done, total: progress("versions", done, total),
        )
    say(json.dumps(document, indent=1) if layout == "json" else null_market_text(document))
    return 0
