"""Rows by the columns of an order."""

import pyarrow as pa

from btassets.own.stages.row_order import sorted_rows


def test_texts_are_sorted_by_their_bytes_and_codes_as_texts() -> None:
    code = pa.array(["b", "a", "a", "b"]).dictionary_encode()
    data = pa.table({"code": code, "ticker": ["a", "Z", "A", "B"], "n": [1, 2, 3, 4]})
    assert sorted_rows(data, ["code", "ticker"])["n"].to_pylist() == [3, 2, 4, 1]
