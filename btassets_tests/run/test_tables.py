"""A stage receives the tables that it declares, and can read no other in any way."""

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.book.book import Book, open_book
from btassets.errors import UndeclaredReadError, UnknownTableError
from btassets.graph.flow import STAGES
from btassets.graph.stage import Reads, Stage
from btassets.run.run_stage import compute
from btassets.run.tables import BucketedTable, Tables, WholeTable, inputs_of, settings_of, table_version
from btassets_tests.support.own_panel import window
from btassets_tests.support.small_books import run_as, run_book, scenario_book

PYTHON_STAGES = [name for name, stage in STAGES.items() if not stage.is_sql and not stage.is_partitioned]


def stripped(name: str, **changes: object) -> Stage:
    """A real stage whose declaration leaves something out."""
    return replace(STAGES[name], **changes)


# Under the default gate these read nothing, or not all: the ranks of signals are not asked for.
FLOORS = ["vol_6m <= 90"]
IDLE_READS = ("signal_ranks", "todays_setups")
READERS = [n for n in STAGES if not STAGES[n].is_partitioned and STAGES[n].reads and n not in IDLE_READS]


@pytest.mark.parametrize("name", READERS)
def test_no_stage_of_the_flow_reads_a_table_that_it_does_not_declare(name: str, tmp_path: Path) -> None:
    """Each table is taken out of the declaration in turn: every one is read, and none can be read without it."""
    refuse_each_read(name, run_book() if name != "own_signals" else with_own_signal(tmp_path))


@pytest.mark.parametrize("name", [*IDLE_READS, "percentile_ranks", "graded_setups"])
def test_under_a_gate_of_signals_no_stage_reads_more_either(name: str) -> None:
    refuse_each_read(name, run_as(run_book(), "gate-of-signals", gates__ranking="reversal_1m", gates__floors=FLOORS))


def refuse_each_read(name: str, book: Book) -> None:
    """Take each table that a stage reads under the book's settings out of its declaration."""
    for left_out in STAGES[name].under(book.settings).reads:  # one that does not count under them is not read
        stage = stripped(name, reads=tuple(table for table in STAGES[name].reads if table != left_out))
        with pytest.raises(UndeclaredReadError) as caught:
            list(map(_all_of, compute(stage, book).tables.values()))
        assert (caught.value.reader, caught.value.kind, caught.value.name) == (name, "table", left_out)
        assert f"btassets/graph/{stage.group}.py" in str(caught.value)


def with_own_signal(tmp_path: Path) -> Book:
    """The small book with a signal of its own: the stage reads nothing without one."""
    folder = Path(shutil.copytree(run_book().folder, tmp_path / "book", symlinks=True))
    (folder / "own").mkdir()
    (folder / "own" / "idea.py").write_text(window("return w.close[-1] / w.close[0]"))
    return open_book(folder, environ={})


def _all_of(data: pa.Table | pa.RecordBatchReader) -> pa.Table:
    return data if isinstance(data, pa.Table) else data.read_all()


@pytest.mark.parametrize("name", [n for n in PYTHON_STAGES if STAGES[n].settings not in ((), ("",))])
def test_no_stage_reads_a_setting_that_it_does_not_declare(name: str, tmp_path: Path) -> None:
    stage = stripped(name, settings=())
    book = run_book() if name != "own_signals" else with_own_signal(tmp_path)
    with pytest.raises(UndeclaredReadError) as caught:
        compute(stage, book)
    assert (caught.value.reader, caught.value.kind) == (name, "setting")
    assert any(caught.value.name.startswith(key) or key.startswith(caught.value.name) for key in STAGES[name].settings)


@pytest.mark.parametrize(
    ("name", "outside"), [(n, outside) for n in PYTHON_STAGES for outside in STAGES[n].outside if outside != "findings"]
)
def test_no_stage_reads_an_outside_input_that_it_does_not_declare(name: str, outside: str) -> None:
    stage = stripped(name, outside=tuple(o for o in STAGES[name].outside if o != outside))
    book = run_book()
    if outside == "exchange_calendar" and book.settings.calendar == "data":
        pytest.skip("the small book has no exchange calendar")
    with pytest.raises(UndeclaredReadError) as caught:
        compute(stage, book)
    assert (caught.value.kind, caught.value.name) == ("outside input", outside)


