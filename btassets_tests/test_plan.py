"""The same inputs give the same tables, whatever the way; only what changed is computed again."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.book.book import open_book
from btassets.engine.market.bars import Bars
from btassets.plan import make_plan
from btassets.sources.files.bar_folder import FilesSource
from btassets.stages.advice.stat_claims import SINCE
from btassets_tests.support.book_factory import (
    HISTORY,
    N_BARS,
    call,
    different,
    lake_files,
    make_book,
    market,
    plain,
    report_bytes,
    tables_of,
    versions,
    write_bars,
    write_market,
)

pytestmark = pytest.mark.long  # each test runs whole commands


def close(ours: pa.Table, theirs: pa.Table) -> bool:
    """Whether two tables are the same but for the last bits of their floats."""
    return plain(ours).schema.equals(plain(theirs).schema) and all(
        np.allclose(a.to_numpy(), b.to_numpy(), rtol=1e-9, atol=1e-12, equal_nan=True)
        if pa.types.is_floating(a.type)
        else a.equals(b)
        for a, b in zip(plain(ours).columns, plain(theirs).columns, strict=True)
    )


TABLES_OF_RANKING = "percentile_ranks"


def run(folder: Path, *words: str) -> None:
    answer = call("run", "--book", folder, "--quiet", *words)
    assert answer.code == 0, answer.err


def test_two_books_over_the_same_bars_have_the_same_bytes(
    finished_book: Path, tmp_path: Path, market_folder: Path, instance: Path
) -> None:
    again = make_book(tmp_path / "book", market_folder, instance=instance)
    run(again)
    # The journal keeps the time of each list, and the row of the report the version of the journal that it shows.
    left_out = (*HISTORY, "backtest_report")
    ours, theirs = (
        {n: b for n, b in lake_files(each).items() if not n.startswith(left_out)} for each in (again, finished_book)
    )
    assert ours == theirs
    assert report_bytes(again) == report_bytes(finished_book)


@pytest.mark.parametrize(
    "settings",
    [
        {"executor__shards": 1, "storage__buckets": 1},
        {"executor__shards": 5, "storage__buckets": 7},
    ],
    ids=str,
)
def test_shards_and_buckets_change_no_number(
    finished_book: Path, tmp_path: Path, market_folder: Path, settings: dict[str, int], instance: Path
) -> None:
    other = make_book(tmp_path / "book", market_folder, instance=instance, **settings)
    run(other)
    ours, theirs = tables_of(other), tables_of(finished_book)
    # The weekly sums of the statistics add rows in the order of the files: the bucket layout, which cannot
    # change once there are bars, shows in their last bits and nowhere else.
    assert [n for n in different(ours, theirs) if not (n.startswith("stat_") and close(ours[n], theirs[n]))] == []


def test_the_order_of_the_files_changes_no_number(
    finished_book: Path, tmp_path: Path, market_folder: Path, monkeypatch: pytest.MonkeyPatch, instance: Path
) -> None:
    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(sorted(real(self), reverse=True)))
    real_tickers = FilesSource.tickers
    monkeypatch.setattr(FilesSource, "tickers", lambda self: real_tickers(self)[::-1])
    other = make_book(tmp_path / "book", market_folder, instance=instance)
    run(other)
    assert different(tables_of(other), tables_of(finished_book)) == []


def test_one_long_file_gives_the_numbers_of_many(
    finished_book: Path, tmp_path: Path, market_folder: Path, instance: Path
) -> None:
    import pyarrow as pa

    parts = []
    for path in sorted((market_folder / "bars").iterdir(), reverse=True):
        own = pq.read_table(path)
        parts.append(own.append_column("ticker", pa.array([path.stem] * own.num_rows)))
    (tmp_path / "bars").mkdir()
    pq.write_table(pa.concat_tables(parts), tmp_path / "bars" / "all.parquet")
    other = make_book(
        tmp_path / "book", market_folder, instance=instance, source__path=str(tmp_path / "bars" / "all.parquet")
    )
    run(other)
    assert different(tables_of(other), tables_of(finished_book)) == []


def test_a_run_with_nothing_changed_writes_nothing(book: Path) -> None:
    files = {p: p.stat().st_mtime_ns for p in book.rglob("*") if p.is_file() and p.name != "run.lock"}
    run(book)
    run(book)
    now = {p: p.stat().st_mtime_ns for p in book.rglob("*") if p.is_file() and p.name != "run.lock"}
    changed = {p.relative_to(book) for p in {*files, *now} if files.get(p) != now.get(p)}
    assert {p.parts[0] for p in changed} <= {"warehouse.duckdb", "data"}, changed
    assert all(p.name in ("warehouse.duckdb", "warehouse.json") for p in changed)  # the book was moved
    assert make_plan(open_book(book)).stages == []


def test_new_bars_for_some_recompute_only_those_and_t_stays(own_book: Path, own_market: Path, instance: Path) -> None:
    before, report = versions(own_book), report_bytes(own_book)
    longer, _ = market(extend=3)
    for ticker in ("SYN0002", "SYN0005", "SYN0007"):
        write_bars(own_market / "bars" / f"{ticker}.parquet", longer[ticker])
    run(own_book)
    after = versions(own_book)
    assert {t for t in after if after[t] != before[t]} == {"SYN0002", "SYN0005", "SYN0007"}
    tables = tables_of(own_book)
    assert str(tables["sessions"]["date"][-1].as_py()) == "2022-01-05"
    assert tables["bars"].num_rows == 8 * N_BARS + 9
    # T is the last session shared by most tickers: three with newer bars do not move it.
    for each in (report, report_bytes(own_book)):
        assert json.loads(each)["as_of"] == "2022-01-05"
    fresh = make_book(own_book.parent / "fresh", own_market, instance=instance)
    run(fresh)
    assert different(tables_of(fresh), tables) == []


def test_a_bar_for_all_moves_t(own_book: Path, own_market: Path, instance: Path) -> None:
    before = versions(own_book)
    write_market(own_market, extend=1)
    run(own_book)
    after = versions(own_book)
    assert all(after[t] != before[t] for t in before)
    tables = tables_of(own_book)
    assert str(tables["sessions"]["date"][-1].as_py()) == "2022-01-06"
    fresh = make_book(own_book.parent / "fresh", own_market, instance=instance)
    run(fresh)
    both = [tables_of(fresh), tables]
    for one in both:  # the book that grew has been looked at twice: its claims have a longer history
        one["stat_claims"] = one["stat_claims"].drop_columns(list(SINCE))
    assert different(*both) == []


WINDOW_DAYS = 500


def shortened(bars: Bars, first: int) -> Bars:
    n = int(np.searchsorted(bars.dates, first))
    return Bars(*(getattr(bars, name)[n:] for name in ("dates", "open", "high", "low", "close", "volume")))


def of_the_used_bars(folder: Path) -> dict[str, pa.Table]:
    """Tables but the stored bars themselves and what is dated by the number of runs."""
    tables = tables_of(folder)
    tables["stat_claims"] = tables["stat_claims"].drop_columns(list(SINCE))
    return {name: table for name, table in tables.items() if name != "ohlcv_history"}


def test_a_moving_window_gives_what_its_bars_alone_give_day_by_day(
    own_book: Path, own_market: Path, tmp_path: Path, instance: Path
) -> None:
    moving = make_book(tmp_path / "moving", own_market, instance=instance, source__history_days=WINDOW_DAYS)
    gone = market()[0]["SYN0001"]
    gone = Bars(*(getattr(gone, name)[:60] for name in ("dates", "open", "high", "low", "close", "volume")))
    for extend in (0, 6):
        write_market(own_market, extend=extend)
        write_bars(own_market / "bars" / "OLD.parquet", gone)  # all of its bars are before the window
        run(moving)
        first = int(market(extend=extend)[0]["SYN0001"].dates[-1]) - WINDOW_DAYS
        bars, benchmark = market(extend=extend)
        cut = tmp_path / f"cut{extend}"
        for ticker, own in bars.items():
            assert own.dates[0] < first
            write_bars(cut / "bars" / f"{ticker}.parquet", shortened(own, first))
        write_bars(cut / "SPY.parquet", shortened(benchmark, first))
        fresh = make_book(tmp_path / f"fresh{extend}", cut, instance=instance)
        run(fresh)
        ours, theirs = of_the_used_bars(moving), of_the_used_bars(fresh)
        assert ours["candidates"].num_rows > 300
        assert int(ours["sessions"]["date"].cast("int32")[0].as_py()) >= first
        # Findings, coverage and the number of tickers count OLD, which is stored and not used.
        about_stored = {"bar_problems", "stat_health", "backtest_report"}
        assert set(different(ours, theirs)) <= about_stored
        again = make_book(tmp_path / f"again{extend}", own_market, instance=instance, source__history_days=WINDOW_DAYS)
        run(again)
        assert different(ours, of_the_used_bars(again)) == []


def test_a_new_bar_of_the_benchmark_alone_replays_nothing(own_book: Path, own_market: Path) -> None:
    before = {k: v for k, v in lake_files(own_book).items() if k.startswith(("candidates", "signals"))}
    write_bars(own_market / "SPY.parquet", market(extend=2)[1])
    run(own_book)
    after = lake_files(own_book)
    assert {name: after[name] for name in before} == before


def test_a_changed_gate_replays_nothing(book: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (book / "data" / "candidates").rglob("*.parquet")}
    base = tables_of(book)
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# min_rr = 1.5", "min_rr = 2.0"))
    run(book)
    assert {p: p.stat().st_mtime_ns for p in (book / "data" / "candidates").rglob("*.parquet")} == before
    changed = different(tables_of(book), base)
    assert "graded_setups" in changed
    assert not {"candidates", "factor_signals", "percentile_ranks", "factor_ic"} & set(changed)
    file.write_text(file.read_text().replace("min_rr = 2.0", "# min_rr = 1.5"))
    run(book)
    assert different(tables_of(book), base) == []


def test_an_engine_setting_of_a_scenario_gets_a_replay_of_its_own(book: Path) -> None:
    before, report = lake_files(book), report_bytes(book)
    run(book, "--set", "engine.atr_stop_multiple=2.5", "--as", "wide")
    after = lake_files(book)
    assert {name: after[name] for name in before} == before
    assert report_bytes(book) == report
    replays = {p.name for p in (book / "data" / "candidates").iterdir()}
    assert len(replays) == 2
    wide, base = tables_of(book, "wide"), tables_of(book)
    assert "candidates" in different(wide, base)
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# atr_stop_multiple = 1.5", "atr_stop_multiple = 2.5"))
    run(book)
    assert different({"candidates": tables_of(book)["candidates"]}, {"candidates": wide["candidates"]}) == []


def test_a_ticker_removed_from_the_universe_leaves_no_trace(
    own_book: Path, own_market: Path, tmp_path: Path, instance: Path
) -> None:
    file = own_book / "btassets.toml"
    file.write_text(file.read_text().replace("# exclude = []", 'exclude = ["SYN0004"]'))
    run(own_book)
    (own_market / "bars" / "SYN0004.parquet").rename(tmp_path / "SYN0004.parquet")
    fresh = make_book(tmp_path / "fresh", own_market, instance=instance)
    run(fresh)
    ours = tables_of(own_book)
    assert different(ours, tables_of(fresh)) == ["ohlcv_history"]
    assert "SYN0004" not in set(ours["candidates"]["ticker"].to_pylist())


def test_a_ticker_that_leaves_the_source_stays_with_its_history(own_book: Path, own_market: Path) -> None:
    before = tables_of(own_book)
    (own_market / "bars" / "SYN0006.parquet").unlink()
    run(own_book)
    after = tables_of(own_book)
    assert different(after, before) == ["bar_problems"]
    assert "SYN0006: no longer in the source" in after["bar_problems"]["text"].to_pylist()[-1]
    longer, benchmark = market(extend=15)
    write_bars(own_market / "SPY.parquet", benchmark)
    for ticker, bars in longer.items():
        if ticker != "SYN0006":
            write_bars(own_market / "bars" / f"{ticker}.parquet", bars)
    run(own_book)
    rows = tables_of(own_book)["candidates"].to_pandas().query("ticker == 'SYN0006'")
    assert "delisted" in set(rows["exit_reason"])


def test_a_corrected_bar_replays_one_ticker(own_book: Path, own_market: Path, instance: Path) -> None:
    before = versions(own_book)
    own = market()[0]["SYN0003"]
    close = own.close.copy()
    close[200] = np.mean([own.low[200], own.close[200]])
    write_bars(own_market / "bars" / "SYN0003.parquet", Bars(own.dates, own.open, own.high, own.low, close, own.volume))
    run(own_book)
    after = versions(own_book)
    assert {t for t in after if after[t] != before[t]} == {"SYN0003"}
    fresh = make_book(own_book.parent / "fresh", own_market, instance=instance)
    run(fresh)
    # Only the record of the correction differs between the two books.
    ours = tables_of(own_book)
    assert different(tables_of(fresh), ours) == ["bar_revisions"]
    (row,) = ours["bar_revisions"].to_pylist()
    assert (row["ticker"], row["kind"], row["field"]) == ("SYN0003", "revised", "close")
    assert (row["old_value"], row["new_value"]) == (own.close[200], close[200])


def test_a_touched_file_with_the_same_bars_replays_nothing(own_book: Path, own_market: Path) -> None:
    before = {k: v for k, v in lake_files(own_book).items() if not k.startswith("ohlcv")}
    for path in (own_market / "bars").iterdir():
        os.utime(path, (1, 1))
    run(own_book)
    after = lake_files(own_book)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("gone", [["data", "warehouse.duckdb"], ["reports"], [".dagster", "landing", "data/trades"]])
def test_everything_but_the_settings_can_be_deleted(book: Path, finished_book: Path, gone: list[str]) -> None:
    for path in (book / name for name in gone):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    run(book)
    assert different(tables_of(book), tables_of(finished_book)) == []
    assert report_bytes(book) == report_bytes(finished_book)
    assert (book / "warehouse.duckdb").is_file()


def test_a_damaged_file_is_made_anew(book: Path, finished_book: Path) -> None:
    for table, damage in (
        ("ohlcv_history", b""),
        ("candidates/base", b"PAR1 half a file"),
        ("signals/base", b""),
        ("sessions", b"PAR1"),
        ("graded_setups", b""),
    ):
        sorted((book / "data" / table).glob("*.parquet"))[0].write_bytes(damage)
        run(book)
        assert different(tables_of(book), tables_of(finished_book)) == [], table


def test_another_number_of_buckets_is_refused_once_there_are_bars(book: Path) -> None:
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# buckets = 64", "buckets = 8"))
    answer = call("run", "--book", book)
    assert answer.code == 2
    assert "storage.buckets = 8" in answer.err
    shutil.rmtree(book / "data")
    run(book)
