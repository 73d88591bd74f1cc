"""Situations from the daily life of people who do this job, each through the command line with its right value.

Belongs here: one test per case, named after it, with an input as small as it can be, made by code. Does not belong
here: other instances of their classes (`stages/bars/test_situations.py`, `arrivals/test_first_look.py`).
"""

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from btassets.engine.market.raw_bars import RawBars
from btassets_tests.support.book_factory import Answer, call
from btassets_tests.support.situations import (
    Days,
    csv_of,
    day_number,
    every_day,
    files_of,
    folder_of,
    iso,
    market,
    rescaled,
    walk,
    weekdays,
)

pytestmark = pytest.mark.long  # each test runs whole commands

ACTIONS = ["--set", 'source.columns.dividend="dividend"', "--set", 'source.columns.split="split"']
AT = 200


def made(tmp_path: Path, files: Mapping[str, str], *words: str, name: str = "book") -> Path:
    """A book over files, as `init` makes it; the calendar is the bars' own unless another is given."""
    folder_of(tmp_path / "src", files)
    given = words if "--calendar" in words else (*words, "--calendar", "data")
    answer = call("init", tmp_path / name, "--source", "files", "--path", tmp_path / "src", *given)
    assert answer.code == 0, answer.err
    return tmp_path / name


def ingested(book: Path) -> Answer:
    return call("ingest", "--book", book, "--quiet")


def run(book: Path, code: int = 0) -> Answer:
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == code, answer.err
    return answer


def asked(book: Path, query: str) -> list[dict[str, str]]:
    answer = call("sql", "--book", book, "--format", "csv", query)
    assert answer.code == 0, answer.err
    return list(csv.DictReader(io.StringIO(answer.out)))


def with_split(bars: RawBars, ratio: float) -> RawBars:
    """Raw bars with a recorded split."""
    raw = rescaled(bars, AT, 1.0 / ratio, ratio)
    split = np.ones(len(raw))
    split[AT] = ratio
    return replace(raw, split=split)


def with_actions(bars: RawBars) -> str:
    head = "date,open,high,low,close,volume,dividend,split"
    return csv_of(bars, head=head, more=lambda row: f"{float(bars.dividend[row])!r},{float(bars.split[row])!r}")


@pytest.mark.parametrize("ratio", [pytest.param(20.0, marks=pytest.mark.slow), 1 / 12])
def test_case_01_a_missed_split_is_refused_with_ratio_and_date(tmp_path: Path, ratio: float) -> None:
    stocks = {name: with_actions(bars) for name, bars in market(3).items()}
    bars = rescaled(walk(9, weekdays()), AT, 1 / ratio, ratio)
    book = made(
        tmp_path, {f"{n}.csv": t for n, t in stocks.items()} | {"MEGA.csv": with_actions(bars)}, "--basis", "raw"
    )
    answer = ingested(book)
    assert answer.code == 4
    spelled = "20:1" if ratio > 1 else "1:12"
    assert f"MEGA {iso(int(bars.dates[AT]))}" in answer.err + answer.out
    assert f"{spelled} split" in answer.err + answer.out


def test_case_03_pence_that_become_pounds_are_refused(tmp_path: Path) -> None:
    bars = rescaled(walk(9, weekdays(), 775.0), AT, 0.01)
    answer = ingested(made(tmp_path, files_of(market(2) | {"EZYJ": bars})))
    assert answer.code == 4
    assert f"EZYJ {iso(int(bars.dates[AT]))}" in answer.err + answer.out
    assert "the unit of the prices changes by 100" in answer.err + answer.out


def test_case_05_as_traded_prices_at_the_default_basis_name_basis(tmp_path: Path) -> None:
    stocks = market(8)
    for name, ratio in (("S1", 4.0), ("S3", 10.0), ("S5", 20.0)):
        stocks[name] = rescaled(stocks[name], AT, 1 / ratio, ratio)
    answer = ingested(made(tmp_path, files_of(stocks)))
    assert answer.code == 4
    assert "3 of 8 tickers move like unrecorded splits (S1, S3, S5)" in answer.err + answer.out
    assert 'set source.basis = "raw" (init: --basis raw)' in answer.err + answer.out


