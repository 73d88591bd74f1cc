"""Own stages of a book: computed from its tables, stale when an input or their code changes, left out on a failure."""

from pathlib import Path

from btassets.book.book import Book, open_book
from btassets.cli.actions.look import read_table
from btassets.plan import make_plan
from btassets.run.check_facts import check_facts
from btassets.run.freshness import inputs_now
from btassets.run.own_flow.own_stages import failure_of
from btassets.run.run_stage import run_stages
from btassets.run.stage_result import StageOutcome
from btassets_tests.support.own_panel import write_source

COUNTS = """import btassets as bt


@bt.stage(reads=["graded_setups"], settings=["gates.min_rr"])
def counts(tables, settings):
    t = tables["graded_setups"]
    return t.groupby("direction", as_index=False).agg(n=("ticker", "size")).assign(floor=settings.gates.min_rr)
"""
BAD = """import btassets as bt
import pandas as pd


@bt.stage(reads=[])
def bad(tables, settings):
    return pd.DataFrame({"x": [1 / 0]})
"""
DOUBLED = "-- stage: doubled\n-- reads: counts\nselect direction, 2 * n as n from counts order by direction\n"


def opened(folder: Path, scenario: str = "base", **overrides: object) -> Book:
    return open_book(folder, scenario=scenario, overrides=overrides, environ={}, mends=True)


def ran(folder: Path, *names: str, **more: str) -> dict[str, StageOutcome]:
    return {one.name: one for one in run_stages(names, opened(folder, **more), n_threads=1)}


def rows(folder: Path, name: str, scenario: str = "base") -> list[dict[str, object]]:
    return opened(folder).lake.read(name, scenario).to_pylist()


def test_a_stage_is_computed_once_and_again_when_its_code_changes(book: Path) -> None:
    write_source(book, "counts.py", COUNTS)
    write_source(book, "doubled.sql", DOUBLED)
    assert make_plan(opened(book), reads=False).stages == ["counts", "doubled"]
    first = ran(book, "counts", "doubled")
    assert [one.is_cached for one in first.values()] == [False, False]
    assert first["counts"].numbers["rows"] == first["counts"].footers["counts"].n_rows
    assert first["counts"].numbers["seconds"] > 0.0
    found = rows(book, "counts")
    setups = opened(book).lake.read("graded_setups")
    assert sum(int(str(row["n"])) for row in found) == setups.num_rows
    twice = [("base", 2 * int(str(row["n"]))) for row in found]
    assert [(row["scenario"], row["n"]) for row in rows(book, "doubled")] == twice
    assert make_plan(opened(book), reads=False).stages == []
    write_source(book, "other.py", COUNTS.replace("counts", "others"))
    assert make_plan(opened(book), reads=False).stages == ["others"]
    write_source(book, "doubled.sql", DOUBLED.replace("2 *", "3 *"))
    again = ran(book, "counts", "doubled", "others")
    assert {name for name, one in again.items() if not one.is_cached} == {"doubled", "others"}


def test_a_stage_is_stale_under_its_declared_settings_alone(book: Path) -> None:
    write_source(book, "counts.py", COUNTS)
    before = inputs_now("counts", opened(book)).settings
    for key, value, is_stale in (("portfolio.max_positions", 3, False), ("gates.min_rr", 2.5, True)):
        changed = inputs_now("counts", opened(book, "other", **{key: value})).settings
        assert (changed != before) is is_stale, key


def test_a_failure_leaves_out_what_depends_on_it_and_nothing_else(book: Path) -> None:
    write_source(book, "counts.py", COUNTS)
    write_source(book, "bad.py", BAD)
    write_source(book, "below.sql", "-- stage: below\n-- reads: bad\nselect * from bad")
    ran(book, "bad", "below", "counts")
    now = opened(book)
    assert failure_of(now, "bad") == "own/bad.py line 7: ZeroDivisionError: division by zero"
    below = failure_of(now, "below")
    assert below is not None
    assert below.startswith("own/below.sql line 1: below reads bad, which was left out")
    assert failure_of(now, "counts") is None
    assert rows(book, "bad") == rows(book, "below") == []
    # The same code on the same tables fails in the same way: it is tried again when one of them changes.
    assert make_plan(now, reads=False).stages == []
    outcome = ran(book, "bad")["bad"]
    (fact,) = check_facts("bad", outcome, opened(book))
    assert (fact.check, fact.passed, fact.severity) == ("bad_computed", False, "ERROR")
    write_source(book, "bad.py", BAD.replace("[1 / 0]", "[1]"))
    assert make_plan(opened(book), reads=False).stages == ["bad", "below"]
    ran(book, "bad", "below")
    assert rows(book, "below") == [{"scenario": "base", "x": 1}]


def test_another_result_of_the_same_call_is_refused(book: Path) -> None:
    text = "import random\nimport pandas as pd\nimport btassets as bt\n\n@bt.stage(reads=[])\ndef chance(t, s):\n"
    write_source(book, "chance.py", text + "    return pd.DataFrame({'x': [1.0, random.random()]})\n")
    ran(book, "chance")
    why = failure_of(opened(book), "chance")
    assert why is not None
    assert why.startswith("own/chance.py line 6: chance: column x of row 2 is 0.")
    assert why.endswith("it depends on chance or on state")


def test_rows_of_another_scenario_are_refused(book: Path) -> None:
    text = "-- stage: mine\n-- reads: graded_setups\nselect 'other' as scenario, count(*) as n from graded_setups"
    write_source(book, "mine.sql", text)
    ran(book, "mine")
    assert "returns rows of scenario other; this is base" in str(failure_of(opened(book), "mine"))


def test_a_name_that_own_code_does_not_declare_any_more_is_in_no_plan(book: Path) -> None:
    write_source(book, "counts.py", COUNTS)
    ran(book, "counts")
    (book / "own" / "counts.py").unlink()
    assert make_plan(opened(book), reads=False).stages == []


LAST_CLOSES = """import btassets as bt


@bt.stage(reads=["bars"])
def last_closes(tables, settings):
    return tables["bars"].groupby("ticker", as_index=False).last()[["ticker", "date", "close"]]
"""
N_BARS = "-- stage: n_bars\n-- reads: bars\nselect ticker, count(*) as n from bars group by ticker order by ticker\n"


def test_a_stage_reads_the_adjusted_bars_of_the_universe(book: Path) -> None:
    write_source(book, "last_closes.py", LAST_CLOSES)
    write_source(book, "n_bars.sql", N_BARS)
    ran(book, "last_closes", "n_bars")
    assert failure_of(opened(book), "last_closes") is None
    bars = read_table(opened(book), "bars").to_pandas()
    of_ticker = bars.groupby("ticker")
    assert {row["ticker"]: row["n"] for row in rows(book, "n_bars")} == of_ticker.size().to_dict()
    found = {str(row["ticker"]): (row["date"], row["close"]) for row in rows(book, "last_closes")}
    assert {t: close for t, (_, close) in found.items()} == of_ticker["close"].last().to_dict()
    assert not list(opened(book).lake.root.rglob("*-bars.parquet"))
    assert make_plan(opened(book), reads=False).stages == []
    inputs = inputs_now("n_bars", opened(book))
    assert set(inputs.reads) == {"ohlcv_history", "sessions"}
    assert {"basis", "universe.exclude"} <= set(inputs.settings)
    assert "membership" in inputs.outside
