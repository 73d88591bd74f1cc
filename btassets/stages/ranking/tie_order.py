"""The tie order of setups: ticker (bytes), as-of date, long before short.

Belongs here: putting rows with `ticker` and `row_no` into it; equal ranks trade in it, and sums add up in it. Does not
belong here: the numbering within a ticker (`dbt_like_sql/graded_setups.sql`).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def ticker_codes(tickers: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Position of each row's ticker among the distinct ones in byte order, shape (n_rows,)."""
    coded = tickers.cast(pa.string()).combine_chunks().dictionary_encode()
    names = coded.dictionary.to_pylist()
    place = np.empty(len(names), np.int64)
    place[sorted(range(len(names)), key=lambda k: names[k].encode())] = np.arange(len(names))
    return place[coded.indices.to_numpy()]


def tie_order(codes: npt.NDArray[np.int64], row_no: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Permutation that sorts rows by ticker code and number."""
    if not len(codes):
        return np.empty(0, np.int64)
    return np.argsort(codes * (int(row_no.max()) + 1) + row_no, kind="stable")


def in_tie_order(setups: pa.Table) -> pa.Table:
    """Rows of a table with `ticker` and `row_no` in the tie order."""
    order = tie_order(ticker_codes(setups["ticker"]), setups["row_no"].to_numpy().astype(np.int64))
    if (order == np.arange(len(order))).all():
        return setups
    return setups.take(pa.array(order))
