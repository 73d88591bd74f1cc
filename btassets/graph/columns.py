"""Type of a table: columns with types, units and meaning, row order, and its display on the page.

Belongs here: the types of a declaration and the columns shared by several tables. Does not belong here: any table (the
files of the groups) or its computation (`btassets.stages`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

TEXT = pa.string()
CODE = pa.dictionary(pa.int8(), pa.string())
DAY = pa.date32()
FLAG = pa.bool_()
REAL = pa.float64()
I8, I16, I32, I64 = pa.int8(), pa.int16(), pa.int32(), pa.int64()

Row = tuple[str, Any]
"""A column and the value that selects a row."""


@dataclass(frozen=True)
class Column:
    """One column: name, Arrow type, meaning with its unit, and whether nulls are allowed."""

    name: str
    type: pa.DataType
    about: str
    nullable: bool = True


@dataclass(frozen=True)
class KeyNumber:
    """A number with a stable name, plotted on the page over the runs.

    Attributes
    ----------
    name
        Key of the number.
    column
        Column of the number.
    row
        Column and value of the row that contains it.
    """

    name: str
    column: str
    row: Row


@dataclass(frozen=True)
class Page:
    """Display of a table on its page, beyond counts.

    Attributes
    ----------
    columns
        Columns of the small table; empty: no table is shown.
    rows
        Column and value of the rows shown; None: all.
    numbers
        Numbers plotted on the page over the runs.
    curves
        Table of the same stage whose main curve is drawn as a sparkline; None: none.
    has_report
        Whether the report's headline and links are shown.
    """

    columns: tuple[str, ...] = ()
    rows: Row | None = None
    numbers: tuple[KeyNumber, ...] = ()
    curves: str | None = None
    has_report: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One table: meaning of a row, columns in order, row order, and page.

    Attributes
    ----------
    order
        Sort columns of views and exports; empty: stored order.
    page
        Display on the Dagster page; None: counts only.
    is_free
        Whether the author of an own stage decides the columns, beside the scenario.
    graded
        Makes the table's declaration for other holds than the default ones; None: its columns do not depend on them.
    of_gate
        Columns added under the values of a gate with floors on signals; None: none.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    order: tuple[str, ...] = ()
    page: Page | None = None
    is_free: bool = False
    graded: "Callable[[Sequence[int]], TableSpec] | None" = None
    of_gate: "Callable[[Mapping[str, Any]], tuple[Column, ...]] | None" = None

    def beside(self, gates: Mapping[str, Any]) -> "TableSpec":
        """Declaration of the table under the values of a gate, with the columns of its floors on signals."""
        added = () if self.of_gate is None else self.of_gate(gates)
        return replace(self, columns=(*self.columns, *added)) if added else self

    def under(self, holds: Sequence[int]) -> "TableSpec":
        """Declaration of the table in a replay that grades these holds."""
        return self if self.graded is None else self.graded(holds)

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of the table, without metadata."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)


def key(name: str, kind: pa.DataType, about: str) -> Column:
    """Column without nulls."""
    return Column(name, kind, about, nullable=False)


SCENARIO = key("scenario", TEXT, "scenario that the row belongs to; base is the book's own settings")
TICKER = key("ticker", TEXT, "canonical ticker, dot class (BRK.B)")
ASOF = key("asof_date", DAY, "last session whose bar may be known, inclusive")
WEEK = Column("week", DAY, "Monday of the ISO week of the as-of date")

PERCENTILES = (
    Column("momentum_percentile", REAL, "percentile of 12-1 momentum in the week, 0-100"),
    Column("residual_momentum_percentile", REAL, "percentile of residual momentum in the week, 0-100"),
    Column("activation_momentum_percentile", REAL, "percentile used by the gate, 0-100"),
)
"""Percentile ranks of a ticker in a week."""

ESTIMATE = (
    Column("estimate", REAL, "the estimate, in its unit"),
    Column("unit", TEXT, "r, frac, pct_a_year, ic, usd, days ..."),
    Column("se", REAL, "standard error (equal-weighted cosines); null: history too short"),
    Column("dof", I32, "degrees of freedom of the error"),
    Column("ci_lo", REAL, "lower end of the 95% interval"),
    Column("ci_hi", REAL, "upper end of the 95% interval"),
    Column("n_setups", I64, "observations: setups, weeks of a series, or days of a curve"),
    Column("n_weeks", I64, "weeks (for a curve: days) from the first to the last observation"),
    Column("n_eff", REAL, "number of independent observations with the same standard error"),
    Column("p_raw", REAL, "unadjusted two-sided p-value of the estimate against 0"),
    Column("mde80", REAL, "smallest true effect detectable with 80% power"),
)
"""An estimate with its standard error; shared by all tables of the statistics."""

ADJUSTED = (
    Column("family", TEXT, "comparisons in the family"),
    Column("family_size", I32, "comparisons of the family with a standard error"),
    Column("p_adj", REAL, "two-sided p-value adjusted for the whole family"),
    Column("adj_method", TEXT, "step_down, benjamini_hochberg or none"),
)
"""The p-value over a family of comparisons."""

OUT_OF_SAMPLE = (
    Column("oos_estimate", REAL, "the estimate over the test weeks of the walk-forward windows"),
    Column("oos_p", REAL, "its one-sided p-value, in the direction of the full-history estimate"),
    Column("oos_windows", I32, "windows with a test"),
    Column("oos_confirmed", TEXT, "yes, weak, no or n/a (under four windows: in-sample only)"),
)
"""The estimate over the test weeks of the walk-forward."""
