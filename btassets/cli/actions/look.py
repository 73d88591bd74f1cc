"""`today`, `report`, `export`: print results of a run, or write them to a file.

Belongs here: reading and printing. Nothing is computed or written in the book.
"""

import webbrowser
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from btassets.arrivals.history_age import sessions_behind
from btassets.arrivals.of_book import bars_table
from btassets.book.book import Book
from btassets.cli.output.csv_text import json_text, safe_table
from btassets.cli.output.out_file import checked_out
from btassets.cli.output.stale import require_run, warn_if_stale
from btassets.cli.output.summary import headline_lines, report_folder
from btassets.cli.terminal import say, tell
from btassets.cli.where import book_of
from btassets.errors import NeverRunError, StaleBarsError, UnknownTableError
from btassets.graph.advice import VERDICTS
from btassets.graph.flow import TABLES
from btassets.graph.portfolio import TRIALS
from btassets.own.stages.row_order import sorted_rows
from btassets.run.own_flow.book_flow import BUILT_IN, flow_of
from btassets.run.own_flow.own_stages import refuse_left_out
from btassets.run.tables import folder_of_buckets, inputs_of, key_of
from btassets.run.trials import read_trials
from btassets.run.verdict_history import read_verdicts
from btassets.settings.renamed import RENAMED_TABLES
from btassets.storage.files import replace_file
from btassets.storage.sealed import read_all
from btassets.studies.export import daily_returns

_STALE_SESSIONS = 3
_OF_NO_STAGE = {TRIALS.name: read_trials, VERDICTS.name: read_verdicts, daily_returns.NAME: daily_returns.returns_table}
"""Tables not written by a stage."""


def command_today(
    *,
    book: Path | None,
    layout: str,
    capital: float | None,
    cash: float | None,
    orders: Path | None,
    is_explained: bool,
    signal_day: bool,
    max_age: int | None,
    scenario: str | None,
) -> int:
    """Print the setups that qualify at the last session, with sizes, the nearest misses, and what an account does."""
    from btassets.cli.actions.todays_account import plan_of, plan_values, print_plan, write_orders
    from btassets.cli.output.todays_text import print_list
    from btassets.render.todays_list import CAPITAL_USD, as_csv, as_json
    from btassets.stages.advice.todays_setups import todays_list

    opened = book_of(book, scenario=scenario)
    require_run(opened, "todays_setups")
    age = sessions_behind(opened)
    if age is None:
        raise NeverRunError(str(opened.folder))
    if max_age is not None and age[1] > max_age:
        raise StaleBarsError(age[0], age[1], max_age)
    found = todays_list(*inputs_of("todays_setups", opened, own=True), signal_day=signal_day)
    plan = plan_of(opened, found, cash=cash, orders=orders)
    rules = opened.settings.portfolio
    sizes = {
        "capital": capital or (CAPITAL_USD if plan is None else plan.equity),
        "risk_frac": rules.risk_frac,
        "cap_frac": rules.notional_cap_frac,
    }
    if layout == "json":
        say(as_json(found, **sizes, account=plan_values(plan)).rstrip("\n"))
    elif layout == "csv":
        say(as_csv(found, **sizes).rstrip("\n"))
    else:
        print_list(found, is_explained=is_explained, **sizes)
    if plan is not None and layout == "table":
        print_plan(plan)
    if plan is not None and orders is not None:
        write_orders(plan, orders)
    warn_if_stale(opened, "todays_setups")
    if age[1] > _STALE_SESSIONS:
        tell(
            f"warning: the bars end on {age[0]}, {age[1]} sessions ago; run `btassets run` when the source has newer "
            "ones"
        )
    return 0


def command_report(*, book: Path | None, scenario: str | None, is_opened: bool) -> int:
    """Print the headline and the path of the report."""
    opened = book_of(book, scenario=scenario)
    require_run(opened, "backtest_report")
    folder = report_folder(opened)
    if folder is None:
        raise NeverRunError(str(opened.folder), opened.scenario)
    for line in headline_lines(opened):
        say(line)
    warn_if_stale(opened, "backtest_report")
    if is_opened:
        webbrowser.open((folder / "report.html").as_uri())
    return 0


