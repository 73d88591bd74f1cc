"""Tables and settings as the function of an own stage sees them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.errors import UndeclaredReadError
from btassets.own.containment import Containment
from btassets.own.stages.stage_inputs import Given, StageSettings, StageTables

ROWS = pa.table({"ticker": ["B", "A"], "day": pa.array([2, 1], pa.date32()), "n": [1, 2]})


def tables(folder: Path) -> StageTables:
    for k in range(2):
        pq.write_table(ROWS.slice(k, 1), folder / f"{k}.parquet")
    files = [str(folder / f"{k}.parquet") for k in range(2)]
    empty = Given([], [], ROWS.schema.serialize().to_pybytes())
    given = {"rows": Given(files, ["ticker"], b""), "none": empty}
    return StageTables("idea", "own/a.py line 3", given, Containment({}))


def test_the_files_of_a_table_are_one_table_in_its_order(tmp_path: Path) -> None:
    seen = tables(tmp_path)
    assert seen.arrow("rows").to_pydict()["ticker"] == ["A", "B"]
    assert seen.arrow("rows", ["n"]).to_pydict() == {"n": [2, 1]}
    frame = seen["rows"]
    assert (list(frame["n"]), pd.api.types.is_datetime64_any_dtype(frame["day"])) == ([2, 1], True)
    assert seen["none"].shape == (0, 3)


def test_reading_files_is_allowed_to_the_reader_alone(tmp_path: Path) -> None:
    seen = tables(tmp_path)
    seen._contained.is_on = True
    assert seen.arrow("rows").num_rows == 2
    assert seen._contained.is_on


def test_undeclared_inputs_are_refused_with_the_place_of_the_declaration(tmp_path: Path) -> None:
    with pytest.raises(UndeclaredReadError, match=r"idea reads table trades .* in own/a\.py line 3"):
        tables(tmp_path)["trades"]
    settings = StageSettings("idea", "own/a.py line 3", {"gates.min_rr": 1.5})
    assert settings.gates.min_rr == 1.5
    for read in (lambda: settings.costs, lambda: settings.gates.max_rr):
        with pytest.raises(UndeclaredReadError, match="reads setting"):
            read()
