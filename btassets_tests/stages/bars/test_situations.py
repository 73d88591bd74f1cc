"""Situations of daily life: each is read as what it is, or refused, or told with ticker and date."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import open_book
from btassets.book.new_book import make_demo_book
from btassets.engine.market.basis_evidence import DividendDrop, of_sums
from btassets.errors import NoBarsError
from btassets.run.run_stage import run_stage
from btassets.run.tables import inputs_of
from btassets.sources.calendar.calendars import exchange_sessions
from btassets.sources.files.folder_guess import guess_folder
from btassets.stages.bars.sessions_view import read_sessions
from btassets.storage.lake import Lake, bucket_of
from btassets_tests.support.situations import (
    csv_of,
    day_number,
    every_day,
    files_of,
    folder_of,
    iso,
    look,
    market,
    new_book,
    rescaled,
    walk,
    weekdays,
)

AT = 200


def test_a_clean_market_has_nothing_to_say(tmp_path: Path) -> None:
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(market()))))
    assert (found.problems, found.findings, found.blocked) == ([], [], [])


@pytest.mark.parametrize(("ratio", "spelled"), [(20.0, "20:1"), (1 / 8, "1:8")])
def test_as_traded_prices_under_a_basis_that_says_adjusted(tmp_path: Path, ratio: float, spelled: str) -> None:
    stocks = market()
    for name in ("S1", "S4"):
        stocks[name] = rescaled(stocks[name], AT, 1.0 / ratio, ratio)
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(stocks))))
    assert found.blocked == ["S1", "S4"]
    assert f"{spelled} split" in found.told
    assert iso(stocks["S1"].dates[AT]) in found.told
    assert "2 of 6 tickers move like unrecorded splits (S1, S4)" in found.findings[0].text
    assert "source.basis" in found.findings[0].text


@pytest.mark.parametrize("unit", [0.01, 100.0, 0.001])
def test_a_change_of_unit_names_ticker_date_and_ratio(tmp_path: Path, unit: float) -> None:
    stocks = market()
    stocks["S2"] = rescaled(stocks["S2"], AT, unit)
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(stocks))))
    assert found.blocked == ["S2"]
    assert f"S2 {iso(stocks['S2'].dates[AT])}" in found.told
    assert f"changes by {max(unit, 1 / unit):g} " in found.told


def test_london_midnights_in_utc_without_their_zone_are_refused(tmp_path: Path) -> None:
    def stamp(day: int) -> str:
        is_summer = 3 < int(iso(day)[5:7]) < 10
        return f"{iso(day - 1)} 23:00:00" if is_summer else f"{iso(day)} 00:00:00"

    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(market(3), stamp=stamp))))
    assert found.blocked == ["S0", "S1", "S2"]
    assert "midnights in another time zone" in found.told


@pytest.mark.parametrize("shift", [-1, 1])
def test_dates_a_day_off_are_refused_by_the_calendar(tmp_path: Path, shift: int) -> None:
    stocks = market(3)
    files = files_of(stocks, stamp=lambda day: iso(day + shift))
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files), calendar="XNYS"))
    assert found.blocked == ["S0", "S1", "S2"]
    assert ("dates a day early" if shift < 0 else "dates a day late") in found.told


def test_a_market_of_seven_days_in_an_exchange_calendar_is_refused_and_names_it(tmp_path: Path) -> None:
    files = files_of(market(3, every_day()))
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files), calendar="XNYS"))
    assert found.blocked == ["S0", "S1", "S2"]
    assert "a market that trades seven days a week" in found.told
    assert "set calendar" in found.told
    assert len(found.problems) > 0  # the table is there although nothing could be used
    with pytest.raises(NoBarsError, match=r"S0 2020-.*seven days a week.*\(3 tickers\)"):
        run_stage("sessions", found.book)


def test_a_confirmed_calendar_keeps_the_sessions_of_the_exchange(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", files_of(market(2)) | files_of({"BTC": walk(9, every_day(n=420))}))
    folder = new_book(tmp_path / "b", source, calendar="XNYS")
    assert look(folder).blocked == ["BTC"]
    with (folder / "btassets.toml").open("a") as file:
        file.write('\n[[quality.overrides]]\nticker = "btc"\nrule = "Q6"\nreason = "weekends are not traded here"\n')
    found = look(folder)
    assert found.blocked == []
    assert 270 < found.n_bars("BTC") < 300


def test_sessions_that_the_calendar_does_not_know_are_named(tmp_path: Path) -> None:
    known = exchange_sessions(Lake(tmp_path / "lake", 1), "XNYS", day_number("2019-06-03"), day_number("2020-08-07"))
    days = np.sort(np.append(known, [day_number("2020-02-01"), day_number("2020-05-25")])).astype(np.int32)
    source = folder_of(tmp_path / "s", files_of(market(6, days)))
    found = look(new_book(tmp_path / "b", source, calendar="XNYS"))
    assert found.blocked == []
    assert "2020-02-01: 6 of 6 current tickers have a bar on a day that calendar XNYS does not know" in found.told
    assert "also 2020-05-25" in found.told


def test_the_calendar_of_another_exchange_is_named(tmp_path: Path) -> None:
    first, last = day_number("2017-01-03"), day_number("2020-12-31")
    london = exchange_sessions(Lake(tmp_path / "lake", 1), "XLON", first, last)
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(market(4, london))), calendar="XNYS"))
    assert "does not know" in found.findings[0].text
    assert "calendar" in found.findings[0].text


def test_bars_outside_of_the_calendar_library_are_cut_and_named(tmp_path: Path) -> None:
    days = weekdays("2020-06-01", 400)
    sundays = (days - np.where((days + 3) % 7 == 4, 5, 0)).astype(np.int32)  # Sunday to Thursday
    stocks = market(3, np.unique(sundays))
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(stocks)), calendar="XSAU"))
    assert found.blocked == []
    assert "outside of 2021-01-01 to" in found.told
    assert "set calendar" in found.told
    assert found.book.lake.ticker_footers("ohlcv_history")["S0"]["first"] >= day_number("2021-01-01")


@pytest.mark.parametrize(("step", "word"), [(5, "a week or more apart"), (21, "a week or more apart")])
def test_weekly_and_monthly_bars_are_named(tmp_path: Path, step: int, word: str) -> None:
    stocks = market(4, weekdays("2016-01-04", 1500)[::step])
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(stocks))))
    assert word in found.findings[0].text


def test_rows_without_a_trade_are_left_out_and_the_ticker_stays(tmp_path: Path) -> None:
    bars = walk(1, weekdays())
    lines = csv_of(bars).splitlines()
    joined = [line if row >= 60 else f"{line.split(',')[0]},,,,," for row, line in enumerate(lines[1:])]
    zeros = [f"{line.split(',')[0]},0,0,0,0,0" if row < 30 else line for row, line in enumerate(lines[1:])]
    halted = [
        ",".join([line.split(",")[0], "0", "0", "0", line.split(",")[4], "0"]) if 100 <= row < 120 else line
        for row, line in enumerate(lines[1:])
    ]
    files = {
        f"{name}.csv": "\n".join([lines[0], *rows]) + "\n"
        for name, rows in (("JOINED", joined), ("ZEROS", zeros), ("HALTED", halted), ("PLAIN", lines[1:]))
    }
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files)))
    assert found.blocked == []
    assert [found.n_bars(name) for name in ("JOINED", "ZEROS", "HALTED", "PLAIN")] == [240, 270, 280, 300]
    assert {(t, r, s) for t, r, s, _ in found.problems if r == "Q4"} == {
        (name, "Q4", "info") for name in ("JOINED", "ZEROS", "HALTED")
    }


@pytest.mark.parametrize(
    ("number", "factor"),
    [
        pytest.param(lambda value: f'"{value * 100:,.0f}"', 100.0, id="the volume shows thousands"),
        pytest.param(lambda value: f'"{value:.4f}"'.replace(".", ","), 1.0, id="four digits show a decimal comma"),
    ],
)
def test_text_numbers_of_which_the_file_shows_the_signs_are_read(tmp_path: Path, number: object, factor: float) -> None:
    bars = walk(1, weekdays())
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of({"GOOD": bars}, number=number))))
    assert found.blocked == []
    lake = found.book.lake
    stored = lake.read_bucket("ohlcv_history", bucket_of("GOOD", lake.n_buckets))
    assert stored is not None
    assert stored["close"].to_numpy() == pytest.approx(factor * bars.close, abs=0.5 if factor > 1 else 1e-4)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (lambda value: f'"{value % 900 + 1:.3f}"'.replace(".", ","), "open is '"),  # 8,016: eight, or eight thousand
        (lambda value: f"{value:.2f}$", "open is '"),
    ],
)
def test_text_numbers_are_refused_with_the_text_that_was_found(tmp_path: Path, number: object, shown: str) -> None:
    files = files_of({"BAD": walk(1, weekdays())}, number=number) | files_of(market(2))
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files)))
    assert found.blocked == ["BAD"]
    blocked = found.book.lake.ticker_footers("ohlcv_history")["BAD"]["blocked"]
    assert shown in blocked
    assert "nan" not in blocked


@pytest.mark.parametrize("number", [lambda value: f'"{value * 100:,.2f}"', lambda value: f"${value:.2f}"])
def test_dollars_and_thousands_are_numbers(tmp_path: Path, number: object) -> None:
    files = files_of({"GOOD": walk(1, weekdays())}, number=number) | files_of(market(2))
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files)))
    assert found.blocked == []
    assert found.n_bars("GOOD") == 300


def test_an_archive_with_a_head_in_angle_brackets(tmp_path: Path) -> None:
    head = "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
    files = files_of(market(2), head=head, stamp=lambda day: iso(day).replace("-", ""), more=lambda _: "0")
    source = folder_of(tmp_path / "s", files)
    found = look(new_book(tmp_path / "b", source))
    assert found.blocked == ["S0", "S1"]
    assert "column 'volume' is missing (found: '<DATE>'" in found.told
    assert "volume = '<VOL>'" in found.told
    mapped = look(new_book(tmp_path / "b2", source, source__columns__volume="<VOL>"))
    assert (mapped.blocked, mapped.n_bars("S0")) == ([], 300)


def test_a_client_that_writes_zeros_where_nothing_happened(tmp_path: Path) -> None:
    head = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits"
    files = files_of(market(2), head=head, stamp=lambda day: f"{iso(day)} 00:00:00-05:00", more=lambda _: "0.0,0.0")
    columns = {"source__columns__dividend": "Dividends", "source__columns__split": "Stock Splits"}
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files), source__basis="split", **columns))
    assert (found.blocked, found.findings, found.n_bars("S0")) == ([], [], 300)


def test_an_adjusted_close_that_nobody_uses_is_named_once(tmp_path: Path) -> None:
    head = "Date,Open,High,Low,Close,Volume,Adj Close"
    stocks = market(4)
    files = {
        f"{name}.csv": csv_of(bars, head=head, more=lambda row, bars=bars: repr(float(bars.close[row]) * 0.86))
        for name, bars in stocks.items()
    }
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files)))
    assert found.blocked == []
    assert [finding.rule for finding in found.findings] == ["Q25"]
    assert "4 of 4 files have an unused adjusted close" in found.findings[0].text


def test_two_tickers_with_one_series_are_named(tmp_path: Path) -> None:
    stocks = market(5)
    files = files_of(stocks | {"S9": stocks["S3"]})
    later = walk(3, weekdays(n=300), 70.0)
    files["S8.csv"] = csv_of(later).replace("\n2020-01-06", "\n2020-01-05", 1)  # a day more at its start: not equal
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files)))
    assert "S3 and S8 and S9 have the same bars" in found.told


def test_a_date_in_the_far_future_comes_to_rest(tmp_path: Path) -> None:
    files = files_of(market(3))
    files["S1.csv"] = files["S1.csv"].replace("\n2021-01-", "\n2121-01-", 1)
    folder = new_book(tmp_path / "b", folder_of(tmp_path / "s", files))
    found = look(folder)
    assert found.blocked == []
    assert "S1 2121-01-" in found.told
    assert "dates must not be" in found.told
    assert plan_ingest(found.book).stale == []
    assert read_sessions(inputs_of("bar_problems", found.book)[0]).last == int(weekdays()[-1])


@pytest.mark.parametrize(("rows", "is_head"), [(30, False), (160, True)])
def test_a_shorter_file_replaces_no_longer_history(tmp_path: Path, rows: int, is_head: bool) -> None:
    source = folder_of(tmp_path / "s", files_of(market(4)))
    folder = new_book(tmp_path / "b", source)
    assert look(folder).blocked == []
    lines = (source / "S3.csv").read_text().splitlines()
    kept = lines[1 : rows + 1] if is_head else lines[-rows:]
    (source / "S3.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    found = look(folder)
    assert (found.blocked, found.n_bars("S3")) == (["S3"], 300)
    assert f"{rows} bars up to" in found.told
    assert "would replace 300" in found.told
    with (folder / "btassets.toml").open("a") as file:
        file.write('\n[[quality.overrides]]\nticker = "S3"\nrule = "Q27"\nreason = "the vendor sells a year only"\n')
    assert look(folder).n_bars("S3") == rows


def test_a_window_that_moves_on_is_no_loss(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", files_of(market(2)))
    folder = new_book(tmp_path / "b", source)
    look(folder)
    longer = market(2, weekdays(n=360))
    for name, bars in longer.items():
        lines = csv_of(bars).splitlines()
        (source / f"{name}.csv").write_text("\n".join([lines[0], *lines[61:]]) + "\n")
    assert look(folder).blocked == []


def test_a_ticker_that_went_away_is_named_and_a_ghost_is_forgotten(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", files_of(market(4)) | {"GHOST.csv": "<html>no</html>", "TYPO.csv": "x\n1\n"})
    folder = new_book(tmp_path / "b", source)
    assert look(folder).blocked == ["GHOST", "TYPO"]
    for name in ("GHOST", "TYPO", "S2"):
        (source / f"{name}.csv").unlink()
    assert plan_ingest(look(folder).book).is_list_new is False
    found = look(folder)
    assert found.blocked == []
    assert "GHOST" not in found.book.lake.ticker_footers("ohlcv_history")
    assert "S2: no longer in the source; its bars up to" in found.told
    (source / "S2.csv").write_text(csv_of(market(4)["S2"]))
    assert look(folder).findings == []


def test_named_tickers_that_the_source_lacks_and_other_spellings_are_named(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "s", files_of(market(4)) | files_of({"BRK-B": walk(8, weekdays())}))
    names = ["S0", "MSFT", "s1", "brk/b"]
    found = look(new_book(tmp_path / "b", source, universe__tickers=names))
    assert list(found.book.lake.ticker_footers("ohlcv_history")) == ["BRK.B", "S0", "S1"]
    assert "MSFT: named by universe.tickers, but not in the source" in found.told
    assert "s1: universe.tickers uses another spelling; read as S1" in found.told


def test_most_tickers_stopped_and_some_that_run_ahead(tmp_path: Path) -> None:
    dates = weekdays()
    stopped = market(10, dates[:250]) | {f"L{k}": walk(50 + k, dates) for k in range(11)}
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(stopped))))
    assert f"{iso(dates[249])}: 10 of 21 tickers have their last bar on this day" in found.told
    ahead = market(10, dates[:250]) | {"L0": walk(50, dates)}
    found = look(new_book(tmp_path / "b2", folder_of(tmp_path / "s2", files_of(ahead))))
    assert f"{iso(dates[249])}: most tickers end here, while 1 of 11 continue to {iso(dates[-1])} (L0)" in found.told


@pytest.mark.parametrize("first", ["1965-01-04", "1969-06-02", "1905-01-02"])
def test_bars_before_1970(tmp_path: Path, first: str) -> None:
    days = weekdays(first)
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(market(3, days)))))
    assert (found.problems, found.n_bars("S0")) == ([], 300)
    assert read_sessions(inputs_of("bar_problems", found.book)[0]).last == int(days[-1])
    assert int(days[0]) < 0


@pytest.mark.parametrize(("n", "last_week_end"), [(33, 27), (34, 27), (35, 34), (36, 34)])
def test_a_week_of_seven_days_is_complete_on_sunday(tmp_path: Path, n: int, last_week_end: int) -> None:
    days = every_day("2021-03-01", n)  # a Monday: day 4 is a Friday
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of(market(3, days)))))
    sessions = read_sessions(inputs_of("bar_problems", found.book)[0])
    assert int(sessions.days[sessions.is_week][-1]) == int(days[0]) + last_week_end


@pytest.mark.parametrize("name", ["M&M.NS", "J&KBANK.NS", "ABC+", "BAC$L", "ES=F", "^GSPC", "brk-b"])
def test_legal_signs_in_a_name(tmp_path: Path, name: str) -> None:
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files_of({name: walk(1, weekdays())}))))
    assert found.blocked == []


def test_compressed_files_and_nanoseconds(tmp_path: Path) -> None:
    bars = walk(1, weekdays())
    source = folder_of(tmp_path / "s", {"NS.csv": csv_of(bars, stamp=lambda day: str(day * 86_400 * 10**9))})
    (source / "GZ.csv.gz").write_bytes(gzip.compress(csv_of(bars, stamp=lambda d: iso(d).replace("-", "")).encode()))
    found = look(new_book(tmp_path / "b", source, calendar="data"))
    assert (found.blocked, found.n_bars("NS"), found.n_bars("GZ")) == ([], 300, 300)


def test_a_source_that_knows_its_basis_is_not_judged_by_the_setting(tmp_path: Path) -> None:
    """The demo's prices are raw, and the setting `source.basis` refers to files: no finding says otherwise."""
    make_demo_book(tmp_path / "demo", {"demo.tickers": 40, "demo.years": 5.0})
    book = open_book(tmp_path / "demo", environ={})
    assert book.base.source.basis == "total"
    ingest(book, plan_ingest(book).stale)
    for stage in ("sessions", "bar_problems"):
        run_stage(stage, book)
    footers = book.lake.ticker_footers("ohlcv_history").values()
    assert sum((of_sums(facts.get("ex_dates", ())) for facts in footers), DividendDrop()).is_in_price
    assert "Q25" not in book.lake.read("bar_problems", book.scenario).column("rule").to_pylist()


