"""`sweep`: a grid over settings, one simulated portfolio per cell.

Belongs here: the command's output, progress, the location of its files. Does not belong here: any number.
"""

import json
import shutil
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.book.replays import drop_replays
from btassets.cli.actions.look import write_table
from btassets.cli.actions.update import waiting
from btassets.cli.output.first_run import CompileWatch
from btassets.cli.output.out_file import checked_out
from btassets.cli.output.stale import refuse_stale
from btassets.cli.terminal import Progress, say
from btassets.cli.where import book_of, overrides_of
from btassets.compiled import use_cache_folder
from btassets.engine.portfolio.portfolio_rules import Policy
from btassets.run.own_flow.book_flow import flow_of
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.files import replace_text
from btassets.storage.lock import book_lock

_FILES = ("sweep.html", "sweep.json", "sweep.csv")


def command_sweep(  # one keyword per option
    *,
    grid: tuple[str, ...],
    book: Path | None,
    policy: Policy,
    by: str,
    scenario: str | None,
    assignments: tuple[str, ...],
    layout: str,
    out: Path | None,
    is_opened: bool,
    quiet: bool,
    no_wait: bool,
    workers: int | None,
) -> int:
    """Simulate every cell of a grid, print its heat map and best cells, and write its page."""
    opened = book_of(book, scenario=scenario, overrides=overrides_of(assignments, workers=workers))
    if out is not None:
        checked_out(out, book=opened)
    start_arrow_alone()
    use_cache_folder()
    from btassets.plan import replay_alone
    from btassets.storage.warehouse import refresh_views
    from btassets.studies.sweep.sweep import sweep_document, sweep_table

    def replay(books: Sequence[Book]) -> None:
        for k, one in enumerate(books):
            bar("replays", k, len(books))
            replay_alone(one)
        bar("replays", len(books), len(books))

    with book_lock(opened.folder, "sweep", wait=not no_wait, on_wait=waiting):
        refuse_stale(opened, "sweep")
        with Progress(is_quiet=quiet) as bar, CompileWatch(bar, is_quiet=quiet):
            document = sweep_document(
                opened,
                grid,
                policy=policy,
                by=by,
                progress=lambda done, total: bar("portfolios", done, total),
                replay=replay,
            )
        drop_replays(opened, opened.base.storage.keep_replays)
        refresh_views(opened.folder, opened.lake, flow_of(opened).views())
    folder = write_sweep(opened, document)
    if out is not None:
        write_table(sweep_table(document), out)
    if layout == "json":
        say(as_json(document).rstrip("\n"))
    elif layout == "csv":
        say((folder / "sweep.csv").read_text(encoding="utf-8").rstrip("\n"))
    else:
        from btassets.studies.sweep.sweep_text import sweep_text

        say(sweep_text(document))
        say()
        for label, name in zip(("sweep", "", ""), _FILES, strict=True):
            say(f"{label:<6}  {folder / name}")
        if out is not None:
            say(f"        {out}")
    if is_opened:
        webbrowser.open((folder / "sweep.html").as_uri())
    return 0


def as_json(document: dict[str, Any]) -> str:
    """Text of sweep.json; NaN is refused, missing values are null."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_sweep(book: Book, document: dict[str, Any]) -> Any:
    """Write page, JSON and table of a sweep into its folder; `storage.keep_sweeps` sweeps are kept."""
    from btassets.studies.sweep.sweep import folder_of, sweep_table
    from btassets.studies.sweep.sweep_page import sweep_page

    folder = book.reports / folder_of(document)
    replace_text(folder / "sweep.html", sweep_page(document))
    replace_text(folder / "sweep.json", as_json(document))
    write_table(sweep_table(document), folder / "sweep.csv")
    others = sorted(
        (p for p in book.reports.glob("sweep-*") if p.is_dir() and p != folder),
        key=lambda p: (p.stat().st_mtime_ns, p.name),
        reverse=True,
    )
    for old in others[book.base.storage.keep_sweeps - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    return folder
