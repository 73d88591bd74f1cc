"""Type of a stage's declaration, from which everything else is derived.

Belongs here: the type, and properties of a single declaration. Does not belong here: any stage (the files of the
groups), properties of all of them together (`flow.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from btassets.graph.columns import TableSpec

Keyed = Literal["shared", "replay", "scenario"]

EVERYTHING = ("",)
"""Settings of a stage that shows every setting; those of executor and schedule affect no number."""

METHOD = ("profile", "method", "gates", "costs", "exits", "engine.horizon_days", "engine.gap_days")
"""Settings that select setups, decide which qualify, and determine their results."""

UNIVERSE = ("universe", "benchmark", "source.ticker_pattern")
"""Settings that select the tickers in use from the lake (`stages.bars.universe`)."""


class NamesSignals(Protocol):
    """A gate, as far as it decides what a stage reads: the declarations import no settings."""

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals whose percentiles it uses."""
        ...


class HasGate(Protocol):
    """A book's settings, as far as they decide what a stage reads."""

    @property
    def gates(self) -> NamesSignals:
        """The gate."""
        ...


@dataclass(frozen=True)
class Check:
    """One check of a stage: its name, its rule, and whether a failure stops downstream stages."""

    name: str
    about: str
    is_blocking: bool = False


@dataclass(frozen=True)
class Reads:
    """Inputs from a book of a reader that is not a stage (a study, a command).

    Attributes
    ----------
    name
        Name of the reader, for the message about an undeclared read.
    place
        File of this declaration.
    reads, settings, outside
        As for a stage.
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
        Name of asset, first table, SQL model or module, and method page.
    group
        Group on the page, and folder below `stages/`.
    about
        First line of its page.
    compute
        `module:function` that computes it, or the file of its SQL model. The function takes the stage's tables and
        settings, and returns a `StageResult`. The code behind the stage is the import closure of this module
        (`btassets.run.stage_code`).
    tables
        Tables it writes; the first one has the stage's name.
    reads
        Tables and stores (see `stores`) it reads.
    settings
        Dotted settings or sections it reads.
    outside
        Inputs beyond tables and settings, by their names in `outside.py`.
    keyed
        Scope of its files: one set for the book, one per replay, one per scenario.
    is_partitioned
        Whether it is partitioned by ticker: its table is stored in hash buckets, and updated ticker by ticker.
    stores
        Bucketed tables it writes in addition, for other stages only.
    writes
        Outputs beyond tables, by their names in `outside.py`.
    checks
        Checks returned with its tables.
    judge
        `module:function` that evaluates the checks; empty: the asset evaluates them itself, or has none.
    rereads
        Whether it may read its own former tables, to compute only what changed.
    has_query_checks
        Whether every query of `dbt_like_sql/tests` is also a check of the stage.
    resources
        Files and folders besides code that affect its result.
    kinds
        Technology badges on the page.
    reads_if
        Tables of `reads` that count only under some settings; under others they do not make the stage stale. The order
        of a run is the same under all settings, because Dagster's graph is.
    own_code
        Of a stage of own code the hash of each file behind it, by its name; empty: a stage of every book.
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
    rereads: bool = False
    has_query_checks: bool = False
    resources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("python",)
    reads_if: tuple[tuple[str, Callable[[HasGate], bool]], ...] = ()
    own_code: tuple[tuple[str, str], ...] = ()
    work: float = 0.1

    def under(self, settings: HasGate) -> "Stage":
        """Declaration under a book's settings: without reads that do not count."""
        spared = {name for name, counts in self.reads_if if not counts(settings)}
        return replace(self, reads=tuple(name for name in self.reads if name not in spared)) if spared else self

    @property
    def is_sql(self) -> bool:
        """Whether it is an SQL model."""
        return self.compute.endswith(".sql")

    @property
    def module(self) -> str | None:
        """Module of its `compute`; None for an SQL model."""
        return None if self.is_sql else self.compute.partition(":")[0]

    @property
    def place(self) -> str:
        """File of this declaration."""
        return self.own_code[0][0] if self.own_code else f"btassets/graph/{self.group}.py"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the tables it writes."""
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
    """Stage computed by the SQL model of the same name: `dbt_like_sql/NAME.sql`."""
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
