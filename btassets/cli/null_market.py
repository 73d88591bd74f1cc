"""`null-market`: the book's own market with the edge destroyed, many times.

Belongs here: the words and progress. Does not belong here: any number.
"""

import argparse
import json

from btassets.cli.run import waiting
from btassets.cli.terminal import Progress, say
from btassets.cli.where import book_of
from btassets.compiled import use_cache_folder
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.lock import book_lock


def command_null_market(arguments: argparse.Namespace) -> int:
    """Run the versions that are missing and print where the real numbers fall among them."""
    book = book_of(arguments)
    start_arrow_alone()
    use_cache_folder()
    from btassets.studies.null_market.null_market_text import null_market_text
    from btassets.studies.null_market.versions import null_market_document

    progress = Progress(is_quiet=arguments.quiet)
    with book_lock(book.folder, "null-market", wait=not arguments.no_wait, on_wait=waiting):
        document = null_market_document(
            book,
            arguments.k,
            n_jobs=arguments.workers,
            progress=lambda done, total: progress("versions", done, total),
        )
    say(json.dumps(document, indent=1) if arguments.format == "json" else null_market_text(document))
    return 0
