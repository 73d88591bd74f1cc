"""Daily returns of a scenario's curves, in the format of pandas and libraries built on it.

Belongs here: returns from equity, and the metadata of a Parquet file that makes `date` the index. Does not belong here:
the curves (`portfolio_sims.py`), writing files (`btassets.cli`).
"""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import Book
from btassets.engine.statistics.return_series import daily_returns

NAME = "daily_returns"

_CURVES = ("hold", "target", "benchmark", "equal_weight_hold", "equal_weight_renewed")


def returns_table(book: Book) -> pa.Table:
    """Simple daily returns as fractions: `date`, then one column per curve of the scenario.

    The first session of a curve has no return. If the hold portfolio and another one have different sessions, the
    missing ones are null.
    """
    curves = book.lake.read("equity_curves", book.scenario, ["curve", "date", "equity"])
    series: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in _CURVES:
        own = curves.filter(pc.equal(curves["curve"], name))
        if own.num_rows > 1:
            days = own["date"].cast(pa.int32()).to_numpy()
            series[name] = (days[1:], daily_returns(own["equity"].to_numpy()))
    every = np.unique(np.concatenate([days for days, _ in series.values()])) if series else np.empty(0, np.int32)
    columns: dict[str, pa.Array] = {"date": pa.array(every.astype(np.int32)).cast(pa.date32())}
    for name, (days, returns) in series.items():
        values = np.full(len(every), np.nan)
        values[np.searchsorted(every, days)] = returns
        columns[name] = pa.array(values, mask=np.isnan(values))
    return pa.table(columns)


def with_date_index(table: pa.Table) -> pa.Table:
    """The same table for Parquet: `pandas.read_parquet` gives a frame on a DatetimeIndex without a time zone.

    quantstats rejects an index with a time zone, and pyfolio accepts one without.
    """
    dates = table["date"].cast(pa.timestamp("ns"))
    table = table.set_column(0, "date", dates)
    described = [
        {
            "name": name,
            "field_name": name,
            "pandas_type": "datetime" if name == "date" else "float64",
            "numpy_type": "datetime64[ns]" if name == "date" else "float64",
            "metadata": None,
        }
        for name in table.column_names
    ]
    note = {"index_columns": ["date"], "column_indexes": [], "columns": described, "pandas_version": "3.0.0"}
    return table.replace_schema_metadata({b"pandas": json.dumps(note).encode()})
