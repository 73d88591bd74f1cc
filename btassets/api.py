"""The Python API: `import btassets as bt`.

Books are run, read and compared from a script or a notebook by the same code as the command line; tables come as pandas
frames, errors as exceptions of `btassets.errors`.

Belongs here: arguments and results of the public functions. Does not belong here: any computation.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import pyarrow as pa

from btassets.book.book import Book as OpenedBook
from btassets.book.book import open_book
from btassets.book.new_book import make_book, make_demo_book
from btassets.book.replays import drop_replays
from btassets.cli.actions.look import read_table
from btassets.cli.output.stale import refuse_stale, require_run
from btassets.cli.output.summary import report_folder
from btassets.cli.where import book_of, overrides_of
from btassets.compiled import use_cache_folder
from btassets.engine.portfolio.portfolio_rules import Policy
from btassets.errors import EXIT_SOME_TICKERS, BtassetsError, NeverRunError, UsageError
from btassets.plan import replay_alone
from btassets.run.own_flow.book_flow import flow_of
from btassets.settings.load import BASE_SCENARIO, resolve
from btassets.storage.lock import book_lock
from btassets.studies.grade.grade_inputs import read_candidate_file, read_market

if TYPE_CHECKING:
    import pandas as pd

BookLike: TypeAlias = "Book | str | Path"
Value: TypeAlias = "str | float | bool | Sequence[str | float]"

_PREFIX = "btassets: "


@dataclass(eq=False)
class RunFailedError(BtassetsError):
    """`run` ended with an error.

    Parameters
    ----------
    code
        Exit code of `btassets run`.
    message
        Its last message.
    """

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.message} (exit code {self.code})"


@dataclass(frozen=True)
class Book:
    """A book: the folder of one universe, its settings, tables and reports.

    Attributes
    ----------
    folder
        Folder with `btassets.toml`.
    scenario
        `base`: the book's own settings.
    """

    folder: Path
    scenario: str = BASE_SCENARIO

    def __init__(self, folder: str | Path, scenario: str = BASE_SCENARIO) -> None:
        """Open an existing book.

        Raises
        ------
        NoBookError
            If the folder has no settings file.
        SettingsFileError, SettingError
            If its settings are invalid.
        """
        opened = open_book(Path(folder), scenario=scenario)
        object.__setattr__(self, "folder", opened.folder)
        object.__setattr__(self, "scenario", opened.scenario)

    @classmethod
    def create(cls, folder: str | Path, settings: Mapping[str, Value]) -> Self:
        """Create a book whose settings file sets `settings`, by dotted key, and comments the others.

        Raises
        ------
        UsageError
            If the folder already holds a book.
        SettingError, UnknownSettingError
            For an invalid setting.
        """
        resolve(overrides=settings)
        return cls(make_book(Path(folder).absolute(), dict(settings)))

    @classmethod
    def demo(cls, folder: str | Path, **market: Value) -> Self:
        """Open the demo book of a folder; create it first if there is none (`tickers=30`, `preset="edge"`, ...)."""
        values = {f"demo.{name}": value for name, value in market.items()}
        resolve(overrides=values)
        return cls(make_demo_book(Path(folder).absolute(), values))

    def run(
        self,
        settings: Mapping[str, Value] | None = None,
        *,
        name: str | None = None,
        profile: str | None = None,
        tickers: Sequence[str] = (),
    ) -> "Book":
        """Read new bars and compute what is stale: `btassets run`, in a process of its own.

        Parameters
        ----------
        settings
            By dotted key, such as `{"portfolio.max_positions": 5}`: a scenario beside the book's own settings.
        name
            Name of that scenario; None: derived from the settings.
        profile
            `standard` or `legacy`, as a scenario.
        tickers
            Tickers to read; empty: every ticker with new bars.

        Returns
        -------
        Book
            The book in the scenario that was computed.

        Raises
        ------
        RunFailedError
            With the message of the command. Refused tickers are a warning: the others were computed.
        """
        assignments = [f"{key}={_as_list(value)}" for key, value in (settings or {}).items()]
        asked = None if self.scenario == BASE_SCENARIO else self.scenario
        overrides = overrides_of(assignments, profile=profile)
        computed = book_of(self.folder, scenario=asked, overrides=overrides, name=name).scenario
        words = [sys.executable, "-m", "btassets.cli", "run", "--book", str(self.folder), "--quiet"]
        words += [word for assignment in assignments for word in ("--set", assignment)]
        given = (("--scenario", asked), ("--as", name), ("--profile", profile), ("--tickers", ",".join(tickers)))
        words += [word for option, value in given if value for word in (option, value)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  (our own command)
        said = [line.removeprefix(_PREFIX) for line in done.stderr.splitlines() if line.strip()]
        if done.returncode not in (0, EXIT_SOME_TICKERS):
            raise RunFailedError(done.returncode, said[-1] if said else "no message")
        if done.returncode == EXIT_SOME_TICKERS:
            warnings.warn("\n".join(said), stacklevel=2)
        return Book(self.folder, computed)

    def table(self, name: str) -> "pd.DataFrame":
        """`btassets.table` of this book."""
        return table(self, name)

    def sweep(
        self, grid: Mapping[str, Sequence[str | float] | str], *, policy: Policy = "hold", by: str = "sharpe"
    ) -> "Sweep":
        """`btassets.sweep` of this book."""
        return sweep(self, grid, policy=policy, by=by)

    def compare(self, other: "Book") -> dict[str, Any]:
        """`btassets.compare` of this scenario and another one."""
        return compare(self, other)

    @property
    def report(self) -> dict[str, Any]:
        """report.json of the newest run of the scenario.

        Raises
        ------
        NeverRunError
            If the scenario was never run.
        """
        opened = self._open()
        require_run(opened, "backtest_report")
        folder = report_folder(opened)
        if folder is None:
            raise NeverRunError(str(opened.folder), opened.scenario)
        document: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return document

    @property
    def tables(self) -> list[str]:
        """Names for `table`."""
        return sorted(flow_of(self._open()).tables)

    def _open(self) -> OpenedBook:
        return open_book(self.folder, scenario=self.scenario)


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Attributes
    ----------
    cells
        One row per cell: the swept settings, the portfolio's numbers, neighborhood and evidence.
    document
        All of it as in sweep.json: axes, luck, current cell, best cell and plateau, trials.
    """

    cells: "pd.DataFrame"
    document: dict[str, Any]


