"""A book under an own setup rule: the same rows as the built-in rule if it wraps it, and what happens when it fails."""

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.book.book import Book, open_book
from btassets.engine.conventions import HOLD_DAYS
from btassets.engine.replay.candidate_columns import graded_names
from btassets.errors import CheckFailedError, SetupRuleError, UsageError
from btassets.plan import replay_in_process
from btassets.run.setup_rule import rule_content, setup_rule, setup_rule_version
from btassets.run.tables import inputs_of
from btassets.stages.replay.candidates import failed_tickers, plan_replay, rule_cost
from btassets_tests.support.own_rules import GOOD, rule_text

WRAPPED = rule_text("return bt.levels(w)", lookback=252, more=", min_lookback=59", name="wrapped")


def with_rule(folder: Path, text: str, name: str = "idea") -> Book:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "rule.py").write_text(text, encoding="utf-8")
    return open_book(folder, scenario="own", overrides={"setup.rule": name}, environ={})


def replayed(book: Book) -> Book:
    replay_in_process(book, n_threads=2, log=lambda _: None)
    return book


def rows_of(book: Book) -> pa.Table:
    table = pa.concat_tables(pq.read_table(path) for path in sorted(book.lake.bucket_files(book.candidates)))
    for name in table.column_names:
        if pa.types.is_dictionary(table[name].type):
            table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    return table.combine_chunks()


def test_the_built_in_rule_wrapped_gives_the_same_bytes(book: Path) -> None:
    ours, theirs = rows_of(open_book(book, environ={})), rows_of(replayed(with_rule(book, WRAPPED, "wrapped")))
    assert ours.num_rows == theirs.num_rows > 1_000
    both = [name for name in ours.column_names if not ours[name].equals(theirs[name])]
    assert sorted(both) == ["is_projected", "level_strength", "momentum_score", "n_sr_targets", "technical"]
    assert {theirs[name].null_count for name in both if name != "is_projected"} == {theirs.num_rows}
    assert set(graded_names(HOLD_DAYS)) <= set(ours.column_names) - set(both)


FAILS_FOR_ONE = rule_text(f'if w.ticker == "SYN0003":\n    raise ValueError("no such idea")\n{GOOD}')


def test_a_ticker_for_which_a_rule_fails_is_named_and_the_others_go_on(book: Path) -> None:
    own = replayed(with_rule(book, FAILS_FOR_ONE))
    tables, settings = inputs_of("candidates", own)
    failed = failed_tickers(tables)
    assert list(failed) == ["SYN0003"]
    assert failed["SYN0003"].startswith("own/rule.py line 6: ValueError: no such idea (SYN0003 20")
    rows = rows_of(own)
    assert set(rows["direction"].to_pylist()) == {"long"}
    assert "SYN0003" not in rows["ticker"].to_pylist()
    assert set(rows["action"].to_pylist()) == {"LONG_HIGH"}
    assert set(rows["risk_level"].to_pylist()) == {"Low"}
    assert set(rows["confidence"].to_pylist()) == {100.0}
    ratio = [math.isclose(rr, 2.0, rel_tol=1e-12) for rr in rows["rr"].to_pylist()]
    assert all(ratio)
    assert rule_cost(tables) > 0.0
    assert plan_replay(tables, settings).stale == []


def test_another_number_in_the_rule_replays_and_is_another_trial(book: Path) -> None:
    own = replayed(with_rule(book, rule_text(GOOD)))
    before = (setup_rule_version(own), rule_content(own))
    with_rule(book, rule_text(f"{GOOD}  # a comment"))
    assert rule_content(own) == before[1]
    with_rule(book, rule_text(GOOD.replace("1.2", "1.3")))
    assert setup_rule_version(own) != before[0]
    assert rule_content(own) != before[1]
    assert len(plan_replay(*inputs_of("candidates", own)).stale) == 8


def test_a_rule_that_looks_ahead_is_refused(book: Path) -> None:
    text = rule_text(f'if w._arrays.columns["close"][-1] > w.close[-1]:\n    {GOOD}')
    with pytest.raises(CheckFailedError, match=r"idea: SYN\d+ 20.*with all bars.*without the later ones; it looks"):
        replayed(with_rule(book, text))


def test_a_rule_that_keeps_state_is_refused(book: Path) -> None:
    text = rule_text(f"seen[w.ticker] = seen.get(w.ticker, 0) + 1\nif seen[w.ticker] > 60:\n    {GOOD}", "seen = {}")
    with pytest.raises(CheckFailedError, match=r"idea: SYN.*it keeps state between calls"):
        replayed(with_rule(book, text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule_text('raise KeyError("x")'), "it failed for each of 8 tickers, first: own/rule.py line 5: KeyError"),
        (rule_text(head="import no_such"), "own/rule.py line 2: ModuleNotFoundError: No module named 'no_such'"),
    ],
    ids=["raises", "import"],
)
def test_a_rule_without_any_setups_ends_the_run(book: Path, text: str, expected: str) -> None:
    with pytest.raises(SetupRuleError) as error:
        replayed(with_rule(book, text))
    assert str(error.value).startswith("setup.rule = idea: ")
    assert expected in str(error.value)


def test_a_name_without_a_rule_is_refused_by_the_run_and_known_to_the_plan(book: Path) -> None:
    own = with_rule(book, rule_text(), "ideo")
    with pytest.raises(UsageError, match=r"did you mean idea\?"):
        setup_rule(own)
    assert "did you mean idea?" in str(setup_rule_version(own))
    assert setup_rule(open_book(book, environ={})) is None
