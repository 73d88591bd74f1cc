"""`init`, `doctor`, `config`: create a book, check it, print its settings.

Belongs here: the output of these commands. Does not belong here: settings themselves (`btassets.settings`).
"""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from btassets import __version__
from btassets.arrivals.first_look import MAX_SHOWN, first_look
from btassets.arrivals.of_book import data_findings
from btassets.book.book import Book, open_book
from btassets.book.new_book import DEMO_SETTINGS, make_book
from btassets.cli.terminal import say, show_table
from btassets.cli.where import book_of, folder_of, overrides_of
from btassets.errors import BtassetsError, DamagedFileError, NoBarsError, StaleBarsError, UsageError
from btassets.masking import mask
from btassets.settings.load import KEYS, resolve
from btassets.settings.models import Settings, flatten
from btassets.sources.files.folder_guess import FolderGuess, guess_folder
from btassets.sources.universe.ticker_names import canonical_ticker

_MIN_FREE_GB = 1.0


def command_init(
    *,
    folder: Path,
    source: str,
    path: str | None,
    benchmark: str | None,
    calendar: str | None,
    basis: str | None,
    profile: str | None,
) -> int:
    """Create a book and print the next steps."""
    values: dict[str, object] = dict(DEMO_SETTINGS) if source == "demo" else {"source.kind": source}
    if source == "files" and not path:
        raise UsageError("init --source files: no --path", "name the folder (or long file) of your bars.")
    folder = folder.absolute()
    place = Path(path or "").expanduser()
    if path:
        if not place.exists():
            raise NoBarsError(f"source {place}", "no such folder or file", "name the folder of your bars.")
        values["source.path"] = str(place.absolute())
    given = {"calendar": calendar, "source.basis": basis}
    guess = guess_folder(place) if source == "files" and path else FolderGuess()
    seen = {key: why for key, why in guess.seen.items() if given.get(key) is None}
    values |= {key: guess.values[key] for key in seen}
    if benchmark:
        file = Path(benchmark).expanduser()
        values["benchmark"] = str(file.absolute()) if file.is_file() else benchmark
    chosen = {"calendar": calendar, "profile": profile, "source.basis": basis}
    values |= {key: value for key, value in chosen.items() if value is not None}
    resolve(overrides=values)
    make_book(folder, values, seen)
    if seen:
        say("found in the files, and written into btassets.toml:")
        for key, why in seen.items():
            say(f"  {key} = {values[key]!r}: {why}")
    for text in first_look(open_book(folder), with_refusal=True) if source == "files" else []:
        say(f"look: {text}")
    say(f"{folder}: a new book. Next:")
    say(f"  cd {_shown(folder)}")
    say("  btassets doctor    checks the source and the settings")
    say("  btassets run       reads the bars, replays, reports")
    say("  btassets today     lists what qualifies")
    if values.get("benchmark", "none") == "none":
        say(
            "No benchmark is set, so comparisons with one are missing. Set benchmark in btassets.toml to a file or "
            "to a ticker of the source."
        )
    return 0


def _shown(folder: Path) -> str:
    try:
        return str(folder.relative_to(Path.cwd())) or "."
    except ValueError:
        return str(folder)


def command_config(*, book: Path | None, scenario: str | None, changed: bool, assignments: tuple[str, ...]) -> int:
    """Print every setting with its origin; secrets are not settings and never shown."""
    opened = book_of(book, scenario=scenario, overrides=overrides_of(assignments))
    values, defaults = flatten(opened.settings), flatten(Settings())
    rows = []
    for key in KEYS:
        origin = opened.resolved.origin.get(key, "default")
        if not changed or values[key] != defaults[key]:
            rows.append((key, _word(key, values[key]), origin))
    show_table(rows, ("setting", "value", "from"))
    say(
        f"scenario {opened.scenario}, settings hash {opened.resolved.hash}; scenarios in the file: "
        f"{', '.join(opened.resolved.scenarios) or 'none'}"
    )
    return 0


def _word(key: str, value: object) -> str:
    if key == "schedule.webhook" and value:
        return "set, not shown"  # the URL alone authorizes a post
    if isinstance(value, dict):
        return " ".join(f"{name}={_word('', item)}" for name, item in value.items() if item != "")
    if isinstance(value, tuple) and any(isinstance(item, dict) for item in value):
        return "; ".join(_word("", item) for item in value)
    if isinstance(value, tuple):
        return mask("[" + ", ".join(map(str, value)) + "]")
    return str(value).lower() if isinstance(value, bool) else mask(str(value))


