"""Files given to grade: refusals, heads and delimiters."""

from pathlib import Path

import pytest

from btassets.errors import CandidateTableError
from btassets.sources.values.tickers import TickerNames
from btassets.studies.grade.given_setups import read_setups
from btassets.studies.grade.grade_inputs import read_candidate_file


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ticker,Ticker,date\nA,A,2021-03-05\n", "column 'ticker' occurs 2 times"),
        (b"ticker,date,\xff\xfe\nA,2021-03-05,1\n", "cannot be read"),
        (b"", "cannot be read"),
        (b"ticker,date\nA\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "setups.csv"
    path.write_bytes(data)
    with pytest.raises(CandidateTableError, match=said.replace("(", r"\(")):
        read_candidate_file(path)


def test_heads_in_any_case_and_any_usual_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "setups.csv"
    path.write_text("Ticker;DATE;Direction; Entry;Stop;Target\nBRK-B;2021-03-05;Buy;10;9;12\n", encoding="utf-8-sig")
    given = read_setups(read_candidate_file(path), TickerNames(["BRK.B"]))
    assert (given.ticker.to_pylist(), given.direction.to_pylist()) == (["BRK.B"], ["long"])
    assert given.reals["entry"].tolist() == [10.0]