def test_a_stage_patched_to_read_another_table_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    from btassets.stages.advice import stat_claims

    real = stat_claims.compute
    monkeypatch.setattr(
        stat_claims, "compute", lambda tables, settings: (tables["trades"].read(), real(tables, settings))[1]
    )
    from btassets.run.resolve import resolve

    resolve.cache_clear()
    try:
        with pytest.raises(UndeclaredReadError, match="stat_claims reads table trades"):
            compute(STAGES["stat_claims"], run_book())
    finally:
        resolve.cache_clear()


def test_a_whole_table_is_read_in_every_way() -> None:
    book = run_book()
    reader = Tables(Reads("test", __file__, reads=("graded_setups", "stat_claims")), book)["graded_setups"]
    whole = reader.read()
    assert reader.n_rows == whole.num_rows > 0
    assert reader.read(["row_no"]).column_names == ["row_no"]
    longs = reader.where(("row_no", "direction"), pc.field("direction") == "long", wanted=["row_no"])
    assert longs.num_rows == pc.sum(pc.equal(whole["direction"], "long")).as_py()
    assert pa.concat_tables(reader.parts(["row_no"])).num_rows == whole.num_rows
    assert reader.facts["inputs"]["settings"]["gates.min_rr"] == book.settings.gates.min_rr
    assert [path.name for path in reader.files] == ["base.parquet"]
    assert reader.stamp is not None


def test_buckets_are_read_by_ticker() -> None:
    tables, _ = inputs_of("portfolio_sims", run_book())
    stored = tables.bucketed("ohlcv_history")
    tickers = list(stored.footers())
    groups = stored.by_bucket(tickers)
    assert sorted(t for group in groups.values() for t in group) == sorted(tickers)
    bucket, group = next(iter(groups.items()))
    rows = stored.bucket(bucket, ["ticker"])
    offset, n_rows = stored.slices(bucket)[group[0]]
    assert set(rows["ticker"].slice(offset, n_rows).to_pylist()) == {group[0]}
    assert stored.path(bucket) in stored.files
    assert tables.version("ohlcv_history") == table_version("ohlcv_history", run_book())


def test_a_table_asked_for_in_the_wrong_way_says_the_right_one() -> None:
    tables, _ = inputs_of("portfolio_sims", run_book())
    with pytest.raises(TypeError, match=r"tables\.bucketed\('ohlcv_history'\)"):
        tables["ohlcv_history"]
    with pytest.raises(TypeError, match=r"tables\['sessions'\]"):
        tables.bucketed("sessions")


def test_only_a_partitioned_stage_writes_buckets_and_only_its_own() -> None:
    book = run_book()
    assert inputs_of("candidates", book)[0].writer("signals").name == "signals"
    for name, table in (("candidates", "ohlcv_history"), ("factor_signals", "signals"), ("stat_claims", "stat_claims")):
        with pytest.raises(UndeclaredReadError):
            inputs_of(name, book)[0].writer(table)


def test_own_tables_are_read_by_who_judges_them_only() -> None:
    book = run_book()
    with pytest.raises(UndeclaredReadError):
        inputs_of("setup_stats", book)[0]["setup_stats"]
    assert isinstance(inputs_of("setup_stats", book, own=True)[0]["setup_stats"], WholeTable)
    assert isinstance(inputs_of("candidates", book)[0].bucketed("candidates"), BucketedTable)


def test_a_scenario_reads_its_own_rows() -> None:
    legacy = scenario_book("legacy")
    tables, settings = inputs_of("stat_claims", legacy)
    assert set(tables["stat_pairs"].read()["scenario"].to_pylist()) == {legacy.scenario}
    assert tables.context.scenario == legacy.scenario
    assert tables.context.settings_hash == legacy.resolved.hash
    assert settings.method.gapped_target == legacy.settings.method.gapped_target


def test_shared_stages_see_the_settings_of_the_base() -> None:
    legacy = scenario_book("legacy")
    assert settings_of(STAGES["sessions"], legacy).engine.gap_days == legacy.base.engine.gap_days
    assert legacy.base.engine.gap_days != legacy.settings.engine.gap_days


def test_a_table_that_was_never_written_says_so(tmp_path: Path) -> None:
    book: Book = replace(run_book(), folder=tmp_path)
    reader = Tables(Reads("test", __file__, reads=("trades",)), book)["trades"]
    assert (reader.n_rows, reader.facts, reader.footer, reader.stamp) == (0, {}, None, None)
    with pytest.raises(UnknownTableError):
        reader.read()
