"""A user's candidate table, normalized (docs/method/grade.md).

Belongs here: the columns required by `grade`, accepted values, the tie order, and messages about absent columns. Does
not belong here: grading, and reading files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.counted import counted
from btassets.engine.days import iso_day
from btassets.engine.floors import BUILT_IN_RANKING, FLOORS
from btassets.errors import CandidateTableError
from btassets.settings.models import Gates
from btassets.sources.files.column_guess import same_name
from btassets.sources.values.dates import read_days
from btassets.sources.values.directions import read_directions
from btassets.sources.values.numbers import read_numbers
from btassets.sources.values.tickers import TickerNames, read_ticker
from btassets.sources.values.unreadable import UnreadableValueError
from btassets.studies.grade.setup_rules import check_days

TABLE = "candidates"

Floats = npt.NDArray[np.float64]

_PRICES = ("entry", "stop", "target")
_SCORES = ("rr", "confidence", "primary_prob", "best_prob", "ev", "momentum", "residual_momentum")
_LABELS = ("action", "risk_level")
_COMPUTED_FROM = {"ev": ("primary_prob",), "rr": ("entry", "stop", "target")}
"""Columns computed from others if they are not given."""


_MAX_NUMBER = 1e12
"""Larger ones, and infinite ones, are misprints, and would overflow in sums."""


@dataclass(frozen=True)
class GivenSetups:
    """Given setups in the tie order: ticker bytes, date, long before short, then input order.

    Attributes
    ----------
    table
        The given columns, sorted, values untouched.
    date_name
        `date` or `asof_date`, as given.
    ticker, direction
        Text, shape (n_rows,): the bars' spelling of the ticker, and long or short.
    days
        Days since 1970-01-01, int32.
    reals
        Prices and scores as float64, NaN = missing; a column that was not given is all NaN, `rr` is computed from the
        prices.
    labels
        `action`, `risk_level` as text, null = missing.
    meets_core
        The table's own verdict, None without one; only compared with ours.
    given
        Names of the given columns.
    notes
        Filled-in or unusual values, one sentence each.
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


def read_setups(table: pa.Table, names: TickerNames | None = None, *, is_legacy: bool = False) -> GivenSetups:
    """Check and sort a candidate table.

    Parameters
    ----------
    table
        Columns as in docs/method/grade.md, in any case.
    names
        Tickers with bars: a given one is found under any of its spellings. None: canonical spelling only.
    is_legacy
        The `rr` of a row without a target and without one of its own is 0, and not missing.

    Raises
    ------
    CandidateTableError
        A required column is absent or unreadable, or a ticker, date, direction, entry or stop is missing or impossible
        in some row.
    """
    plain = [same_name(name) for name in table.column_names]
    table = table.rename_columns(
        [new if plain.count(new) == 1 else old for old, new in zip(table.column_names, plain, strict=True)]
    )
    date_name = "date" if "date" in table.column_names else "asof_date"
    missing = [name for name in ("ticker", date_name, "direction", *_PRICES) if name not in table.column_names]
    if not missing and not table.num_rows:
        raise CandidateTableError(TABLE, "no rows", "give at least one setup.")
    if missing:
        problem = f"no column {', '.join(missing)}"
        raise CandidateTableError(TABLE, problem, "give ticker, date (or asof_date), direction, entry, stop, target.")
    ticker = _tickers(table, names or TickerNames(()))
    try:
        direction = read_directions(table["direction"])
        days = read_days(table[date_name], date_name)
    except UnreadableValueError as error:
        raise CandidateTableError(TABLE, error.reason.rstrip("."), "correct the table.") from error
    except pa.ArrowException as error:
        raise CandidateTableError(TABLE, f"column {date_name}: {error}", "dates must be YYYY-MM-DD.") from error
    for name, column in (("ticker", ticker), ("direction", direction)):
        _refuse_missing(name, column)
    keys = pa.table({"ticker": ticker, "day": days, "is_short": pc.equal(direction, "short")})
    order = pc.sort_indices(keys, [("ticker", "ascending"), ("day", "ascending"), ("is_short", "ascending")])
    table = table.take(order)
    reals = {name: _real(table, name) for name in (*_PRICES, *_SCORES)}
    for name in ("entry", "stop"):
        _refuse_missing(name, pa.array(reals[name], mask=~np.isfinite(reals[name])))
    for name in _PRICES:
        _refuse_impossible(name, reals[name], ticker.take(order))
    check_days(days, date_name)
    notes = []
    if note := _fill_rr(reals, is_given="rr" in table.column_names, is_legacy=is_legacy):
        notes.append(note)
    ticker, direction, days = ticker.take(order), direction.take(order), days[order.to_numpy()]
    notes += _repeated(ticker, direction, days, reals)
    notes += _wrong_side(ticker, direction, days, reals)
    return GivenSetups(
        table,
        date_name,
        ticker,
        direction,
        days,
        reals,
        {name: _label(table, name) for name in _LABELS},
        _cast(table, "meets_core", pa.bool_()) if "meets_core" in table.column_names else None,
        frozenset(table.column_names),
        tuple(notes),
    )


