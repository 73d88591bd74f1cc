"""Setups graded again on the bars of the portfolios: the replay's own columns, and those of any other hold."""

import pyarrow as pa
import pytest

from btassets.engine.replay.candidate_columns import graded_names
from btassets.run.tables import Tables
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import stored_panel, tickers_with_bars
from btassets.storage.sealed import read_all
from btassets.studies.sweep.sweep_holds import graded_under
from btassets.studies.sweep.sweep_portfolios import READS
from btassets_tests.support.small_books import run_as, run_book


def candidates_of(book):
    parts = [read_all(path) for path in book.lake.bucket_files(book.candidates)]
    return pa.concat_tables(parts).unify_dictionaries()


def again(book, holds, **exits):
    tables = Tables(READS, book)
    used = tickers_with_bars(tables, book.settings)
    panel = stored_panel(tables, book.settings, read_sessions(tables).days, used)
    settings = book.settings.model_copy(update={"exits": book.settings.exits.model_copy(update=exits)})
    return graded_under(candidates_of(book), panel, list(used), settings, holds)


def same_rows(found, replayed):
    assert found.num_rows == replayed.num_rows > 1000
    assert found.column_names == replayed.column_names
    for name in replayed.column_names:
        if name.startswith("bench_ret"):
            assert found[name].null_count == found.num_rows, name
        else:
            assert found[name].to_pylist() == replayed[name].to_pylist(), name


@pytest.mark.parametrize("holds", [(5, 10, 21, 30), (3, 7, 45, 90)])
def test_every_column_but_the_benchmarks_equals_the_replay(holds):
    book = run_book()
    replayed = candidates_of(book if holds[0] == 5 else run_as(book, "replayed-holds", exits__hold_days=list(holds)))
    same_rows(again(book, holds), replayed)


def test_an_exit_policy_graded_again_equals_a_replay_under_it():
    book = run_book()
    policy = {"trail_atr": 2.5, "breakeven_r": 1.0, "part_frac": 0.5}
    under = run_as(book, "replayed-policy", **{f"exits__{name}": value for name, value in policy.items()})
    replayed = candidates_of(under)
    assert replayed["r_mtm"].to_pylist() != candidates_of(book)["r_mtm"].to_pylist()
    same_rows(again(book, (5, 10, 21, 30), **policy), replayed)


def test_no_candidates_give_no_rows():
    book = run_book()
    tables = Tables(READS, book)
    used = tickers_with_bars(tables, book.settings)
    panel = stored_panel(tables, book.settings, read_sessions(tables).days, used)
    found = graded_under(candidates_of(book).slice(0, 0), panel, list(used), book.settings, (3,))
    assert found.num_rows == 0
    assert set(graded_names((3,))) < set(found.column_names)