def command_doctor(*, book: Path | None, max_age: int | None, deep: bool) -> int:
    """Run every check of the book; the exit code is that of the first finding that would stop a run."""
    folder = folder_of(book)
    opened = open_book(folder)
    worst: BtassetsError | None = None
    rows: list[tuple[str, str, str]] = []
    checks: list[tuple[str, Callable[[Book], str]]] = [
        ("versions", _versions),
        (
            "settings",
            lambda b: f"{folder / 'btassets.toml'}, hash {b.resolved.hash}, profile {b.settings.profile}",
        ),
        ("write rights", _write_rights),
        ("free disk", _free_disk),
        ("source", _source),
        ("universe", _universe),
        ("calendar", _calendar),
        ("benchmark", _benchmark),
        ("lake", _lake),
        ("quality", _quality),
        ("first look", _first_look),
        ("overrides", _overrides),
        ("age of bars", lambda b: _age(b, max_age)),
        ("journal", _journal),
        ("history", _history),
        ("definitions", _definitions),
    ]
    for name, look in checks:
        try:
            rows.append(("ok", name, look(opened)))
        except BtassetsError as error:
            rows.append(("FAIL", name, str(error)))
            worst = worst or error
    show_table(rows, styles={"ok": "green", "FAIL": "bold red"})
    if deep:
        worst = _deep(opened) or worst
    return worst.exit_code if worst is not None else 0


_MAX_NAMED = 20


def _deep(book: Book) -> BtassetsError | None:
    """Verify every byte and print a table of the results; the first damage, None without."""
    from btassets.book.deep_check import deep_check
    from btassets.run.tables import inputs_of
    from btassets.stages.bars.bar_store import changed_versions

    found = deep_check(book)
    say("")
    head = ("verified", "files", "MB", "rows", "damaged")
    show_table([(c.kind, c.n_files, round(c.n_bytes / 1e6, 1), c.n_rows, len(c.damaged)) for c in found], head)
    damaged = [line for c in found for line in c.damaged]
    damaged += [] if damaged else changed_versions(inputs_of("ohlcv_history", book)[0].bucketed("ohlcv_history"))
    for line in (damaged + [note for c in found for note in c.notes])[:_MAX_NAMED]:
        say(f"  {line}")
    if not damaged:
        say("every file matches its checksum")
        return None
    say(f"{len(damaged)} damaged files: `btassets run` rebuilds them")
    path, _, problem = damaged[0].partition(": ")
    return DamagedFileError(path, problem)


def _versions(_book: Book) -> str:
    names = ("dagster", "duckdb", "pyarrow", "numpy", "numba", "pandas")
    found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return f"btassets {__version__}, Python {platform.python_version()} on {sys.platform}, {found}"


def _write_rights(book: Book) -> str:
    """Query without writing: the book stays unchanged."""
    for name in ("", "data", "reports", ".dagster"):
        folder = book.folder / name
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            from btassets.errors import CannotWriteError

            raise CannotWriteError(str(folder), "readable but not writable: no run is possible here")
    return f"{book.folder} is writable"


def _free_disk(book: Book) -> str:
    free = shutil.disk_usage(book.folder).free / 1e9
    if free < _MIN_FREE_GB:
        from btassets.errors import CannotWriteError

        raise CannotWriteError(str(book.folder), f"only {free:.1f} GB are free")
    return f"{free:.0f} GB"


def _source(book: Book) -> str:
    from btassets.arrivals.of_book import plan_ingest
    from btassets.sources.base import source_problems
    from btassets.sources.open_source import open_source

    plan = plan_ingest(book)
    what = f"{book.base.source.kind} {book.base.source.path}".strip()
    found = source_problems(open_source(book.base, book.folder, book.lake))
    passed_over = "".join(f"; {problem.text}" for problem in found)
    return f"{what}: {len(plan.listed)} tickers, {len(plan.stale)} not read yet or changed since{passed_over}"


def _universe(book: Book) -> str:
    universe, members = book.base.universe, book.membership
    if members is None:
        named = f"{len(universe.tickers)} tickers by name" if universe.tickers else "all tickers of the source"
        return f"{named}; membership at each date is unknown"
    from btassets.arrivals.of_book import active_tickers

    n_spells = sum(len(own) for own in members.spells.values())
    known = set(active_tickers(book))
    missing = [ticker for ticker in members.spells if ticker not in known]
    without = f"; {len(missing)} without bars so far (first: {missing[0]})" if missing else ""
    return f"{members.name}: {len(members.spells)} members ever, {n_spells} spells{without}"