def _repeated(
    ticker: pa.Array, direction: pa.Array, days: npt.NDArray[np.int32], reals: Mapping[str, Floats]
) -> list[str]:
    """Note on rows that repeat another one's ticker, date, direction and prices: each counts as a setup."""
    prices = {name: pa.array(reals[name], from_pandas=True) for name in _PRICES}
    keys = pa.table({"ticker": ticker, "day": days, "direction": direction, **prices})
    counts = keys.group_by(keys.column_names, use_threads=False).aggregate([([], "count_all")])
    again = counts.filter(pc.greater(counts["count_all"], 1))
    if not again.num_rows:
        return []
    n = pc.sum(again["count_all"]).as_py() - again.num_rows
    first = f"{again['ticker'][0]} {iso_day(again['day'][0].as_py())}"
    return [f"{counted(n, 'repeated row')} (first {first}): each counts as a setup of its own; remove repetitions."]


def _wrong_side(
    ticker: pa.Array, direction: pa.Array, days: npt.NDArray[np.int32], reals: Mapping[str, Floats]
) -> list[str]:
    """Note on stops and targets on the wrong side of their entry: such a setup cannot have the result it states."""
    sign = np.where(pc.equal(direction, "long").to_numpy(zero_copy_only=False), 1.0, -1.0)
    found = []
    for name, side in (("stop", -1.0), ("target", 1.0)):
        is_wrong = sign * side * (reals[name] - reals["entry"]) < 0.0  # NaN: no target
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            which = ("below", "above")[int(sign[row] * side < 0.0)]
            found.append(
                f"{counted(int(is_wrong.sum()), 'row')} with the {name} on the wrong side of the entry (first "
                f"{ticker[row]} {iso_day(int(days[row]))}, {direction[row]}: entry {reals['entry'][row]:g}, {name} "
                f"{reals[name][row]:g} {which} it); correct the table."
            )
    return found


def _tickers(table: pa.Table, names: TickerNames) -> pa.Array:
    """Ticker of each row in the bars' own spelling, null if it is empty."""
    known: dict[Any, str | None] = {}
    found: list[str | None] = []
    for row, value in enumerate(table["ticker"].to_pylist(), start=1):
        if value not in known:
            try:
                given = read_ticker(value)
            except UnreadableValueError as error:
                raise CandidateTableError(TABLE, f"row {row}: {error.reason}", "tickers must be text.") from error
            known[value] = names.or_canonical(given) if given else None
        found.append(known[value])
    return pa.array(found, pa.string())


def _refuse_impossible(name: str, values: npt.NDArray[np.float64], ticker: pa.Array) -> None:
    wrong = np.flatnonzero(values <= 0.0)
    if len(wrong):
        row = int(wrong[0])
        problem = f"{name} {values[row]:g} of {ticker[row].as_py()} ({counted(len(wrong), 'row')} in all)"
        raise CandidateTableError(TABLE, problem, "prices must be above 0; correct the table.")


def without_floors_of_absent_columns(gates: Gates, given: frozenset[str]) -> tuple[Gates, list[str]]:
    """Gates applicable to a table without some columns, and a warning per dropped floor."""
    by_setting = {floor.setting: floor for floor in FLOORS if floor.rule != "cutoff"}
    off: dict[str, Any] = {}
    warnings: list[str] = []
    for name, value in gates.values().items():
        floor = by_setting.get(name)
        if floor is None or not floor.is_on(value) or given & {floor.column, *_COMPUTED_FROM.get(floor.column, ())}:
            continue
        off[name] = floor.off
        column = _COMPUTED_FROM.get(floor.column, (floor.column,))[0]
        warnings.append(f"candidates have no column {column}: the floor {name} = {value} passes every row.")
    if gates.signals:
        off |= {"ranking": BUILT_IN_RANKING, "floors": ()}
        warnings.append(f"a given table is not ranked by signals: without {', '.join(gates.signals)} in the gate.")
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
    try:
        found = read_numbers(table[name], name)
    except UnreadableValueError as error:
        raise CandidateTableError(TABLE, error.reason.rstrip("."), "correct the table.") from error
    if len(found.text_rows):
        problem = f"column {name} has {found.first_text!r} ({counted(len(found.text_rows), 'row')} in all)"
        raise CandidateTableError(TABLE, problem, "numbers need a decimal point and no other sign; correct the table.")
    wrong = np.flatnonzero(np.abs(found.values) > _MAX_NUMBER)
    if len(wrong):
        problem = f"column {name} is {found.values[wrong[0]]:g} ({counted(len(wrong), 'row')} in all)"
        raise CandidateTableError(TABLE, problem, f"no price and no score is above {_MAX_NUMBER:g}; correct the table.")
    return np.array(found.values)


def _label(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    return _cast(table, name, pa.string())


def _refuse_missing(name: str, column: pa.Array) -> None:
    if column.null_count:
        first = pc.index(pc.is_null(column), value=True).as_py() + 1
        problem = f"column {name} is missing in {counted(column.null_count, 'row')}, first in row {first}"
        raise CandidateTableError(TABLE, problem, "every setup needs it; fill it in or remove the row.")


def _fill_rr(reals: dict[str, npt.NDArray[np.float64]], *, is_given: bool, is_legacy: bool) -> str | None:
    """Distance to the target over distance to the stop if `rr` is missing; 0 without risk, missing without target."""
    is_missing = np.isnan(reals["rr"])
    if not is_legacy:
        is_missing &= ~np.isnan(reals["target"])
    if not is_missing.any():
        return None
    risk = np.abs(reals["entry"] - reals["stop"])
    reward = np.abs(reals["target"] - reals["entry"])
    has_both = (risk > 0) & np.isfinite(reward)
    computed = np.divide(reward, risk, out=np.zeros(len(risk)), where=has_both)
    reals["rr"] = np.where(is_missing, computed, reals["rr"])
    if not is_given:
        return None
    return f"rr is missing in {counted(int(is_missing.sum()), 'row')}; it was computed from the prices."