def test_case_07_london_midnights_in_utc_are_refused_never_a_day_early(tmp_path: Path) -> None:
    def stamp(day: int) -> str:
        return f"{iso(day - 1)} 23:00:00" if 3 < int(iso(day)[5:7]) < 10 else f"{iso(day)} 00:00:00"

    answer = ingested(made(tmp_path, files_of(market(2), stamp=stamp)))
    assert answer.code == 3
    assert "midnights in another time zone" in answer.err


def test_case_09_a_seven_day_market_at_the_exchange_calendar_names_calendar(tmp_path: Path) -> None:
    answer = ingested(made(tmp_path, files_of(market(3, every_day())), "--calendar", "XNYS"))
    assert answer.code == 3
    assert "a market that trades seven days a week" in answer.err
    assert "set calendar" in answer.err


def test_case_11_empty_rows_of_a_joined_download_are_no_bars(tmp_path: Path) -> None:
    lines = csv_of(walk(7, weekdays())).splitlines()
    late = [lines[0], *(f"{line.split(',')[0]},,,,," for line in lines[1:100]), *lines[100:]]
    book = made(tmp_path, files_of(market(2)) | {"N07.csv": "\n".join(late) + "\n"})
    assert ingested(book).code == 0
    assert asked_bars(book, "N07") == 201


def asked_bars(book: Path, ticker: str) -> int:
    run(book)
    return int(asked(book, f"select count(*) n from ohlcv_history where ticker = '{ticker}'")[0]["n"])


def test_case_13_zeros_in_a_split_column_are_no_splits(tmp_path: Path) -> None:
    head = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits"
    files = files_of(market(2), head=head, stamp=lambda d: f"{iso(d)} 00:00:00-05:00", more=lambda _: "0.0,0.0")
    book = made(tmp_path, files, "--basis", "split")
    assert 'split = "Stock Splits"' in (book / "btassets.toml").read_text()
    answer = ingested(book)
    assert (answer.code, "[Q4]" in answer.err + answer.out) == (0, False)


def test_case_14_a_head_in_angle_brackets_is_read(tmp_path: Path) -> None:
    head = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
    files = {}
    for name, bars in market(2).items():
        rows = [f"{name}.US,D,{r.split(',')[0].replace('-', '')},000000,{','.join(r.split(',')[1:])},0"
                for r in csv_of(bars).splitlines()[1:]]  # fmt: skip
        files[f"{name}.csv"] = "\n".join([head, *rows]) + "\n"
    book = made(tmp_path, files)
    assert asked_bars(book, "S1") == 300
    plain = call("run", "--book", book, "--quiet", "--set", "engine.gap_days=20")
    assert plain.code == 0


def test_case_16_volume_before_a_split_beyond_20_is_multiplied(tmp_path: Path) -> None:
    adjusted = walk(9, weekdays(n=420), 60.0)
    adjusted = replace(adjusted, volume=np.round(adjusted.volume / 50.0) * 50.0)
    raw = with_split(replace(adjusted, **{n: getattr(adjusted, n) * 50.0 for n in ("open", "high", "low", "close")},
                             volume=adjusted.volume / 50.0), 50.0)  # fmt: skip
    rows = []
    for name, bars, basis in (("raw", raw, "raw"), ("adj", adjusted, "total")):
        (tmp_path / name).mkdir()
        stocks = market(3, weekdays(n=420))
        files = {f"{n}.csv": with_actions(b) for n, b in (stocks | {"BURR": bars}).items()}
        book = made(tmp_path / name, files, "--basis", basis)
        if basis == "total":  # prices that contain the split: it is not recorded beside them
            assert call("config", "--book", book).code == 0
        run(book)
        numbers = "round(level_strength, 6) s, round(confidence, 6) c, round(target / entry, 6) t"
        rows.append(
            asked(book, f"select asof_date, direction, {numbers} from candidates where ticker = 'BURR' order by all")
        )
    assert len(rows[0]) > 50
    assert rows[0] == rows[1]


def test_case_18_a_seven_day_market_has_365_sessions_a_year(tmp_path: Path) -> None:
    book = made(tmp_path, files_of(market(8, every_day(n=700))))
    run(book)
    told = {row["policy"]: float(row["sharpe"]) for row in asked(book, "select policy, sharpe from portfolio_sims")}
    curves: dict[str, list[float]] = {}
    for row in asked(book, "select curve, equity from equity_curves order by curve, date"):
        curves.setdefault(row["curve"], []).append(float(row["equity"]))
    for policy, sharpe in told.items():
        moves = np.diff(curves[policy]) / np.array(curves[policy][:-1])
        assert sharpe == pytest.approx(moves.mean() / moves.std(ddof=1) * np.sqrt(365.0), rel=0.02)