def _calendar(book: Book) -> str:
    if book.base.calendar == "data":
        return "data: the union of the bars' dates"
    from btassets.sources.calendar.calendars import exchange_sessions

    days = exchange_sessions(book.lake, book.base.calendar, 18262, 18627)
    return f"{book.base.calendar}: {len(days)} sessions in 2020"


def _benchmark(book: Book) -> str:
    name = book.base.benchmark
    if name == "none":
        return "none: no residual momentum and no comparisons"
    from btassets.settings.source_settings import SourceColumns
    from btassets.sources.files.benchmark_file import read_benchmark
    from btassets.sources.files.column_mapping import ColumnNames
    from btassets.sources.open_source import open_source

    columns: SourceColumns = book.base.source.columns
    bars = read_benchmark(
        name, open_source(book.base, book.folder, book.lake), ColumnNames(**columns.model_dump()), book.folder
    )
    return f"{name}: {len(bars.dates)} bars"


def _lake(book: Book) -> str:
    footers = book.lake.ticker_footers("ohlcv_history")
    if not footers:
        return "empty: `btassets run` fills it"
    blocked = [t for t, facts in footers.items() if facts["blocked"]]
    bars = sum(facts["n_rows"] for facts in footers.values())
    problems = sum(len(facts["problems"]) for facts in footers.values())
    return (
        f"{len(footers)} tickers, {bars:,} bars, {problems} findings (`btassets export bar_problems`), "
        f"{len(blocked)} blocked{': ' + ', '.join(blocked[:5]) if blocked else ''}"
    )


def _quality(book: Book) -> str:
    """Findings of the rules: counts by rule, dropped rows, blocked days, each blocked ticker with its reason."""
    footer = book.lake.footer("bar_problems")
    if footer is None:
        return "no findings yet"
    numbers = footer.facts["numbers"]
    rules = ", ".join(f"{name.removeprefix('findings_')} {n}" for name, n in numbers.items() if "_Q" in name)
    parts = [f"findings by rule: {rules}" if rules else "no finding"]
    taken = ", ".join(f"{rule} {n}" for rule, n in footer.facts["quarantined"].items())
    parts += [f"rows dropped: {taken} (table bar_quarantine)"] if taken else []
    parts += [f"{numbers['days_blocked']} days blocked (Q19)"] if numbers["days_blocked"] else []
    parts += (
        [f"{numbers['revisions']} past values revised by the source (bar_revisions)"] if numbers["revisions"] else []
    )
    footers = book.lake.ticker_footers("ohlcv_history")
    parts += [f"blocked {footers[ticker]['blocked']}" for ticker in footer.facts["blocked"][:5]]
    return "; ".join(parts)


def _first_look(book: Book) -> str:
    """Findings in bars that no run has read yet, and the important findings of the last run."""
    found = first_look(book) or [finding.text for finding in data_findings(book)][:MAX_SHOWN]
    return "; ".join(found) or "nothing that looks wrong"


def _overrides(book: Book) -> str:
    given = book.base.quality.overrides
    footer = book.lake.footer("bar_problems")
    unused = [] if footer is None else [tuple(pair) for pair in footer.facts["unused"]]
    told = [
        f"{item.ticker} {item.rule}: {item.reason}"
        + (" (matches no finding now: remove it)" if (canonical_ticker(item.ticker), item.rule) in unused else "")
        for item in given
    ]
    return "; ".join(told) or "none"


def _age(book: Book, most: int | None) -> str:
    from btassets.arrivals.history_age import sessions_behind

    age = sessions_behind(book)
    if age is None:
        return "no bars yet"
    last, n_sessions = age
    if most is not None and n_sessions > most:
        raise StaleBarsError(last, n_sessions, most)
    return f"last session with bars {last}, {n_sessions} sessions ago"


def _journal(book: Book) -> str:
    """Verify every line of every log of the journal; a damaged one is an error."""
    from btassets.run.shown_lists import all_logs

    counts = [(place, len(log.read())) for place, log in all_logs(book).items()]
    if not counts:
        return "no list was shown yet"
    return "; ".join(f"{name} {n} lines, chain intact" for name, n in counts)


def _history(book: Book) -> str:
    from btassets.instance.runs.retention import describe_history

    return describe_history(book)


def _definitions(book: Book) -> str:
    os.environ["BTASSETS_BOOK"] = str(book.folder)
    from btassets.definitions import defs

    return f"{len(list(defs.resolve_asset_graph().get_all_asset_keys()))} assets load"
