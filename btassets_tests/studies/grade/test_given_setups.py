"""Setups in every spelling of ticker, date and direction are the same setups."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from btassets.engine.market.bars import Bars
from btassets.errors import CandidateTableError
from btassets.sources.values.tickers import TickerNames
from btassets.studies.grade.given_setups import read_setups
from btassets_tests.support.book_factory import call, market, write_bars

FILES = ("BRK-B", "HCAC-U", "M&M", "7203.T")
"""Names of the files of bars; the setups below spell them in other ways."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars of four tickers and a benchmark, and canonical setups."""
    root = tmp_path_factory.mktemp("grade")
    bars, benchmark = market(4, 300)
    for name, own in zip(FILES, bars.values(), strict=True):
        write_bars(root / "bars" / f"{name}.csv", own)
    write_bars(root / "SPY.csv", benchmark)
    pq.write_table(setups(bars), root / "canonical.parquet")
    return root


def setups(bars: dict[str, Bars]) -> pa.Table:
    rows = []
    for name, own in zip(("BRK.B", "HCAC.U", "M&M", "7203.T"), bars.values(), strict=True):
        for at in range(150, 290, 7):
            sign = 1 if at % 2 else -1
            close = float(own.close[at])
            day = dt.date(1970, 1, 1) + dt.timedelta(days=int(own.dates[at]))
            prices = {"entry": close, "stop": close * (1 - 0.05 * sign), "target": close * (1 + 0.1 * sign)}
            rows.append({"ticker": name, "date": day, "direction": "long" if sign > 0 else "short"} | prices)
    return pa.Table.from_pylist(rows)


def graded(root: Path, candidates: Path, *words: str) -> tuple[dict[str, object], pa.Table]:
    out, rows = root / "out.json", root / "out.parquet"
    given = ["grade", "--candidates", candidates, "--bars", root / "bars", "--out", out, "--out-rows", rows, *words]
    answer = call(*given)
    assert answer.code == 0, answer.err
    with pq.ParquetFile(rows) as file:
        return json.loads(out.read_text()), file.read()


def changed(table: pa.Table, name: str, values: pa.Array | list[object]) -> pa.Table:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    return table.set_column(table.schema.get_field_index(name), name, column)


def zoned(days: list[dt.date], zone: str) -> pa.Array:
    stamps = pa.array([dt.datetime.combine(day, dt.time()) for day in days], pa.timestamp("us"))
    return pa.compute.assume_timezone(stamps, zone)


DATES = {
    "text": lambda days: [str(day) for day in days],
    "slashes": lambda days: [f"{day:%Y/%m/%d}" for day in days],
    "day first": lambda days: [f"{day:%d.%m.%Y}" for day in days],
    "named": lambda days: [f"{day:%d-%b-%Y}" for day in days],
    "number": lambda days: [int(f"{day:%Y%m%d}") for day in days],
    "timestamp": lambda days: [dt.datetime.combine(day, dt.time(16)) for day in days],
    "tokyo": lambda days: zoned(days, "Asia/Tokyo"),
    "new york": lambda days: zoned(days, "America/New_York"),
    "tokyo text": lambda days: [f"{day} 00:00:00+09:00" for day in days],
    "new york text": lambda days: [f"{day} 00:00:00-04:00" for day in days],
    **{
        f"epoch {unit}": lambda days, scale=scale: [(day - dt.date(1970, 1, 1)).days * 86_400 * scale for day in days]
        for unit, scale in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
    },
}
TICKERS = {
    "dash": {"BRK.B": "BRK-B", "HCAC.U": "HCAC-U"},
    "slash": {"BRK.B": "BRK/B", "HCAC.U": "HCAC/U"},
    "blank": {"BRK.B": "BRK B", "HCAC.U": "HCAC U"},
    "lower": {"BRK.B": "brk.b", "HCAC.U": "hcac-u", "M&M": "m&m", "7203.T": "7203.t"},
    "spaces": {"BRK.B": " BRK-B ", "M&M": "M&M "},
}
DIRECTIONS = {
    "upper": ["LONG", "SHORT"],
    "capital": ["Long", "Short "],
    "trade": ["buy", "Sell"],
    "sign": [1, -1],
    "real": [1.0, -1.0],
    "letter": ["L", "s"],
}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("column", "spelling"),
    [
        *(("date", name) for name in DATES),
        *(("ticker", name) for name in TICKERS),
        *(("direction", name) for name in DIRECTIONS),
    ],
)
def test_every_spelling_grades_like_the_canonical_one(folder: Path, column: str, spelling: str, kind: str) -> None:
    expected = graded(folder, folder / "canonical.parquet")
    with pq.ParquetFile(folder / "canonical.parquet") as file:
        table = file.read()
    values = table[column].to_pylist()
    if column == "date":
        spelled = DATES[spelling](values)
    elif column == "ticker":
        spelled = [TICKERS[spelling].get(value, value) for value in values]
    else:
        spelled = [DIRECTIONS[spelling][value == "short"] for value in values]
    path = folder / f"spelled.{kind}"
    other = changed(table, column, spelled)
    pq.write_table(other, path) if kind == "parquet" else pa_csv.write_csv(other, path)
    found = graded(folder, path)
    assert found[0] == expected[0]
    assert found[1].equals(expected[1])
    assert found[0]["candidates"] == table.num_rows