@dataclass(frozen=True)
class Graded:
    """Setups of the user's own, graded.

    Attributes
    ----------
    rows
        One row per setup with entry, exits and R.
    report
        The report as a dict.
    warnings
        What a reader should know, a sentence each.
    """

    rows: "pd.DataFrame"
    report: dict[str, Any]
    warnings: list[str]


def table(book: BookLike, name: str) -> "pd.DataFrame":
    """One table of the book as a pandas frame, dates as datetime64.

    Parameters
    ----------
    book
        A `Book`, or a folder.
    name
        As in `Book.tables`, or `bars`, `daily_returns`.

    Raises
    ------
    UnknownTableError
        If there is no such table, or it was not computed yet.
    """
    opened = _as_book(book)._open()
    data = read_table(opened, name)
    for k, field in enumerate(data.schema):
        if pa.types.is_dictionary(field.type):
            data = data.set_column(k, field.name, data[k].cast(pa.string()))
    return data.to_pandas(date_as_object=False)


def sweep(
    book: BookLike,
    grid: Mapping[str, Sequence[str | float] | str],
    *,
    policy: Policy = "hold",
    by: str = "sharpe",
) -> Sweep:
    """One simulated portfolio per cell of a grid over settings; each distinct cell counts as a trial.

    Parameters
    ----------
    grid
        By dotted key a list of values, or `"first:last:step"`.
    policy
        Exit of the portfolios and of the setups' R.
    by
        Measure by which cells are compared, such as `sharpe` or `cagr_pct`.

    Raises
    ------
    UsageError, SettingError, UnknownSettingError
        For a grid that cannot be swept; UsageError also for a stale book.
    NeverRunError
        If the book was never run.
    """
    use_cache_folder()
    from btassets.studies.sweep.sweep import sweep_document, sweep_table  # late: compiled code, its folder first

    def replay(books: Sequence[OpenedBook]) -> None:
        for one in books:
            replay_alone(one)

    opened = _as_book(book)._open()
    words = [f"{key}={_as_word(values)}" for key, values in grid.items()]
    with book_lock(opened.folder, "sweep", wait=True):
        refuse_stale(opened, "sweep")
        document = sweep_document(
            opened, words, policy=policy, by=by, progress=lambda _done, _total: None, replay=replay
        )
        drop_replays(opened, opened.base.storage.keep_replays)
    return Sweep(sweep_table(document).to_pandas(), document)


def compare(first: Book, second: Book) -> dict[str, Any]:
    """Two scenarios of one book, paired: differences (second minus first) with intervals, trades added and removed.

    Raises
    ------
    UsageError
        If one of them was never run, or if they are two books.
    """
    if first.folder != second.folder:
        problem = f"compare: {first.folder} and {second.folder} are two books"
        raise UsageError(problem, "it pairs setups of the same bars: give two scenarios of one book.")
    use_cache_folder()
    from btassets.studies.compare.compare import compare_document  # late: compiled code, its folder first

    with book_lock(first.folder, "compare", wait=True):
        return compare_document(first._open(), second._open())


def grade(
    setups: "pd.DataFrame | str | Path",
    bars: str | Path,
    *,
    benchmark: str | Path | None = None,
    profile: str = "standard",
    settings: Mapping[str, Value] | None = None,
) -> Graded:
    """Grade a table of own setups over a folder of bars; no book is read or created.

    Parameters
    ----------
    setups
        Columns as in docs/method/grade.md, as a frame or a CSV or Parquet file.
    bars
        Folder with one file per ticker.
    benchmark
        File of the benchmark's bars.

    Raises
    ------
    CandidateTableError
        For setups that cannot be graded: which rows, and why.
    """
    use_cache_folder()
    from btassets.studies.grade.grade import grade_candidates  # late: compiled code, its folder first

    values: dict[str, Any] = {"profile": profile, "calendar": "data", **(settings or {})}
    resolved = resolve(overrides=values).settings
    given = (
        read_candidate_file(Path(setups))
        if isinstance(setups, str | Path)
        else pa.Table.from_pandas(setups, preserve_index=False)
    )
    market = read_market(Path(bars), None if benchmark is None else Path(benchmark), resolved)
    found = grade_candidates(given, market.bars, market.benchmark, resolved)
    return Graded(found.rows.to_pandas(date_as_object=False), found.report, [*market.warnings, *found.warnings])


def _as_book(book: BookLike) -> Book:
    return book if isinstance(book, Book) else Book(book)


def _as_list(value: Any) -> str:
    """A setting as the command line takes it, a sequence as one list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return json.dumps(list(value), ensure_ascii=False)
    return _as_word(value)


def _as_word(value: Any) -> str:
    """Values of a sweep as the command line takes them, a sequence as several values and one within it as a list.

    >>> _as_word([1.5, 2]), _as_word([["vol_6m <= 80", "high_52w >= 5"], "off"])
    ('1.5,2', '["vol_6m <= 80", "high_52w >= 5"],off')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(_as_list(part) for part in value)
    return str(value)
