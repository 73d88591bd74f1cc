"""Setups that cannot be are refused before anything is graded."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from btassets.errors import CandidateTableError
from btassets.studies.grade.setup_rules import check_days
from btassets_tests.support.book_factory import call

HEAD = "ticker,asof_date,direction,entry,stop,target\n"
GOOD = "SYN0001,2021-12-30,long,100,95,115\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + GOOD + "SYN0001,2021-12-31,long,0,95,115\n",
        HEAD + GOOD + "SYN0001,2021-12-31,long,-5,95,115\n",
        HEAD + GOOD + "SYN0001,2021-12-31,long,100,0,115\n",
        HEAD + GOOD + "SYN0001,2021-12-31,long,100,95,-1\n",
        HEAD + GOOD + "SYN0001,2999-12-31,long,100,95,115\n",
        HEAD + GOOD + "SYN0001,0999-12-31,long,100,95,115\n",
        HEAD + GOOD + "SYN0001,2021-12-31,long,inf,95,115\n",
        HEAD.replace("target", "stop") + GOOD,
        "entry," + HEAD + "1," + GOOD,
        HEAD,
        "",
    ],
)
def test_an_impossible_table_is_refused_by_grade(tmp_path: Path, market_folder: Path, text: str) -> None:
    given = tmp_path / "setups.csv"
    given.write_text(text)
    answer = call(
        "grade", "--candidates", given, "--bars", market_folder / "bars", "--out", tmp_path / "out.json"
    )  # fmt: skip
    assert answer.code == 2, answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("head", [b"ticker,asof_date,\xff\xfe,entry", b"\xff\xfet\x00i\x00", b"\x00\x01\x02"])
def test_a_header_that_is_not_utf_8_is_refused(tmp_path: Path, market_folder: Path, head: bytes) -> None:
    given = tmp_path / "setups.csv"
    given.write_bytes(head + b"\n1,2,3,4\n")
    answer = call("grade", "--candidates", given, "--bars", market_folder / "bars", "--out", tmp_path / "out.json")
    assert answer.code == 2, answer.err
    assert "Traceback" not in answer.err


def test_days_from_1900_to_tomorrow() -> None:
    today = dt.date(2024, 3, 1)
    n = (today - dt.date(1970, 1, 1)).days
    check_days(np.array([-25567, 0, n, n + 1], np.int32), "date", today)
    for wrong in (n + 2, -25568, 375_000):
        with pytest.raises(CandidateTableError, match="a setup's date must be from 1900-01-01 to 2024-03-01"):
            check_days(np.array([0, wrong], np.int32), "date", today)
