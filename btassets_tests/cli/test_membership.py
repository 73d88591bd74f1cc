"""A universe that is known at each date: who is ranked, which setups exist, what the report says."""

import json
from pathlib import Path
from typing import Any

import pytest

from btassets.book.book import open_book
from btassets.cli.actions.look import read_table
from btassets_tests.support.book_factory import call, make_book, market, versions

pytestmark = pytest.mark.long  # each test runs whole commands

JOINED, LEFT, UNTIL, BACK = "2021-08-02", "2021-10-01", "2021-08-31", "2021-11-01"
MEMBERS = {
    "SYN0001": [("", "")],
    "SYN0002": [(JOINED, "")],
    "SYN0003": [("", LEFT)],
    "SYN0004": [("", UNTIL), (BACK, "")],
    "SYN0005": [("", "")],
    "SYN0006": [("", "")],
    "SYN0007": [("", "")],
}


def write_members(path: Path, members: dict[str, list[tuple[str, str]]]) -> None:
    rows = [f"{ticker},{start},{end}" for ticker, spells in members.items() for start, end in spells]
    path.write_text("ticker,start,end\n" + "\n".join(rows) + "\n")


@pytest.fixture
def dated(tmp_path: Path, market_folder: Path, instance: Path) -> Path:
    folder = make_book(tmp_path / "book", market_folder, instance=instance, universe__membership="members.csv")
    write_members(folder / "members.csv", MEMBERS)
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 0, answer.err
    return folder


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    return read_table(open_book(folder, environ={}), table).to_pylist()


def outside(ticker: str, date: object) -> bool:
    day = str(date)
    return not any((not start or start <= day) and (not end or day <= end) for start, end in MEMBERS.get(ticker, ()))


def test_only_members_of_a_date_are_ranked_and_have_setups(dated: Path, finished_book: Path) -> None:
    signals, candidates = rows(dated, "factor_signals"), rows(dated, "candidates")
    assert {row["ticker"] for row in signals} == set(MEMBERS)  # SYN0008 has bars and never belonged
    assert not [row for row in candidates if outside(row["ticker"], row["asof_date"])]
    for row in signals:
        if outside(row["ticker"], row["asof_date"]):
            assert not row["eligible"]
            assert row["ineligible_reason"] in ("short_history", "not_member")
        else:
            assert row["ineligible_reason"] != "not_member"
    reasons = {row["ticker"] for row in signals if row["ineligible_reason"] == "not_member"}
    assert reasons == {"SYN0002", "SYN0003", "SYN0004"}
    assert not [row for row in rows(dated, "percentile_ranks") if outside(row["ticker"], row["asof_date"])]
    assert not [row for row in rows(dated, "graded_setups") if outside(row["ticker"], row["asof_date"])]
    # Inside of the spells nothing else is different: the same rows as without dates.
    key = ("ticker", "asof_date", "direction")
    free = [row for row in rows(finished_book, "candidates") if not outside(row["ticker"], row["asof_date"])]
    assert [tuple(row[k] for k in key) for row in candidates] == [tuple(row[k] for k in key) for row in free]
    assert [row["r_mtm_open"] for row in candidates] == [row["r_mtm_open"] for row in free]


def test_a_member_that_joins_replays_itself_alone(dated: Path) -> None:
    before = versions(dated)
    assert "nothing changed" in call("run", "--book", dated, "--quiet").err
    write_members(dated / "members.csv", MEMBERS | {"SYN0002": [("2021-07-01", "")]})
    assert call("run", "--book", dated, "--quiet").code == 0
    after = versions(dated)
    assert {ticker for ticker in after if after[ticker] != before[ticker]} == {"SYN0002"}
    first = min(str(row["asof_date"]) for row in rows(dated, "candidates") if row["ticker"] == "SYN0002")
    assert "2021-07-01" <= first < JOINED
    write_members(dated / "members.csv", MEMBERS | {"SYN0008": [("", "")]})
    assert call("run", "--book", dated, "--quiet").code == 0
    assert set(versions(dated)) == {*MEMBERS, "SYN0008"}


def test_the_survivorship_flag_follows_from_the_file(dated: Path, finished_book: Path) -> None:
    report = json.loads((dated / "reports/latest/report.json").read_text())
    assert report["universe"]["survivorship"].startswith("point in time by members.csv: 7 members in total, all")
    assert not [text for text in report["warnings"] if text.startswith("survivorship")]
    assert any("dated membership" in text for text in report["assumptions"])
    assert report["settings"]["universe.membership"] == "members.csv"
    plain = json.loads((finished_book / "reports/latest/report.json").read_text())
    assert plain["universe"]["survivorship"].startswith("all tickers of the source")
    assert [text for text in plain["warnings"] if text.startswith("survivorship")]
    # A member whose bars the source does not have is what survivorship is about.
    write_members(dated / "members.csv", MEMBERS | {"GONE": [("", "2021-06-01")]})
    assert call("run", "--book", dated, "--quiet").code == 0
    report = json.loads((dated / "reports/latest/report.json").read_text())
    assert "8 members in total, 1 of them without a bar (first: GONE)" in report["universe"]["survivorship"]
    assert [text for text in report["warnings"] if text.startswith("survivorship")]
    assert "members.csv: 8 members ever, 9 spells; 1 without bars" in call("doctor", "--book", dated).out


def test_a_file_that_cannot_be_used_ends_with_2(dated: Path) -> None:
    (dated / "members.csv").write_text("ticker,start\nSYN0001,2020-01-01\n")
    answer = call("run", "--book", dated, "--quiet")
    assert answer.code == 2
    assert "members.csv: has no column end" in answer.err
    assert len(market()[0]) == 8
