"""A candidate table that somebody else made, read into one shape (docs/method/grade.md).

Belongs here: which columns `grade` needs, what it accepts in them, the tie order, and what is said when
a column is absent. Does not belong here: grading, and reading files.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.errors import CandidateTableError
from btassets.settings.models import Gates
from btassets.studies.grade.setup_rules import check_columns, check_days, check_prices

TABLE = "candidates"

_PRICES = ("entry", "stop", "target")
_SCORES = ("rr", "confidence", "primary_prob", "best_prob", "ev", "momentum", "residual_momentum")
_LABELS = ("action", "risk_level")


@dataclass(frozen=True)
class GivenSetups:
    """Given setups in the tie order: ticker bytes, date, long before short, then as they came.

    Attributes
    ----------
    table
        The given columns, sorted, values untouched.
    date_name
        `date` or `asof_date`, as given.
    ticker, direction
        Text, shape (n_rows,).
    days
        Days since 1970-01-01, int32.
    reals
        Prices and scores as float64, NaN = missing; a column that was not given is all NaN, `rr` is
        filled from the prices.
    labels
        `action`, `risk_level` as text, null = missing.
    meets_core
        The table's own verdict, None without one: only compared with ours.
    given
        Names of the given columns.
    notes
        What was filled in or looks unusual, one sentence each.
    """

    table: pa.Table
    date_name: str
    ticker: pa.Array
    direction: pa.Array
    days: npt.NDArray[np.int32]
    reals: dict[str, npt.NDArray[np.float64]]
    labels: dict[str, pa.Array]
    meets_core: pa.Array | None
    given: frozenset[str]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return self.table.num_rows


def read_setups(table: pa.Table) -> GivenSetups:
    """Check and sort a candidate table.

    Raises
    ------
    CandidateTableError
        A needed column is absent or cannot be read, or a ticker, date, direction, entry or stop is
        missing in some row.
    """
    check_columns(table)
    date_name = "date" if "date" in table.column_names else "asof_date"
    missing = [name for name in ("ticker", date_name, "direction", *_PRICES) if name not in table.column_names]
    if not missing and not table.num_rows:
        raise CandidateTableError(TABLE, "no rows", "give at least one setup.")
    if missing:
        problem = f"no column {', '.join(missing)}"
        raise CandidateTableError(TABLE, problem, "give ticker, date (or asof_date), direction, entry, stop, target.")
    ticker = _cast(table, "ticker", pa.string())
    days = _cast(table, date_name, pa.date32()).cast(pa.int32())
    direction = _cast(table, "direction", pa.string())
    place = pc.if_else(pc.equal(direction, "long"), 0, pc.if_else(pc.equal(direction, "short"), 1, 2))
    for name, column in (("ticker", ticker), (date_name, days), ("direction", direction)):
        _refuse_missing(name, column)
    keys = pa.table({"ticker": ticker, "day": days, "place": place})
    order = pc.sort_indices(keys, [("ticker", "ascending"), ("day", "ascending"), ("place", "ascending")])
    table = table.take(order)
    reals = {name: _real(table, name) for name in (*_PRICES, *_SCORES)}
    check_prices({name: reals[name] for name in _PRICES})
    check_days(days.to_numpy(), date_name)
    for name in ("entry", "stop"):
        _refuse_missing(name, pa.array(reals[name], mask=~np.isfinite(reals[name])))
    notes = []
    n_odd = int(pc.sum(pc.greater(place, 1)).as_py() or 0)
    if n_odd:
        notes.append(f"{n_odd} rows have a direction other than long or short; they are graded as shorts.")
    if note := _fill_rr(reals, is_given="rr" in table.column_names):
        notes.append(note)
    return GivenSetups(
        table,
        date_name,
        ticker.take(order),
        direction.take(order),
        days.take(order).to_numpy(),
        reals,
        {name: _label(table, name) for name in _LABELS},
        _cast(table, "meets_core", pa.bool_()) if "meets_core" in table.column_names else None,
        frozenset(table.column_names),
        tuple(notes),
    )


def without_floors_of_absent_columns(gates: Gates, given: frozenset[str]) -> tuple[Gates, list[str]]:
    """Gates that a table without some columns can be held to, and a warning per floor that is left out."""
    needs: dict[str, tuple[str, Any, bool]] = {
        "min_confidence": ("confidence", 0.0, gates.min_confidence > 0),
        "exclude_neutral": ("action", False, gates.exclude_neutral),
        "require_high_conviction": ("action", False, gates.require_high_conviction),
        "exclude_conflicts": ("risk_level", False, gates.exclude_conflicts),
        "min_target_probability": ("best_prob", 0.0, gates.min_target_probability > 0),
        "min_ev": ("primary_prob", None, gates.min_ev is not None and "ev" not in given),
    }
    off = {floor: value for floor, (name, value, is_on) in needs.items() if is_on and name not in given}
    warnings = []
    for floor in off:
        column, value = needs[floor][0], getattr(gates, floor)
        warnings.append(f"candidates have no column {column}: the floor {floor} = {value} passes every row.")
    return gates.model_copy(update=off), warnings


def _cast(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    column = table[name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # no rows at all
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    is_day = pa.types.is_timestamp(column.type) and pa.types.is_date32(kind)
    try:
        return column.cast(kind, safe=not is_day)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise CandidateTableError(TABLE, f"column {name}: {error}", f"it must be readable as {kind}.") from error


def _real(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return _cast(table, name, pa.float64()).to_numpy(zero_copy_only=False)


def _label(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    return _cast(table, name, pa.string())


def _refuse_missing(name: str, column: pa.Array) -> None:
    if column.null_count:
        first = pc.index(pc.is_null(column), value=True).as_py() + 1
        problem = f"column {name} is missing in {column.null_count} rows, first in row {first}"
        raise CandidateTableError(TABLE, problem, "every setup needs it; fill it in or leave the row out.")


def _fill_rr(reals: dict[str, npt.NDArray[np.float64]], *, is_given: bool) -> str | None:
    """Distance to the target over distance to the stop where `rr` is missing; 0 without either."""
    is_missing = np.isnan(reals["rr"])
    if not is_missing.any():
        return None
    risk = np.abs(reals["entry"] - reals["stop"])
    reward = np.abs(reals["target"] - reals["entry"])
    has_both = (risk > 0) & np.isfinite(reward)
    computed = np.divide(reward, risk, out=np.zeros(len(risk)), where=has_both)
    reals["rr"] = np.where(is_missing, computed, reals["rr"])
    return f"rr is missing in {int(is_missing.sum())} rows; it was computed from the prices." if is_given else None