@pytest.mark.parametrize("n", [318, 319, 320])
def test_case_19_a_week_of_seven_days_ends_on_sunday(tmp_path: Path, n: int) -> None:
    days = every_day("2021-01-01", n)  # up to a Sunday, a Monday and a Tuesday
    book = made(tmp_path, files_of(market(3, days)))
    run(book)
    end = asked(book, "select max(date) d from sessions where is_week")[0]["d"]
    assert dt.date.fromisoformat(end[:10]).weekday() == 6
    newest = dt.date.fromisoformat(iso(int(days[-1])))
    assert dt.date.fromisoformat(end[:10]) == newest - dt.timedelta(days=(newest.weekday() + 1) % 7)
    said = call("today", "--book", book)
    assert ("preview" in said.out) == (newest.weekday() != 6)


@pytest.mark.parametrize(
    "name",
    [
        "run[1] a?b#c%20d e f'g;h&i=j:k*",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("run[1]", "a?b#c%20d e", "f'g;h&i=j:k*")),
    ],
)
def test_case_20_a_folder_of_any_name_is_a_folder(tmp_path: Path, name: str) -> None:
    answers = []
    for folder in (name, "plain"):
        (tmp_path / folder).mkdir()
        book = made(tmp_path / folder, files_of(market(4, weekdays(n=420))), name=folder)
        run(book)
        assert "nothing changed" in (done := run(book)).out + done.err
        tickers = asked(book, "select distinct ticker from ohlcv_history order by 1")
        out = book / f"x{folder}.csv"
        assert call("export", "trades", "--book", book, "--out", out).code == 0
        assert call("doctor", "--deep", "--book", book).code == 0
        answers.append((tickers, call("today", "--book", book).out, out.read_text()))
    assert answers[0] == answers[1]
    assert [row["ticker"] for row in answers[0][0]] == ["S0", "S1", "S2", "S3"]


def test_case_20_a_folder_with_a_line_break_is_refused_by_init(tmp_path: Path) -> None:
    folder_of(tmp_path / "src", files_of(market(2)))
    for name in ("a\nb", "a\tb"):
        answer = call("init", tmp_path / name, "--source", "files", "--path", tmp_path / "src")
        assert answer.code == 2
        assert "control characters" in answer.err or "is not a path" in answer.err


def test_case_22_a_shorter_file_replaces_no_history(tmp_path: Path) -> None:
    book = made(tmp_path, files_of(market(4)))
    run(book)
    for name, part in (("S2", slice(-30, None)), ("S3", slice(0, 160))):
        lines = csv_of(market(4)[name]).splitlines()
        (tmp_path / "src" / f"{name}.csv").write_text("\n".join([lines[0], *lines[1:][part]]) + "\n")
    answer = run(book, code=4)
    for name, words in (("S2", "30 bars up to"), ("S3", "160 bars up to")):
        assert f"{name} " in answer.err
        assert words in answer.err
        assert asked(book, f"select count(*) n from ohlcv_history where ticker = '{name}'") == [{"n": "300"}]


def setups(days: Days, closes: np.ndarray, *, stamp: str = "{}", ticker: str = "A", direction: str = "long") -> str:
    rows = [
        ",".join(
            (ticker, stamp.format(iso(int(days[k]))), direction, *(f"{x * closes[k]:.4f}" for x in (1, 0.95, 1.1)))
        )
        for k in range(60, 280, 6)
    ]
    return "\n".join(["ticker,date,direction,entry,stop,target", *rows]) + "\n"


def graded(tmp_path: Path, bars: Mapping[str, str], table: str) -> tuple[str, str]:
    folder_of(tmp_path / "bars", bars)
    (tmp_path / "setups.csv").write_text(table)
    words = ["--candidates", tmp_path / "setups.csv", "--bars", tmp_path / "bars", "--out", tmp_path / "g.json"]
    answer = call("grade", *words)
    assert answer.code == 0, answer.err
    return (tmp_path / "g.json").read_text(), answer.err


