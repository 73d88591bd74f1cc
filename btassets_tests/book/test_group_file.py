"""The group file: read, refused with words that help, and what the factor study makes of it."""

import shutil

import pytest

from btassets.book.book import open_book
from btassets.book.group_file import read_groups
from btassets.book.settings_file import set_in_file
from btassets.errors import SettingError
from btassets.run.freshness import input_hash
from btassets.run.run_stage import run_stage
from btassets_tests.support.book_factory import call
from btassets_tests.support.small_books import run_book

N_TICKERS = 45


@pytest.fixture
def folder(tmp_path):
    """A book of 45 tickers that has run, and names `sectors.csv`."""
    shutil.copytree(run_book(N_TICKERS, 3.0).folder, tmp_path / "book")
    set_in_file(tmp_path / "book" / "btassets.toml", {"statistics.groups": "sectors.csv"})
    return tmp_path / "book"


def opened(folder, text=None):
    if text is not None:
        (folder / "sectors.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_book(folder, environ={})


def sectors(n=4):
    rows = [f"SYN{k:04d},Sector {k % n}" for k in range(1, N_TICKERS + 1)]
    return "ticker,group\n" + "\n".join(rows) + "\n"


def test_a_file_of_groups_is_read_as_people_write_it(folder):
    text = b"\xef\xbb\xbfName, Group ,Ticker\r\nA Co, Energy , BRK-B\r\n\r\nB Co,Energy,TRUE\nB Co,Energy,TRUE\n"
    assert read_groups(opened(folder, text)) == {"BRK.B": "Energy", "TRUE": "Energy"}
    set_in_file(folder / "btassets.toml", {"statistics.groups": ""})
    assert read_groups(opened(folder)) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ("sectors.csv", "no such file", "columns ticker and group")),
        ("", ("no column ticker and no column group", "nothing")),
        ("symbol,group\nA,B\n", ("no column ticker", "(symbol, group)")),
        ("ticker,group\n", ("no row after the first line",)),
        ("ticker,group\nSYN0001,A\nSYN0002\n", ("line 3", "group of SYN0002 is empty")),
        ("ticker,group\n,A\n", ("line 2", "the ticker is empty")),
        ("ticker,group\nSYN0001,A\nSYN0001,B\n", ("line 3", 'SYN0001 is in "B" here and in "A" above', "keep one")),
        (b"ticker,group\nSYN0001,\xff\n", ("not UTF-8",)),
    ],
)
def test_a_bad_file_is_refused_before_anything_runs(folder, text, words):
    before = (folder / "data" / "stat_signals" / "base.parquet").stat().st_mtime_ns
    opened(folder, text)
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 2
    for word in ('statistics.groups = "sectors.csv"', "btassets.toml:", *words):
        assert word in answer.err, answer.err
    assert (folder / "data" / "stat_signals" / "base.parquet").stat().st_mtime_ns == before


def test_groups_of_other_tickers_are_refused(folder):
    book = opened(folder, "ticker,group\nAAPL,Tech\nMSFT,Tech\n")
    with pytest.raises(SettingError, match=r"none of its 2 tickers \(AAPL"):
        run_stage("stat_signals", book)


def test_the_factor_study_is_repeated_within_groups(folder):
    book = opened(folder, sectors())
    before = book.lake.read("stat_signals").to_pylist()
    assert {row["neutral_ic"] for row in before} == {None}
    outcome = run_stage("stat_signals", book)
    assert outcome.numbers["tickers_without_group"] == 0
    after = book.lake.read("stat_signals").to_pylist()
    plain = [name for name in before[0] if not name.startswith("neutral_")]
    assert [{k: row[k] for k in plain} for row in after] == [{k: row[k] for k in plain} for row in before]
    # Groups that say nothing move an IC only by noise.
    shift = [abs(row["neutral_ic"] - row["estimate"]) for row in after if row["horizon_days"] == 30]
    assert 0 < max(shift) < 0.05
    for row in after:
        assert row["neutral_verdict"] in ("supported", "not distinguishable from noise")
        assert row["neutral_cross_section"] == pytest.approx(row["avg_cross_section"])
        assert (row["neutral_p"] is None) == (row["p_raw"] is None)
        if row["neutral_p"] is not None:
            assert row["neutral_ci_lo"] < row["neutral_ic"] < row["neutral_ci_hi"]
            assert row["neutral_q"] >= row["neutral_p"]


def test_tickers_without_a_group_are_counted_and_left_out(folder):
    listed = sectors().splitlines()[:31]
    outcome = run_stage("stat_signals", opened(folder, "\n".join(listed) + "\n"))
    assert outcome.numbers["tickers_without_group"] == N_TICKERS - 30
    rows = opened(folder).lake.read("stat_signals").to_pylist()
    assert all(row["neutral_cross_section"] <= 30 for row in rows)


def test_content_decides_not_the_file_s_time(folder):
    first = input_hash("stat_signals", opened(folder, sectors()))
    assert input_hash("stat_signals", opened(folder, sectors() + "\n")) == first
    assert input_hash("stat_signals", opened(folder, sectors(5))) != first
