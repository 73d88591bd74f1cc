"""The quality rules where a user meets them: every rule fires on its own ticker and leaves the clean ones alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.cli.actions.look import read_table
from btassets.run.run_stage import run_stage
from btassets_tests.support import faulty_market as market
from btassets_tests.support.book_factory import call, different, tables_of, versions

pytestmark = pytest.mark.long  # each test runs whole commands

DAY_WITHOUT = "2020-08-06"  # session 150
DAY_QUIET = "2020-08-20"  # session 160


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A book over a faulty market after its first run, and which ticker breaks which rule."""
    folder = tmp_path_factory.mktemp("faulty")
    expected = market.write_faulty_market(folder, n_day_without=12, n_day_quiet=3)
    make_book(folder / "book", market.faulty_settings())
    answer = call("run", "--book", folder / "book", "--quiet")
    assert answer.code == 4, answer.err
    assert "Traceback" not in answer.err
    return folder / "book", expected


def problems(folder: Path) -> list[dict[str, Any]]:
    return read_table(open_book(folder, environ={}), "bar_problems").to_pylist()


def asked(folder: Path, query: str) -> Any:
    answer = call("sql", "--book", folder, query, "--format", "json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_every_rule_fires_on_its_ticker_and_clean_tickers_have_no_finding(faulty: tuple[Path, dict[str, str]]) -> None:
    folder, expected = faulty
    found = problems(folder)
    told = {(row["ticker"], f"{row['rule']} {row['severity']}") for row in found}
    assert {(t, rule) for t, rule in expected.items() if t != "PENNY"} <= told
    # One fault may break a second rule; there is no other finding.
    beside = {
        ("SLIP", "Q10 warn"), ("SPLIT", "Q7 warn"), ("MANYBAD", "Q4 quarantine"),
        ("SLIP", "Q7 warn"), ("WRONGADJ", "Q9 warn"),
    }  # fmt: skip
    of_days = {("", "Q19 block"), ("", "Q20 warn")}
    assert told - {(t, rule) for t, rule in expected.items()} - beside == of_days
    assert not [row for row in found if row["ticker"].startswith("CLEAN")]
    assert all(row["text"].startswith(row["ticker"]) and row["text"].endswith((".", "]")) for row in found)


def test_q11_q13_q14_q15_q17_decide_who_is_eligible_at_the_last_week_end(faulty: tuple[Path, dict[str, str]]) -> None:
    folder, _ = faulty
    rows = asked(
        folder,
        "select ticker, ineligible_reason from factor_signals where is_week and asof_date = "
        "(select max(asof_date) from factor_signals where is_week)",
    )
    reasons = {row["ticker"]: row["ineligible_reason"] for row in rows}
    assert {t: reasons[t] for t in ("HOLES", "IDLE", "FLAT", "FROZEN", "PENNY", "YOUNG")} == {
        "HOLES": "missing_sessions",
        "IDLE": "zero_volume",
        "FLAT": "flat_bars",
        "FROZEN": "constant_close",
        "PENNY": "low_price",
        "YOUNG": "short_history",
    }
    assert {reason for ticker, reason in reasons.items() if ticker.startswith("CLEAN")} == {None}
    assert "ENDED" not in reasons


def test_refused_tickers_are_named_with_rule_and_reason_and_stop_nobody(faulty: tuple[Path, dict[str, str]]) -> None:
    folder, expected = faulty
    refused = {ticker for ticker, rule in expected.items() if rule.endswith("block")}
    footers = open_book(folder, environ={}).lake.ticker_footers("ohlcv_history")
    assert {ticker for ticker, facts in footers.items() if facts["blocked"]} == refused
    for ticker in refused:
        assert f"[{expected[ticker].split()[0]}]" in footers[ticker]["blocked"]
        assert footers[ticker]["n_rows"] == 0
    assert all(footers[t]["n_rows"] for t in footers if t not in refused)
    doctor = call("doctor", "--book", folder)
    assert doctor.code == 0, doctor.out
    assert "findings by rule: " in doctor.out
    assert "rows dropped: Q4 1, Q5 1, Q6 1" in doctor.out
    assert "1 days blocked (Q19)" in doctor.out
    assert "blocked CASE: " in doctor.out


def test_rows_that_were_taken_out_are_kept_with_their_numbers(faulty: tuple[Path, dict[str, str]]) -> None:
    folder, _ = faulty
    rows = asked(folder, "select ticker, rule, date, close, volume, split from bar_quarantine order by ticker")
    days = market.sessions(folder.parent / "calendar")
    day = np.datetime_as_string(days.astype("datetime64[D]"))
    assert [(row["ticker"], row["rule"], row["date"][:10]) for row in rows] == [
        ("CROSSED", "Q5", day[51]),
        ("NEGATIVE", "Q4", day[50]),
        ("SATURDAY", "Q6", "2020-03-28"),
    ]
    assert (rows[1]["close"], rows[1]["split"]) == (-1.0, 1.0)


def test_a_day_that_too_few_have_is_not_used(faulty: tuple[Path, dict[str, str]]) -> None:
    folder, _ = faulty
    (row,) = [row for row in problems(folder) if row["rule"] == "Q19"]
    assert row["ticker"] == ""
    assert row["text"].startswith(f"{DAY_WITHOUT}: 11 of 36 current tickers")  # CLEAN00 is the benchmark
    (quiet,) = [row for row in problems(folder) if row["rule"] == "Q20"]
    assert str(quiet["date"]) == DAY_QUIET
    (session,) = asked(folder, f"select n_tickers, is_blocked from sessions where date = '{DAY_WITHOUT}'")
    assert session["is_blocked"]
    assert asked(folder, f"select count(*) as n from ohlcv_history where date = '{DAY_WITHOUT}'")[0]["n"] > 20
    bars = read_table(open_book(folder, environ={}), "bars").to_pylist()
    assert not [row for row in bars if str(row["date"]) == DAY_WITHOUT]
    for table in ("candidates", "factor_signals"):
        assert asked(folder, f"select count(*) as n from {table} where asof_date = '{DAY_WITHOUT}'")[0]["n"] == 0
    # The next session exists and nobody has a bar on it that is used: no fill, and a word why.
    dropped = asked(folder, "select distinct drop_open from candidates where asof_date = '2020-08-05'")
    assert dropped == [{"drop_open": "no_next_bar"}]
    report = json.loads((folder / "reports/latest/report.json").read_text())
    assert report["data_quality"]["days_blocked"] == [DAY_WITHOUT]
    assert any(text.startswith("days_blocked: 1 days") for text in report["warnings"])


def test_a_day_that_arrives_later_heals_and_leaves_no_trace(
    faulty: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Whole after a blocked day equals whole from the start, to the last bit."""
    folder, _ = faulty
    shutil.copytree(folder.parent / "bars", tmp_path / "bars")
    shutil.copytree(folder, tmp_path / "book", symlinks=True)
    days = market.sessions(tmp_path / "calendar")
    for number in range(12):
        rows = market.clean(days, number)
        if number < 3:
            rows["volume"][160] = 0.0
        market.write(tmp_path / f"bars/CLEAN{number:02d}.csv", rows)
    assert call("run", "--book", tmp_path / "book", "--quiet").code == 4
    assert not [row for row in problems(tmp_path / "book") if row["rule"] == "Q19"]
    make_book(tmp_path / "fresh", market.faulty_settings())
    assert call("run", "--book", tmp_path / "fresh", "--quiet").code == 4
    # The book that was healed keeps the record of the bars that appeared in its past.
    assert different(tables_of(tmp_path / "fresh"), tables_of(tmp_path / "book")) == ["bar_revisions"]
    added = {row["kind"] for row in tables_of(tmp_path / "book")["bar_revisions"].to_pylist()}
    assert added == {"added"}


# ---- overrides ---------------------------------------------------------------------------------


def override(ticker: str, rule: str, reason: str) -> str:
    return f'\n[[quality.overrides]]\nticker = "{ticker}"\nrule = "{rule}"\nreason = "{reason}"\n'


@pytest.fixture
def one_fault(tmp_path: Path) -> Callable[[str], Path]:
    """Make a book over three clean tickers, one of them the benchmark, and a faulty one."""

    def make(ticker: str) -> Path:
        days = market.sessions(tmp_path / "calendar")
        (tmp_path / "bars").mkdir()
        for number in range(3):
            market.write(tmp_path / f"bars/CLEAN{number:02d}.csv", market.clean(days, number))
        rows = market.clean(days, 9)
        market.write(tmp_path / f"bars/{ticker}.csv", market.faults()[ticker][1](rows) or rows)
        return make_book(tmp_path / "book", market.faulty_settings())

    return make


def read(folder: Path) -> list[str]:
    """Tickers that an ingest reads, without Dagster."""
    book = open_book(folder, environ={})
    stale = plan_ingest(book).stale
    ingest(book, stale)
    for stage in ("sessions", "bar_problems"):
        run_stage(stage, book)
    return stale


@pytest.mark.parametrize(
    ("ticker", "rule", "n_rows"),
    [
        ("DUPLICATE", "Q3", 419),  # neither of the two rows can be believed
        ("MANYBAD", "Q4", 410),
        ("SLIP", "Q7", 420),
        ("SPLIT", "Q8", 420),
        ("WRONGADJ", "Q9", 420),
    ],
)
def test_a_block_that_a_person_has_looked_at_is_a_warning_with_the_reason(
    one_fault: Callable[[str], Path], ticker: str, rule: str, n_rows: int
) -> None:
    folder = one_fault(ticker)
    assert len(read(folder)) == 3
    file = folder / "btassets.toml"
    plain = file.read_text()
    before = open_book(folder, environ={}).lake.ticker_footers("ohlcv_history")
    assert before[ticker]["blocked"]
    file.write_text(plain + override(ticker, rule, "seen in the paper"))
    assert read(folder) == [ticker]  # and no other
    facts = open_book(folder, environ={}).lake.ticker_footers("ohlcv_history")[ticker]
    assert (facts["blocked"], facts["n_rows"]) == (None, n_rows)
    (told,) = [row for row in problems(folder) if row["rule"] == rule and "Overridden" in row["text"]]
    assert told["severity"] == "warn"
    assert told["text"].endswith("Overridden: seen in the paper")
    # Taken out again: the ticker is refused again.
    file.write_text(plain)
    assert read(folder) == [ticker]
    assert open_book(folder, environ={}).lake.ticker_footers("ohlcv_history")[ticker]["blocked"]


def test_an_override_that_nothing_needs_is_named(one_fault: Callable[[str], Path]) -> None:
    folder = one_fault("SLIP")
    file = folder / "btassets.toml"
    words = override("SLIP", "Q7", "offer") + override("CLEAN01", "Q9", "once there was a reason")
    file.write_text(file.read_text() + words)
    assert call("run", "--book", folder, "--quiet").code == 0
    out = call("doctor", "--book", folder).out
    assert "SLIP Q7: offer; CLEAN01" in out
    assert "CLEAN01 Q9: once there was a reason (matches no finding now: remove it)" in out
    report = json.loads((folder / "reports/latest/report.json").read_text())
    assert [(o["ticker"], o["is_used"]) for o in report["data_quality"]["overrides"]] == [
        ("SLIP", True),
        ("CLEAN01", False),
    ]
    assert any("SLIP Q7: offer" in text for text in report["warnings"])
    assert "offer" in (folder / "reports/latest/report.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('ticker = "A"\nrule = "Q9"', 'quality.overrides[1].reason = "": must be given'),
        ('ticker = "A"\nrule = "Q9"\nreason = " "', "quality.overrides[1].reason"),
        ('ticker = "A"\nrule = "Q1"\nreason = "x"', "must be 'Q3', 'Q4', 'Q5', 'Q6', 'Q7', 'Q8', 'Q9', 'Q23' or 'Q27'"),
        ('ticker = "A"\nrule = "Q9"\nreason = "x"\nwho = "me"', "quality.overrides[1].who"),
    ],
)
def test_an_override_without_ticker_rule_or_reason_is_refused(tmp_path: Path, words: str, said: str) -> None:
    path = make_book(tmp_path / "book", {"source.kind": "demo"})
    folder = path if path.is_dir() else path.parent
    file = folder / "btassets.toml"
    n_lines = len(file.read_text().splitlines())
    file.write_text(file.read_text() + f"\n[[quality.overrides]]\n{words}\n")
    answer = call("config", "--book", folder)
    assert answer.code == 2
    assert said in answer.err
    assert f"btassets.toml:{n_lines + 2}" in answer.err


def test_two_overrides_of_one_rule_are_refused(tmp_path: Path) -> None:
    folder = make_book(tmp_path / "book", {"source.kind": "demo"})
    file = folder / "btassets.toml"
    file.write_text(file.read_text() + 2 * override("A", "Q9", "x"))
    answer = call("config", "--book", folder)
    assert answer.code == 2
    assert "has A Q9 twice" in answer.err


# ---- what a source changes about the past ------------------------------------------------------


def test_a_new_dividend_changes_the_adjusted_past_is_recorded_and_replays_that_ticker(
    tmp_path: Path, instance: Path
) -> None:
    days = market.sessions(tmp_path / "calendar")
    (tmp_path / "bars").mkdir()
    for number in range(4):
        market.write(tmp_path / f"bars/CLEAN{number:02d}.csv", market.clean(days, number))
    folder = make_book(tmp_path / "book", market.faulty_settings() | {"benchmark": "none"})
    shutil.copytree(instance, folder / ".dagster")
    assert call("run", "--book", folder, "--quiet").code == 0
    before = versions(folder)
    old = {row["date"]: row["close"] for row in tables_of(folder)["bars"].to_pylist() if row["ticker"] == "CLEAN02"}
    raw = {row["date"]: row["close"] for row in asked(folder, "select * from ohlcv_history where ticker = 'CLEAN02'")}

    rows = market.clean(days, 2)
    rows["dividend"][300] = 0.5
    factor = 1.0 - 0.5 / rows["close"][299]
    rows["adjusted_close"][:300] = rows["close"][:300] * factor
    market.write(tmp_path / "bars/CLEAN02.csv", rows)
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 0, answer.err
    after = versions(folder)
    assert {ticker for ticker in after if after[ticker] != before[ticker]} == {"CLEAN02"}
    (told,) = asked(folder, "select * from bar_revisions")
    assert (told["ticker"], told["kind"], told["field"]) == ("CLEAN02", "revised", "dividend")
    assert (told["old_value"], told["new_value"], told["date"][:10]) == (0.0, 0.5, rows["date"][300])
    new = {row["date"]: row["close"] for row in tables_of(folder)["bars"].to_pylist() if row["ticker"] == "CLEAN02"}
    ratio = np.array([new[day] / old[day] for day in sorted(new)])
    np.testing.assert_allclose(ratio[:300], factor, rtol=1e-12)
    assert (ratio[300:] == 1.0).all()
    again = {row["date"]: row["close"] for row in asked(folder, "select * from ohlcv_history where ticker = 'CLEAN02'")}
    assert again == raw  # what was printed stays as it was printed
    report = json.loads((folder / "reports/latest/report.json").read_text())
    assert report["data_quality"]["revisions"] == {"n": 1, "n_tickers": 1, "newest": "CLEAN02"}
