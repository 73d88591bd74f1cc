"""What a stage returns against its declared columns: order, types, nulls, and readers batch by batch."""

import pyarrow as pa
import pytest

from btassets.errors import TableContractError
from btassets.graph.columns import CODE, DAY, I32, REAL, TEXT, Column, TableSpec, key
from btassets.run.stage_result import StageOutcome, conform
from btassets.storage.lake import Footer

SPEC = TableSpec(
    "sample",
    "A row.",
    (key("ticker", TEXT, "t"), key("date", DAY, "d"), Column("n", I32, "n"), Column("x", REAL, "x")),
)


def rows(**changes):
    columns = {"x": [1.5, None], "n": [1, None], "date": pa.array([1, 2], pa.int32()).cast(pa.date32())}
    return pa.table(columns | {"ticker": ["A", "B"]} | changes)


def test_columns_get_their_declared_order_and_type():
    found = conform(SPEC, rows())
    assert found.schema.equals(SPEC.schema)
    assert found.to_pylist()[1] == {"ticker": "B", "date": found["date"][1].as_py(), "n": None, "x": None}
    whole = conform(SPEC, rows(n=pa.array([1.0, 2.0])))
    assert whole["n"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (rows(y=[1, 2]), r"missing columns \[\], undeclared columns \['y'\]"),
        (rows().drop_columns("x"), r"missing columns \['x'\], undeclared columns \[\]"),
        (rows().rename_columns(["xx", "n", "date", "ticker"]), r"missing columns \['x'\], undeclared columns \['xx'\]"),
        (rows(n=[1.5, 2.0]), "table sample:"),  # a fraction in a column of whole numbers
        (rows(n=[2**40, 1]), "table sample:"),
        (rows(x=["a", "b"]), "table sample:"),
        (rows(ticker=["A", None]), "ticker is null in 1 row"),
        (rows(ticker=[None, None]), "ticker is null in 2 rows"),
    ],
)
def test_anything_else_breaks_the_contract(table, said):
    with pytest.raises(TableContractError, match=said) as caught:
        conform(SPEC, table)
    assert caught.value.table == "sample"


def test_a_reader_is_judged_batch_by_batch():
    good, bad = rows().to_batches()[0], rows(ticker=["A", None]).to_batches()[0]
    whole = conform(SPEC, pa.RecordBatchReader.from_batches(good.schema, [good, good]))
    assert isinstance(whole, pa.RecordBatchReader)
    assert whole.read_all().num_rows == 4
    late = conform(SPEC, pa.RecordBatchReader.from_batches(good.schema, [good, bad]))
    assert late.read_next_batch().num_rows == 2
    with pytest.raises(TableContractError, match="ticker is null"):
        late.read_next_batch()
    wide = rows(y=[1, 2]).to_batches()[0]
    with pytest.raises(TableContractError, match="undeclared"):
        conform(SPEC, pa.RecordBatchReader.from_batches(wide.schema, [wide]))


def test_labels_of_a_code_are_kept():
    spec = TableSpec("codes", "A code.", (Column("c", CODE, "c"),))
    found = conform(spec, pa.table({"c": pa.array(["b", "a", None, "b"])}))
    assert pa.types.is_dictionary(found["c"].type)
    assert found["c"].cast(pa.string()).to_pylist() == ["b", "a", None, "b"]


def test_numbers_of_an_outcome_are_those_of_its_first_table():
    footers = {"a": Footer("h", "v", 1, {"numbers": {"n": 3}}), "b": Footer("h", "v", 1, {})}
    assert StageOutcome("a", True, footers).numbers == {"n": 3}
    assert StageOutcome("b", True, {"b": footers["b"]}).numbers == {}