def test_case_23_grade_takes_dates_with_a_zone_as_written(tmp_path: Path) -> None:
    bars = walk(1, weekdays())
    tables = [setups(bars.dates, bars.close, stamp=s) for s in ("{}", "{} 00:00:00+09:00", "{}T00:00:00-0400")]
    found = [graded(tmp_path, {"A.csv": csv_of(bars)}, table) for table in tables]
    assert found[0] == found[1] == found[2]
    assert "no_bar" not in found[0][1]


def test_case_24_grade_understands_directions_or_refuses_them(tmp_path: Path) -> None:
    bars = walk(1, weekdays())
    tables = [setups(bars.dates, bars.close, direction=word) for word in ("long", "LONG", "Buy", " long", "1")]
    found = [graded(tmp_path, {"A.csv": csv_of(bars)}, table) for table in tables]
    assert all(one == found[0] for one in found)
    (tmp_path / "setups.csv").write_text(setups(bars.dates, bars.close, direction="up?"))
    refused = call(
        "grade", "--candidates", tmp_path / "setups.csv", "--bars", tmp_path / "bars", "--out", tmp_path / "x.json"
    )
    assert (refused.code, "'up?'" in refused.err) == (2, True)


def test_case_25_grade_meets_share_classes_in_any_spelling(tmp_path: Path) -> None:
    bars = walk(1, weekdays())
    tables = [setups(bars.dates, bars.close, ticker=name) for name in ("BRK.B", "BRK-B", "BRK/B", "brk-b")]
    found = [graded(tmp_path, {"BRK-B.csv": csv_of(bars)}, table) for table in tables]
    assert all(one == found[0] for one in found)
    assert "no_bars" not in found[0][1]


def test_case_26_an_ampersand_in_a_ticker_is_a_sign_like_others(tmp_path: Path) -> None:
    names = ["M&M.NS", "J&KBANK.NS", "^GSPC", "ES=F"]
    files = files_of({name: walk(k, weekdays()) for k, name in enumerate(names)})
    book = made(tmp_path, files)
    run(book)
    found = [row["ticker"] for row in asked(book, "select distinct ticker from ohlcv_history")]
    assert sorted(found) == sorted(names)


def exchange_days(tmp_path: Path, code: str, first: str, last: str) -> Days:
    from btassets.sources.calendar.calendars import exchange_sessions
    from btassets.storage.lake import Lake

    return exchange_sessions(Lake(tmp_path / "lake", 1), code, day_number(first), day_number(last))


def test_case_27_a_session_that_the_calendar_lacks_is_named(tmp_path: Path) -> None:
    known = exchange_days(tmp_path, "XNYS", "2019-06-03", "2020-08-07")
    days = np.sort(np.append(known, day_number("2020-02-01"))).astype(np.int32)
    answer = ingested(made(tmp_path, files_of(market(6, days)), "--calendar", "XNYS"))
    assert answer.code == 0
    assert (
        "2020-02-01: 6 of 6 current tickers have a bar on a day that calendar XNYS does not know"
        in answer.out + answer.err
    )


def test_case_28_bars_older_than_the_calendar_are_cut_and_calendar_named(tmp_path: Path) -> None:
    days = weekdays("2020-06-01", 400)
    days = np.unique(days - np.where((days + 3) % 7 == 4, 5, 0)).astype(np.int32)  # Sunday to Thursday
    answer = ingested(made(tmp_path, files_of(market(3, days)), "--calendar", "XSAU"))
    assert answer.code == 0
    assert "outside of 2021-01-01 to" in answer.out + answer.err
    assert "set calendar" in answer.out + answer.err


@pytest.mark.parametrize("calendar", ["data", "XNYS"])
def test_case_30_weekly_bars_are_called_so(tmp_path: Path, calendar: str) -> None:
    fridays = weekdays("2014-01-06", 1500)[4::5]
    answer = ingested(made(tmp_path, files_of(market(4, fridays)), "--calendar", calendar))
    assert answer.code in (0, 3)
    assert "days apart" in answer.out + answer.err or "a week or more apart" in answer.out + answer.err


