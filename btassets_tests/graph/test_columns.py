"""Types of a table: schema and names in the declared order."""

import pyarrow as pa

from btassets.graph.columns import CODE, DAY, REAL, TEXT, Column, TableSpec, key


def test_a_table_has_its_columns_in_order_with_their_types():
    spec = TableSpec("t", "A row.", (key("b", TEXT, "b"), Column("a", REAL, "a"), Column("c", CODE, "c")))
    assert spec.names == ("b", "a", "c")
    expected = pa.schema([("b", pa.string()), ("a", pa.float64()), ("c", pa.dictionary(pa.int8(), pa.string()))])
    assert spec.schema.equals(expected)
    assert spec.schema.metadata is None


def test_a_key_has_no_null_and_another_column_may():
    assert not key("day", DAY, "d").nullable
    assert Column("day", DAY, "d").nullable
