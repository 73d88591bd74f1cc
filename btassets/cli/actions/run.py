"""`demo`, `ingest`, `run`: the book, the scenario, and the output of an ingest.

Belongs here: from the values of the options to the work. Does not belong here: the work itself (`update`).
"""

from pathlib import Path
from typing import Any

from btassets.book.book import open_book
from btassets.book.new_book import DEMO_FOLDER, DEMO_SETTINGS, EDGE_TICKERS, make_demo_book, settings_text
from btassets.book.settings_file import set_in_file
from btassets.cli.actions.update import (
    BARS,
    Work,
    bring_up_to_date,
    last_lines,
    run_base,
    sweep_book,
    take_landing,
    tickers_of,
    waiting,
    write_warehouse,
)
from btassets.cli.terminal import say
from btassets.cli.where import book_of, folder_of, overrides_of
from btassets.compiled import use_cache_folder
from btassets.errors import UsageError
from btassets.plan import RunPlan, make_plan
from btassets.settings.load import FILE_NAME, parse_assignments, resolve
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.files import replace_text
from btassets.storage.lock import book_lock


def command_demo(*, book: Path | None, quiet: bool, no_wait: bool, workers: int | None, **market: Any) -> int:
    """Create the demo book if it does not exist, and run it."""
    preset = market["preset"] or "demo"
    if preset == "edge" and market["tickers"] is None:
        market["tickers"] = EDGE_TICKERS
    values = {f"demo.{name}": value for name, value in market.items() if value is not None}
    resolve(overrides=values)
    default = Path(DEMO_FOLDER) if preset == "demo" else Path(DEMO_FOLDER).with_name(f"demo-{preset}")
    folder = (book or default).absolute()
    file = folder / FILE_NAME
    if file.is_file() and open_book(folder).base.source.kind != "demo":
        raise UsageError(f"{file}: a book on bars of your own", "choose another folder for the demo market.")
    make_demo_book(folder, values)
    text = settings_text(DEMO_SETTINGS | values)
    if values and file.read_text(encoding="utf-8") != text:
        replace_text(file, text, is_durable=True)
    opened = open_book(folder, overrides=overrides_of(workers=workers), mends=True)
    return bring_up_to_date(opened, Work(is_quiet=quiet, waits=not no_wait))


def command_run(  # one keyword per option
    *,
    book: Path | None,
    scenario: str | None,
    profile: str | None,
    name: str | None,
    promote: bool,
    tickers: str,
    no_read: bool,
    assignments: tuple[str, ...],
    quiet: bool,
    no_wait: bool,
    workers: int | None,
) -> int:
    """Update the requested scenario."""
    if promote:
        values = parse_assignments(assignments)
        if not values:
            raise UsageError("--promote: requires --set", "it writes the values of --set into btassets.toml.")
        if scenario is not None or name is not None or profile is not None:
            raise UsageError(
                ("--promote cannot be combined with --scenario, --as or --profile"),
                "it changes the book's own settings: use it alone.",
            )
        open_book(folder_of(book))
        set_in_file(folder_of(book) / FILE_NAME, values)
        assignments = ()
    overrides = overrides_of(assignments, profile=profile, workers=workers)
    opened = book_of(book, scenario=scenario, overrides=overrides, name=name, mends=True)
    if no_read and tickers:
        raise UsageError("--no-read cannot be combined with --tickers", "--no-read reads nothing: use one of them.")
    work = Work(tickers_of(tickers), is_quiet=quiet, waits=not no_wait, reads=not no_read)
    return bring_up_to_date(opened, work)


def command_ingest(
    *, book: Path | None, full: bool, tickers: str, quiet: bool, no_wait: bool, workers: int | None
) -> int:
    """Read new bars from the source; replays nothing."""
    opened = open_book(folder_of(book), overrides=overrides_of(workers=workers), mends=True)
    work = Work(tickers_of(tickers), is_quiet=quiet, waits=not no_wait)
    use_cache_folder()
    with book_lock(opened.folder, "ingest", wait=work.waits, on_wait=waiting):
        sweep_book(opened)
        landed = take_landing(opened)
        plan = make_plan(opened, full=full, only=list(work.only))
        before = {t: f.get("version") for t, f in opened.lake.ticker_footers(TABLE).items()}
        stages = [name for name in plan.stages if name in BARS]
        if stages:
            code = run_base(opened, RunPlan(plan.ingest, [], stages), work, is_full=full)
            if code:
                return code
            write_warehouse(opened)
        after = opened.lake.ticker_footers(TABLE)
        n_changed = sum(before.get(t) != facts["version"] for t, facts in after.items())
        n_bars = sum(facts["n_rows"] for facts in after.values())
        say(
            f"{len(plan.ingest.stale)} of {len(plan.ingest.listed)} tickers read, {n_changed} changed, "
            f"{n_bars:,} bars in the lake"
        )
        return last_lines(opened, landed)