def test_rows_that_repeat_are_merged_and_counted_in_the_last_lines(tmp_path: Path) -> None:
    """Bars of every hour that differ in their time only, or a download that was appended twice."""
    files = files_of(market(2))
    head, *rows = files["S0.csv"].splitlines()
    files["S0.csv"] = "\n".join([head, *(row for row in rows for _ in range(7))]) + "\n"
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files)))
    assert found.n_bars("S0") == len(rows)
    assert f"duplicate of another row ({6 * len(rows):,} rows in all); merged. [Q3]" in found.told


def test_a_day_off_the_calendar_after_the_last_bar_counts_its_tickers(tmp_path: Path) -> None:
    stocks = market(8, exchange_sessions(Lake(tmp_path / "lake", 4), "XNYS", day_number("2022-01-03"), AT + 19_000))
    friday = max(day for day in stocks["S0"].dates if (int(day) + 3) % 7 == 4)
    files = files_of(stocks)
    for name, text in files.items():
        kept = [line for line in text.splitlines() if line[:4] == "date" or day_number(line[:10]) <= friday]
        files[name] = "\n".join([*kept, kept[-1].replace(kept[-1][:10], iso(int(friday) + 1))]) + "\n"
    found = look(new_book(tmp_path / "b", folder_of(tmp_path / "s", files), calendar="XNYS"))
    assert f"{iso(int(friday) + 1)}: 8 of 8 current tickers have a bar on a day that calendar XNYS" in found.told


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_named_as_such_and_no_column_of_it_is_guessed(tmp_path: Path, encoding: str) -> None:
    files = files_of(market(2))
    source = folder_of(tmp_path / "s", files)
    (source / "S1.csv").write_bytes(files["S1.csv"].encode(encoding))
    found = look(new_book(tmp_path / "b", source))
    assert found.blocked == ["S1"]
    assert (
        found.told.count("S1.csv is not UTF-8 text, perhaps UTF-16; CSV files must be UTF-8; save it as UTF-8. [Q1]")
        == 1
    )
    assert "[Q1] [Q1]" not in found.told
    for file in source.iterdir():
        file.write_bytes(files[file.name].encode(encoding))
    assert guess_folder(source).values == {}