def command_export(
    *, table: str, book: Path | None, out: Path, grid: str, profile: str | None, scenario: str | None
) -> int:
    """Write one table to a Parquet, CSV or JSON file."""
    opened = book_of(book, scenario=scenario)
    checked_out(out, book=opened)
    if table in known_tables(opened):
        require_run(opened, "bar_problems" if table == "bar_problems" else "sessions")
    if table == "candidates" and not opened.lake.bucket_files(opened.candidates):
        tell(f"scenario {opened.scenario} was never run: its rows come from the base replay")
        opened = opened.in_base()
    data = read_table(opened, table)
    if table == "candidates":
        data = _of_grid(data, grid, profile, opened.settings.engine.horizon_days)
    is_indexed = table == daily_returns.NAME and out.suffix.lower() == ".parquet"
    write_table(daily_returns.with_date_index(data) if is_indexed else data, out)
    say(f"{data.num_rows:,} rows of {table}, scenario {opened.scenario}: {out}")
    warn_if_stale(opened, table)
    return 0


def _of_grid(data: pa.Table, grid: str, profile: str | None, horizon_days: int) -> pa.Table:
    if profile is not None and grid == "all":
        grid = "bar" if profile == "legacy" else "week"
    if grid == "all":
        return data
    rows = data.filter(data[f"is_{grid}"])
    # The legacy profile's replay has no row without the forward bars of its horizon.
    return rows.filter(pc.greater_equal(rows["n_forward"], horizon_days)) if profile == "legacy" else rows


def known_tables(book: Book | None = None) -> list[str]:
    """Table names accepted by `export`; of a book those of its own stages, too."""
    flow = BUILT_IN if book is None else flow_of(book)
    return sorted({*flow.tables, *_OF_NO_STAGE})


def read_table(book: Book, name: str) -> pa.Table:
    """Read a table of the book by the name of its asset, in its stated order.

    Raises
    ------
    UnknownTableError
        If no asset has this name, or it was not computed yet.
    StageLeftOutError
        If it is that of an own stage which failed.
    """
    if name == "bars":
        return bars_table(book)
    if name in _OF_NO_STAGE:
        return _OF_NO_STAGE[name](book)
    folder = folder_of_buckets(name, book) if name in TABLES else None
    if folder is not None:
        return _read_buckets(book, name, folder)
    flow = flow_of(book)
    stage = flow.stage_of_table(name)
    if stage is None:
        raise UnknownTableError(name, known_tables(book), "no asset has this name", RENAMED_TABLES.get(name))
    refuse_left_out(book, [name])
    data = book.lake.read(name, key_of(stage, book))
    own = [column for column in flow.tables[name].order if column != "scenario"]
    return sorted_rows(data, own) if own else data


def _read_buckets(book: Book, name: str, folder: str) -> pa.Table:
    files = book.lake.bucket_files(folder)
    if not files:
        raise UnknownTableError(name, known_tables(book), "nothing computed yet")
    parts = [part for path in files if (part := _read_file(path)).num_rows]
    if not parts:
        return TABLES[name].schema.empty_table()
    return sorted_rows(pa.concat_tables(parts).unify_dictionaries(), TABLES[name].order)


def _read_file(path: Path) -> pa.Table:
    return read_all(path)


def write_table(data: pa.Table, path: Path) -> None:
    """Write a table in the format given by the file's suffix; the path was validated by `checked_out`."""
    kind, place = path.suffix.lower(), path.resolve()
    if kind == ".parquet":
        replace_file(place, lambda temporary: pq.write_table(data, temporary))
    elif kind == ".csv":
        replace_file(place, lambda temporary: pacsv.write_csv(safe_table(data), temporary))
    else:
        replace_file(place, lambda temporary: temporary.write_text(json_text(data.to_pylist()), encoding="utf-8"))
