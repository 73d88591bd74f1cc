"""The tie order: tickers by their bytes, then the number within the ticker."""

import numpy as np
import pyarrow as pa

from btassets.stages.ranking.tie_order import in_tie_order, ticker_codes, tie_order


def test_rows_are_sorted_by_the_bytes_of_the_ticker_and_their_number() -> None:
    rows = [("b", 2), ("A", 11), ("b", 1), ("Z", 1), ("A", 2), ("é", 1)]
    table = pa.table({"ticker": [t for t, _ in rows], "row_no": [n for _, n in rows], "place": range(len(rows))})
    wanted = sorted(rows, key=lambda row: (row[0].encode(), row[1]))
    found = in_tie_order(table)
    assert list(zip(found["ticker"].to_pylist(), found["row_no"].to_pylist(), strict=True)) == wanted
    assert in_tie_order(found) is found
    coded = table.set_column(0, "ticker", table["ticker"].dictionary_encode())
    assert in_tie_order(coded)["place"].equals(found["place"])


def test_many_rows_equal_a_plain_sort() -> None:
    rng = np.random.default_rng(1)
    names = np.array([f"T{k}" for k in rng.permutation(40)])[rng.integers(0, 40, 3_000)]
    number = rng.permutation(3_000)
    codes = ticker_codes(pa.chunked_array([names[:10], names[10:]]))
    wanted = sorted(range(3_000), key=lambda k: (names[k].encode(), number[k]))
    assert tie_order(codes, number).tolist() == wanted


def test_no_row_has_no_order() -> None:
    empty = pa.table({"ticker": pa.array([], pa.string()), "row_no": pa.array([], pa.int64())})
    assert in_tie_order(empty).num_rows == 0