def test_case_31_an_adjusted_close_that_nobody_uses_is_named(tmp_path: Path) -> None:
    head = "date,open,high,low,close,volume,Adj Close"
    files = {
        f"{name}.csv": csv_of(bars, head=head, more=lambda row, bars=bars: repr(float(bars.close[row]) * 0.9))
        for name, bars in market(4).items()
    }
    book = made(tmp_path, files, "--basis", "total")
    answer = ingested(book)
    assert "4 of 4 files have an unused adjusted close beside the close" in answer.out + answer.err
    # Without a word of the person, init says what the close is.
    folder = made(tmp_path, {}, name="guessed")
    assert 'basis = "split"' in (folder / "btassets.toml").read_text()


def test_case_32_two_tickers_of_one_series_are_named(tmp_path: Path) -> None:
    stocks = market(4)
    answer = run(made(tmp_path, files_of(stocks | {"W33": stocks["S3"]})))
    assert "S3 and W33 have the same bars" in answer.out + answer.err


def test_case_33_a_loss_behind_a_long_halt_counts_as_the_portfolio_has_it(tmp_path: Path) -> None:
    """A setup that is open over the halt and its trade have the same R."""
    days = weekdays(n=500)
    stocks = market(6, days)
    whole = stocks["S2"]
    halted = rescaled(whole, 420, 0.45)
    kept = np.r_[0:390, 420:500]
    stocks["S2"] = RawBars(*(getattr(halted, name)[kept] for name in
                             ("dates", "open", "high", "low", "close", "volume", "dividend", "split")))  # fmt: skip
    book = made(tmp_path, files_of(stocks))
    call("run", "--book", book, "--quiet", "--set", "gates.min_momentum_percentile=0", "--set", "gates.min_rr=0",
         "--set", "gates.min_confidence=0", "--promote")  # fmt: skip
    run(book)
    halt, end = iso(int(days[389])), iso(int(days[420]))
    query = (
        "select t.gross_r as traded, g.gross_r as graded from trades t join graded_setups g "
        "using (ticker, asof_date) where g.direction = 'long' and t.policy = 'target' and t.ticker = 'S2'"
    )
    rows = asked(book, f"{query} and t.entry_date <= '{halt}' and t.exit_date >= '{end}'")
    held = asked(book, f"select count(*) n from graded_setups where ticker = 'S2' and gross_r < -1 "
                       f"and asof_date < '{halt}' and label_end_date >= '{end}'")  # fmt: skip
    assert rows or int(held[0]["n"]) > 0
    for row in rows:
        assert float(row["traded"]) == pytest.approx(float(row["graded"]), abs=1e-6)


def test_case_35_a_bar_in_the_far_future_is_named_and_the_book_rests(tmp_path: Path) -> None:
    files = files_of(market(3))
    files["S1.csv"] = files["S1.csv"].replace("\n2021-02-", "\n2121-02-", 1)
    book = made(tmp_path, files)
    first = run(book)
    assert "S1 2121-02-" in first.out + first.err
    assert "dates must not be" in first.out + first.err
    again = run(book)
    assert "nothing changed" in again.out + again.err


@pytest.mark.parametrize(
    ("head", "cells", "code"),
    [
        ("date,open,high,low,close,volume", (0, 1, 2, 3, 4, None), 0),
        ("date,open,high,low,close", (0, 1, 2, 3, 4), 0),
        ("date,close", (0, 4), 3),
    ],
)
def test_case_37_an_index_has_no_volume(tmp_path: Path, head: str, cells: tuple[int | None, ...], code: int) -> None:
    rows = [line.split(",") for line in csv_of(walk(9, weekdays())).splitlines()[1:]]
    text = "\n".join([head, *(",".join("" if k is None else row[k] for k in cells) for row in rows)]) + "\n"
    (tmp_path / "index.csv").write_text(text)
    book = made(tmp_path, files_of(market(3)), "--benchmark", str(tmp_path / "index.csv"))
    answer = run(book, code=code)
    assert ("'open'" in answer.err) == bool(code)


def test_case_39_a_file_that_goes_away_is_named(tmp_path: Path) -> None:
    book = made(tmp_path, files_of(market(4)))
    run(book)
    (tmp_path / "src" / "S2.csv").unlink()
    answer = run(book)
    assert "S2: no longer in the source" in answer.out + answer.err


