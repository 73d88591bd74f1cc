"""Evening after evening against one run over the same bars: every file of the lake, byte for byte.

What a book remembers is no function of its bars: which revisions it saw, what it showed, how many claims it tested.
Those tables are named here, and nothing else may differ.
"""

import json
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.storage.sealed import footer_as_it_is
from btassets_tests.support.book_factory import call, make_book, start
from btassets_tests.support.evenings import LOOSE, open_evening, run_evening
from btassets_tests.support.growing_market import EVENTS, TAKEOVER, GrowingMarket

N_BARS, N_TICKERS = 420, 8
OPTIONS = {
    "source__basis": "raw",
    "source__columns__dividend": "dividend",
    "source__columns__split": "split",
    "storage__buckets": 4,
    **LOOSE,
}
MEMORY = ("bar_revisions", "journal", "journal_results", "journal_verdict", "trials", "verdicts")
"""Tables of what the book saw, showed and tried."""

MAY_TELL = ("ohlcv_history", "bar_problems", "bar_quarantine", "stat_claims", "backtest_report")
"""Tables whose footers, or whose count of looks, depend on memory."""

OF_MEMORY = {"revisions", "n_revisions", "revised", "outside", "reads", "input_hash", "data_version", "files"}
"""Facts in footers that count or hash those."""


def rows_and_facts(path: Path) -> tuple[pa.Table, Any]:
    """Rows of a file without the count of looks, and its footer without facts from memory."""
    table = pq.read_table(path).replace_schema_metadata(None)
    if "looks" in table.column_names:
        table = table.drop_columns(["looks"])

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items() if key not in OF_MEMORY}
        return value

    return table, plain(footer_as_it_is(path))


def lake_of(folder: Path) -> dict[str, Path]:
    root = folder / "data"
    return {str(p.relative_to(root)): p for p in sorted(root.rglob("*.parquet")) if ".copies" not in p.parts}


def unequal_files(ours: Path, theirs: Path) -> tuple[list[str], int]:
    """Files that differ by more than facts from memory, and the number of equal ones."""
    first, second = lake_of(ours), lake_of(theirs)
    assert list(first) == list(second)
    kept = [name for name in first if name.split("/")[0] not in MEMORY]
    same = [name for name in kept if first[name].read_bytes() == second[name].read_bytes()]
    found = [name for name in kept if name not in same and name.split("/")[0] not in MAY_TELL]
    for name in (name for name in kept if name not in same and name.split("/")[0] in MAY_TELL):
        (a, about_a), (b, about_b) = rows_and_facts(first[name]), rows_and_facts(second[name])
        if not a.equals(b) or json.dumps(about_a) != json.dumps(about_b):
            found.append(name)
    return found, len(same)


def confirm(folder: Path, ticker: str) -> None:
    """Override the refusal of a ticker's new bars."""
    file = folder / "btassets.toml"
    words = f'\n[[quality.overrides]]\nticker = "{ticker}"\nrule = "Q7"\nreason = "takeover offer"\n'
    file.write_text(file.read_text() + words)


def evenings(tmp_path: Path, n: int, seed: int) -> tuple[Path, list[str]]:
    """A book after `n` evenings of events in random order; the events."""
    market = GrowingMarket(tmp_path, seed, N_BARS, n, N_TICKERS)
    order = np.random.default_rng(seed).permutation(n)
    events = [(*EVENTS, TAKEOVER)[k % (len(EVENTS) + 1)] for k in order]
    book = make_book(tmp_path / "book", tmp_path, **OPTIONS)
    is_asked = False
    for k, event in enumerate(events):
        # One offer is enough: a second one would be for another ticker with the same words.
        is_offer = event == TAKEOVER and k > 0 and not market.bid_for
        market.evening(k, "none" if event == TAKEOVER and not is_offer else event)
        if is_asked:
            confirm(book, market.bid_for)
        is_asked = is_offer
        run_evening(book, "backtest_report")
    if is_asked:
        confirm(book, market.bid_for)
        run_evening(book, "backtest_report")
    return book, events


