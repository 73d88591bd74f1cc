"""Signals given as a file: CSV or Parquet with the columns date, ticker, value.

Belongs here: reading such a file, and its value at a row of the book. Does not belong here: signals that are computed
(`evaluate.py`).

A value is taken as known at the close of its date. It holds for the as-of dates of the next `max_age_days` days, 7
unless the file says otherwise, and until the ticker's next value.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from btassets.own.evaluate import Floats, Panel
from btassets.own.own_query import header
from btassets.sources.values.tickers import TickerNames

MAX_AGE_DAYS = 7
_MAX_AGE = 400
_TYPES = {"date": pa.date32(), "ticker": pa.string(), "value": pa.float64()}


def read_given(path: Path, name: str) -> tuple[dict[str, Any], pa.Table, int]:
    """Header, rows and greatest age in days of a file.

    Raises
    ------
    ValueError
        If it has other columns, an unreadable value, no row, or two values of a ticker at one date.
    """
    try:
        lines, table = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: {str(error).splitlines()[0]}; it needs the columns date, ticker, value") from error
    age = next((line.partition(":")[2].strip() for line in lines if line.startswith("# max_age_days:")), None)
    if age is not None and not (age.isdecimal() and 0 <= int(age) <= _MAX_AGE):
        raise ValueError(f"{name}: max_age_days is {age}; it must be a whole number of days from 0 to {_MAX_AGE}")
    if not table.num_rows:
        raise ValueError(f"{name}: no row; a signal needs values")
    for column in ("date", "ticker"):
        if table[column].null_count:
            raise ValueError(f"{name}: {table[column].null_count} rows have no {column}; fill it in or delete them")
    counts = table.group_by(["ticker", "date"]).aggregate([("value", "count")])
    if counts.num_rows < table.num_rows:
        raise ValueError(f"{name}: {_first_double(table)}; keep one value per ticker and date")
    if np.isinf(table["value"].to_numpy()).any():
        raise ValueError(f"{name}: an infinite value; leave the cell empty for no value")
    declared = header("\n".join(lines), path.stem) | {"form": "file"}
    return declared, table, MAX_AGE_DAYS if age is None else int(age)


def _csv(path: Path) -> tuple[list[str], pa.Table]:
    text = path.read_bytes().decode("utf-8-sig")
    lines = text.splitlines(keepends=True)
    n = next((k for k, line in enumerate(lines) if not line.startswith("#")), len(lines))
    options = pa_csv.ConvertOptions(column_types=_TYPES, include_columns=list(_TYPES))
    table = pa_csv.read_csv(io.BytesIO("".join(lines[n:]).encode()), convert_options=options)
    return [line.strip() for line in lines[:n]], table


def _parquet(path: Path) -> tuple[list[str], pa.Table]:
    table = pq.read_table(path, columns=list(_TYPES))
    words = table.schema.metadata or {}
    lines = [f"# {key.decode()}: {value.decode()}" for key, value in words.items() if not key.startswith(b"pandas")]
    return lines, table.replace_schema_metadata(None).cast(pa.schema(_TYPES))


def _first_double(table: pa.Table) -> str:
    seen: set[tuple[Any, Any]] = set()
    for row in zip(table["ticker"].to_pylist(), table["date"].to_pylist(), strict=True):
        if row in seen:
            return f"two values of {row[0]} at {row[1]}"
        seen.add(row)
    return "two values of a ticker at one date"


def given_values(table: pa.Table, panel: Panel, max_age_days: int, name: str) -> Floats:
    """Value of a file at every row of the panel, (n_rows,); NaN without one.

    Raises
    ------
    ValueError
        If it names no ticker of the book.
    """
    names = TickerNames(arrays.ticker for arrays in panel.arrays)
    numbers = {arrays.ticker: k for k, arrays in enumerate(panel.arrays)}
    coded = table["ticker"].combine_chunks().dictionary_encode()
    spelled = [names.find(text) for text in coded.dictionary.to_pylist()]
    ours = np.array([-1 if text is None else numbers[text] for text in spelled], np.int64)
    if not (ours >= 0).any():
        some = ", ".join(coded.dictionary.to_pylist()[:3])
        raise ValueError(
            f"{name}: none of its tickers ({some}, ...) is in the book; spell them as in `btassets export`"
        )
    ticker = ours[coded.indices.to_numpy()]
    date = table["date"].combine_chunks().cast(pa.int32()).to_numpy().astype(np.int64)
    value = table["value"].to_numpy()
    used = ticker >= 0
    keys = _keys(ticker[used], date[used])
    order = np.argsort(keys, kind="stable")
    keys, value = keys[order], value[used][order]
    wanted = _keys(panel.ticker.astype(np.int64), panel.date.astype(np.int64))
    at = np.searchsorted(keys, wanted, side="right") - 1
    found = np.where(at >= 0, keys[np.maximum(at, 0)], -1)
    age = wanted - found
    is_known = (at >= 0) & (age <= max_age_days) & (found // _STRIDE == wanted // _STRIDE)
    return np.where(is_known, value[np.maximum(at, 0)], np.nan)


_STRIDE = 1 << 32


def _keys(ticker: npt.NDArray[np.int64], date: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return ticker * _STRIDE + date + (1 << 31)