def test_case_44_the_reason_is_on_the_terminal_when_all_are_refused(tmp_path: Path) -> None:
    files = files_of(market(3), head="when,open,high,low,close,volume")
    book = made(tmp_path, files)
    for _ in range(2):
        answer = ingested(book) if _ else call("run", "--book", book, "--quiet")
        assert answer.code == 3
        assert "column 'date' is missing (found: 'when'" in answer.err
        assert "[source.columns]" in answer.err
    assert call("export", "bar_problems", "--book", book, "--out", tmp_path / "p.csv").code == 0
    assert "column 'date' is missing" in (tmp_path / "p.csv").read_text()


def test_case_46_few_bars_say_what_the_tables_hold(tmp_path: Path) -> None:
    book = made(tmp_path, files_of(market(5, weekdays(n=60))))
    answer = run(book)
    said = asked(book, "select text from bar_problems where rule = 'Q22' limit 1")[0]["text"]
    assert "fewer than 90 give few candidates and no rank" in said
    assert int(asked(book, "select count(*) n from candidates")[0]["n"]) >= 0
    assert {row["r"] for row in asked(book, "select distinct ineligible_reason r from factor_signals")} == {
        "short_history"
    }
    assert "no ticker was ever eligible for ranking" in answer.out + answer.err


def test_case_48_named_tickers_that_the_source_lacks_are_named(tmp_path: Path) -> None:
    book = made(tmp_path, files_of(market(4)))
    toml = book / "btassets.toml"
    toml.write_text(toml.read_text().replace("# tickers = []", 'tickers = ["S0", "S1", "MSFT", "s3"]'))
    answer = ingested(book)
    assert "MSFT: named by universe.tickers, but not in the source" in answer.out + answer.err
    assert "s3: universe.tickers uses another spelling; read as S3" in answer.out + answer.err


def test_case_51_text_numbers_of_unclear_meaning_are_shown_as_they_were_found(tmp_path: Path) -> None:
    def number(v: float) -> str:
        return f'"{v % 900 + 1:.3f}"'.replace(".", ",")  # 59,597: fifty-nine, or fifty-nine thousand

    answer = ingested(made(tmp_path, files_of(market(2)) | files_of({"COMMA": walk(9, weekdays())}, number=number)))
    assert answer.code == 4
    assert f"COMMA {iso(int(weekdays()[0]))}: " in answer.out + answer.err
    assert "e.g. open is '" in answer.out + answer.err
    assert "nan" not in answer.out + answer.err


def test_case_51_decimal_commas_that_the_file_shows_are_read(tmp_path: Path) -> None:
    bars = walk(9, weekdays())
    files = files_of(market(2)) | files_of({"COMMA": bars}, number=lambda v: f'"{v:.4f}"'.replace(".", ","))
    book = made(tmp_path, files)
    assert ingested(book).code == 0
    rows = asked(book, "select close from ohlcv_history where ticker = 'COMMA' order by date limit 1")
    assert float(rows[0]["close"]) == pytest.approx(float(bars.close[0]), abs=1e-4)


def test_case_51_commas_before_a_point_separate_thousands(tmp_path: Path) -> None:
    bars = walk(9, weekdays())
    book = made(tmp_path, files_of(market(2)) | files_of({"THOUS": bars}, number=lambda v: f'"{v * 100:,.2f}"'))
    assert ingested(book).code == 0
    rows = asked(book, "select close from ohlcv_history where ticker = 'THOUS' order by date limit 1")
    assert float(rows[0]["close"]) == pytest.approx(100 * float(bars.close[0]), abs=0.006)


def test_case_52_one_ticker_from_before_1970_stops_nothing(tmp_path: Path) -> None:
    old = walk(9, weekdays("1968-01-01", 1400))
    late = {f"L{k}": walk(k, weekdays("1972-01-03", 340)) for k in range(4)}
    book = made(tmp_path, files_of(late | {"KOLA": old}))
    run(book)
    assert int(asked(book, "select count(*) n from factor_signals where asof_date < '1970-01-01'")[0]["n"]) > 0
    assert asked(book, "select count(*) n from factor_signals where asof_date is null") == [{"n": "0"}]


def test_case_53_a_whole_book_before_1970_raises_no_false_alarm(tmp_path: Path) -> None:
    book = made(tmp_path, files_of(market(4, weekdays("1966-01-03", 420))))
    run(book)
    assert int(asked(book, "select count(*) n from candidates")[0]["n"]) > 100
    assert asked(book, "select max(date) < '1970-01-01' as old from sessions") == [{"old": "True"}]