def compare_with_one_run(tmp_path: Path, book: Path) -> None:
    fresh = make_book(tmp_path / "fresh", tmp_path, **OPTIONS)
    shutil.copy(book / "btassets.toml", fresh / "btassets.toml")
    run_evening(fresh, "backtest_report")
    different, n_same = unequal_files(book, fresh)
    assert different == []
    assert n_same >= 40


@pytest.mark.long
@pytest.mark.parametrize("seed", [3])
def test_nine_evenings_give_the_files_of_one_run(seed: int, tmp_path: Path) -> None:
    book, events = evenings(tmp_path, len(EVENTS) + 1, seed)
    assert sorted(events) == sorted((*EVENTS, TAKEOVER))
    compare_with_one_run(tmp_path, book)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_thirty_evenings_give_the_files_of_one_run(seed: int, tmp_path: Path) -> None:
    book, _ = evenings(tmp_path, 30, seed)
    compare_with_one_run(tmp_path, book)


def rows_by_date(folder: Path) -> dict[str, pa.Table]:
    """Tables with an as-of date or a date, of those that hold rows of the past."""
    book = open_evening(folder)
    found = {}
    for name in book.lake.tables():
        if name in (*MEMORY, "bar_problems", "bar_quarantine", "ohlcv_history"):
            continue
        root = folder / "data" / name
        files = sorted(root.rglob("*.parquet"))
        table = pa.concat_tables([pq.read_table(p).replace_schema_metadata(None) for p in files]).unify_dictionaries()
        date = next((c for c in ("asof_date", "week") if c in table.column_names), None)
        if date and table.num_rows:
            found[name] = table.append_column("_day", table[date].cast(pa.int32()))
    return found


@pytest.mark.long
def test_a_new_session_changes_no_old_row(tmp_path: Path) -> None:
    """With a dividend on that day: rows older than 63 sessions stay as they are in every table with a date."""
    market = GrowingMarket(tmp_path, 5, N_BARS, 2, N_TICKERS)
    book = make_book(tmp_path / "book", tmp_path, **OPTIONS)
    market.evening(0)
    run_evening(book, "backtest_report")
    before = rows_by_date(book)
    market.evening(1, "dividend")
    run_evening(book, "backtest_report")
    after = rows_by_date(book)
    days = market.benchmark.dates
    border = int(days[N_BARS - 63 - 1])
    n_old = {}
    for name, table in before.items():
        old, new = (
            sorted(map(repr, t.filter(pa.compute.less(t["_day"], border)).to_pylist())) for t in (table, after[name])
        )
        assert old == new, name
        n_old[name] = len(old)
    assert {name for name, n in n_old.items() if n} >= {
        *("candidates", "signals", "factor_signals", "percentile_ranks", "graded_setups", "factor_ic_weekly")
    }


def n_written(folder: Path, since_ns: int) -> int:
    files = (p.stat().st_mtime_ns for p in (folder / "data").rglob("*.parquet") if not p.name.startswith("."))
    return sum(at > since_ns for at in files)


@pytest.mark.long
def test_a_killed_update_completes_to_the_same_files(tmp_path: Path) -> None:
    market = GrowingMarket(tmp_path, 4, N_BARS, 3, N_TICKERS)
    book = make_book(tmp_path / "book", tmp_path, **OPTIONS)
    market.evening(0)
    assert call("run", "--book", book, "--quiet").code == 0
    moments, n_killed = random.Random(7), 0
    for k, (low, high) in enumerate(((1, 8), (9, 30)), start=1):
        market.evening(k, "dividend")
        since, wanted = time.time_ns(), moments.randint(low, high)
        process = start("run", "--book", book, "--quiet")
        while process.poll() is None and n_written(book, since) < wanted:
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            n_killed += 1
        process.communicate()
    assert n_killed
    assert call("run", "--book", book, "--quiet").code == 0
    fresh = make_book(tmp_path / "fresh", tmp_path, **OPTIONS)
    assert call("run", "--book", fresh, "--quiet").code == 0
    assert unequal_files(book, fresh)[0] == []