def test_a_benchmark_in_the_folder_is_no_ticker_unless_listed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bars").mkdir()
    for path in [*(folder / "bars").iterdir(), folder / "SPY.csv"]:
        (tmp_path / "bars" / path.name).write_bytes(path.read_bytes())
    outside, inside = folder / "SPY.csv", tmp_path / "bars" / "SPY.csv"
    expected = graded(folder, folder / "canonical.parquet", "--benchmark", outside)
    for benchmark in (inside, outside):
        found = graded(tmp_path, folder / "canonical.parquet", "--benchmark", benchmark)
        assert found[0] == expected[0]
        assert found[1].equals(expected[1])
    listed = graded(tmp_path, folder / "canonical.parquet", "--benchmark", inside, "--set", 'universe.tickers=["spy"]')
    assert (listed[0]["tickers"], expected[0]["tickers"]) == (5, 4)


def table(**changes: list[object]) -> pa.Table:
    columns: dict[str, list[object]] = {
        "ticker": ["A", "B"],
        "date": ["2021-03-05", "2021-03-08"],
        "direction": ["long", "short"],
        "entry": [10.0, 20.0],
        "stop": [9.0, 21.0],
        "target": [12.0, 17.0],
    }
    return pa.table(columns | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"direction": ["long", "flat"]}, "row 2: direction 'flat' is neither long nor short"),
        ({"direction": ["long", None]}, "direction is missing in 1 row, first in row 2"),
        ({"ticker": [700, 9988]}, "row 1: ticker 700 is not text"),
        ({"ticker": ["A", ""]}, "ticker is missing in 1 row"),
        ({"date": ["2021-03-05", "2999-01-01"]}, "dates must be between 1800 and 2200"),
        ({"date": ["2021-03-05", "soon"]}, "'soon' in row 2"),
        ({"date": ["2021-03-05T22:00:00Z", "2021-03-08"]}, "after noon UTC"),
        ({"entry": [0.0, 20.0]}, "entry 0 of A (1 row in all); prices must be above 0"),
        ({"entry": [10.0, -5.0]}, "entry -5 of B"),
        ({"stop": [9.0, 0.0]}, "stop 0 of B"),
        ({"target": ["12", "1,700"]}, "column target has '1,700'"),
        ({"entry": [10.0, None]}, "entry is missing in 1 row"),
        ({"rr": [[1.0], [2.0]]}, "column 'rr' holds list"),
        ({"confidence": [50.0, float("inf")]}, "column confidence is inf (1 row in all); no price and no score"),
        ({"momentum": [1e300, 1.0]}, "column momentum is 1e+300"),
        ({"target": ["1" * 400, "12"]}, "column target is inf"),
    ],
)
def test_impossible_values_are_refused_by_name(changes: dict[str, list[object]], said: str) -> None:
    with pytest.raises(CandidateTableError) as caught:
        read_setups(table(**changes), TickerNames(["A", "B"]))
    assert said in str(caught.value)


def test_tickers_without_bars_and_entries_of_another_basis_are_named(folder: Path) -> None:
    with pq.ParquetFile(folder / "canonical.parquet") as file:
        table = file.read()
    strange = changed(table, "ticker", ["NOPE" if name == "M&M" else name for name in table["ticker"].to_pylist()])
    for name in ("entry", "stop", "target"):
        strange = changed(strange, name, (strange[name].to_numpy() * 4.0).tolist())
    path = folder / "strange.parquet"
    pq.write_table(strange, path)
    words = ["grade", "--candidates", path, "--bars", folder / "bars", "--out", folder / "o.json"]
    answer = call(*words)
    assert answer.code == 0
    assert "20 rows without a result: no_bars (NOPE)." in answer.err
    assert "60 of 60 entries are outside the range of their bar" in answer.err
    assert "first 7203.T 20" in answer.err
    assert np.isfinite(json.loads((folder / "o.json").read_text())["candidates"])


ONE = {"ticker": "M&M", "date": dt.date(2024, 3, 1), "entry": 50.0, "stop": 47.0, "target": 56.0}


def notes_of(*rows: dict[str, object]) -> list[str]:
    return list(read_setups(pa.Table.from_pylist([ONE | {"direction": "long"} | row for row in rows])).notes)


def test_rows_that_repeat_another_are_counted_and_said() -> None:
    assert notes_of({}, {"target": 57.0}, {"date": dt.date(2024, 3, 4)}) == []
    (note,) = notes_of({}, {}, {}, {"ticker": "OTHER"}, {"ticker": "OTHER"})
    assert note.startswith("3 repeated rows (first M&M 2024-03-01)")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"stop": 52.5},
            "(first M&M 2024-03-01, long: entry 50, stop 52.5 above it)",
        ),
        ({"target": 45.0}, "long: entry 50, target 45 below it"),
        ({"direction": "short"}, "short: entry 50, stop 47 below it"),
        ({"direction": "short", "stop": 52.0}, "short: entry 50, target 56 above it"),
    ],
)
def test_levels_on_the_wrong_side_of_the_entry_are_named(row: dict[str, object], words: str) -> None:
    assert words in notes_of(row)[0]


def test_a_missing_target_is_on_no_side() -> None:
    assert notes_of({"target": None}, {"direction": "short", "stop": 52.0, "target": 44.0}) == []
