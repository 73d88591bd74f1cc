"""Grouped arrays of the compiled portfolio code.

Belongs here: the groups, and filling them from panel, entries and exits. Does not belong here: column numbers of plain
arrays (`simulation_layout.py`) and any computation.
"""

from typing import NamedTuple

from btassets.engine.compiling import (
    BoolMatrix,
    Bools,
    Int8Matrix,
    Int32s,
    Int64Matrix,
    Int64s,
    RealMatrix,
    Reals,
    read_only,
)
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.panel import BarPanel


class PanelArrays(NamedTuple):
    """Bars of every ticker, one after another; fields as in `BarPanel`."""

    calendar: Int32s
    offsets: Int64s
    session_no: Int32s
    open: Reals
    high: Reals
    low: Reals
    close: Reals
    is_ended: Bools


class EntryArrays(NamedTuple):
    """Sorted setups; fields as in `Entries`."""

    ticker_no: Int32s
    asof_session: Int32s
    is_session: Bools
    is_long: Bools
    entry: Reals
    stop: Reals
    target: Reals
    session_starts: Int64s


class ExitArrays(NamedTuple):
    """Fills and exits, shape (n_exits, n_entries) each; fields as in `Exits`."""

    status: Int8Matrix
    fill_price: RealMatrix
    first_bar: Int64Matrix
    exit_bar: Int64Matrix
    exit_price: RealMatrix
    reason: Int8Matrix
    part_bar: Int64Matrix
    part_price: RealMatrix
    part_frac: RealMatrix


class ChoiceArrays(NamedTuple):
    """Choices of a configuration: floors and ranks, shape (n_masks or n_ranks, n_entries)."""

    masks: BoolMatrix
    ranks: RealMatrix


class ConfigArrays(NamedTuple):
    """Configurations, a row each; columns `C_*` and `K_*` of the layout.

    `trade_starts`, shape (n_books + 1,), is where the trades of each book go.
    """

    real: RealMatrix
    whole: Int64Matrix
    trade_starts: Int64s


class Wants(NamedTuple):
    """Common parameters of all portfolios of one call, and their requested outputs."""

    fills_at_open: bool
    curve: bool
    counts: bool


def panel_arrays(panel: BarPanel) -> PanelArrays:
    """Read-only views of a panel."""
    return PanelArrays(*(read_only(getattr(panel, name)) for name in PanelArrays._fields))


def entry_arrays(entries: Entries) -> EntryArrays:
    """Read-only views of setups."""
    return EntryArrays(*(read_only(getattr(entries, name)) for name in EntryArrays._fields))
