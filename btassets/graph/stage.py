"""What a stage is: one declaration that everything else is derived from.

Belongs here: the type of a declaration, and what follows from one declaration alone. Does not belong here: any
stage (the files of the groups), what follows from all of them together (`flow.py`).
"""

from dataclasses import dataclass
from typing import Literal

from btassets.graph.columns import TableSpec

Keyed = Literal["shared", "replay", "scenario"]

EVERYTHING = ("",)
"""Settings of a stage that shows every setting; those of executor and schedule decide no number."""

METHOD = ("profile", "method", "gates", "costs", "exits")
"""Settings that decide which setups count, which of them qualify, and what each earned."""

UNIVERSE = ("universe", "benchmark", "source.ticker_pattern")
"""Settings that decide which tickers of the lake are in use (`stages.bars.universe`)."""


@dataclass(frozen=True)
class Check:
    """One check of a stage: its name, what must hold, and whether what is below the stage stops when it fails."""

    name: str
    about: str
    is_blocking: bool = False


@dataclass(frozen=True)
class Reads:
    """What something that is no stage (a study, a command) reads of a book.

    Attributes
    ----------
    name
        Who reads, for the message about a read that is not declared.
    place
        File of this declaration.
    reads, settings, outside
        As those of a stage.
    """

    name: str
    place: str
    reads: tuple[str, ...] = ()
    settings: tuple[str, ...] = EVERYTHING
    outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes
    ----------
    name
        Asset key, first table, SQL model or module, and method page alike.
    group
        Group on the page, and folder below `stages/`.
    about
        First line of its page, in plain words.
    compute
        `module:function` that computes it, or the file of its SQL model. The function takes the tables that the
        stage reads and its settings, and returns a `StageResult`. The code behind the stage is what this module
        imports (`btassets.run.stage_code`).
    tables
        Tables it writes; the first is the stage's own and has its name.
    reads
        Tables it reads, and stores (see `stores`).
    settings
        Dotted settings or sections that it reads.
    outside
        Inputs beyond tables and settings, by their names in `outside.py`.
    keyed
        What its files are kept by: one for the book, one per replay, one per scenario.
    is_partitioned
        Whether it is partitioned by ticker: its table is kept in hash buckets, and it is brought up to date
        ticker by ticker.
    stores
        Bucketed tables that it writes beside its own, for other stages only.
    writes
        What it writes beyond tables, by the names in `outside.py`.
    checks
        Checks that are returned with its tables.
    judge
        `module:function` that decides the checks; empty: the asset decides them itself, or it has none.
    has_query_checks
        Whether every query of `dbt_like_sql/tests` is a check of the stage, too.
    resources
        Files and folders beside the code that decide its answer.
    kinds
        Technology badges on the page.
    work
        Estimated CPU seconds at 6,000 tickers x 10 years; the head of the longest remaining path starts first.
    """

    name: str
    group: str
    about: str
    compute: str
    tables: tuple[TableSpec, ...]
    reads: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    keyed: Keyed = "scenario"
    is_partitioned: bool = False
    stores: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    judge: str = ""
    has_query_checks: bool = False
    resources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("python",)
    work: float = 0.1

    @property
    def is_sql(self) -> bool:
        """Whether an SQL model computes it."""
        return self.compute.endswith(".sql")

    @property
    def module(self) -> str | None:
        """Module of its `compute`; None for an SQL model."""
        return None if self.is_sql else self.compute.partition(":")[0]

    @property
    def place(self) -> str:
        """File of this declaration."""
        return f"btassets/graph/{self.group}.py"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the tables that it writes."""
        return tuple(spec.name for spec in self.tables)


def model(
    group: str,
    about: str,
    table: TableSpec,
    *,
    reads: tuple[str, ...],
    settings: tuple[str, ...] = (),
    checks: tuple[Check, ...] = (),
    judge: str = "",
    work: float = 0.1,
) -> Stage:
    """Stage that the SQL model of the same name computes: `dbt_like_sql/NAME.sql`."""
    return Stage(
        table.name,
        group,
        about,
        f"dbt_like_sql/{table.name}.sql",
        (table,),
        reads,
        settings,
        checks=checks,
        judge=judge,
        kinds=("sql", "duckdb"),
        work=work,
    )
