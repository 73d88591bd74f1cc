"""One declaration: its module, its file and its outputs."""

from btassets.graph.columns import TEXT, Column, TableSpec
from btassets.graph.stage import Stage, model
from btassets.settings.models import Gates, Settings

TABLE = TableSpec("gate_sums", "A row.", (Column("a", TEXT, "a"),))
OTHER = TableSpec("more", "A row.", (Column("a", TEXT, "a"),))


def test_a_python_stage_names_its_module_and_all_its_tables():
    stage = Stage("gate_sums", "analysis", "About.", "pkg.mod:compute", (TABLE, OTHER))
    assert (stage.is_sql, stage.module, stage.place) == (False, "pkg.mod", "btassets/graph/analysis.py")
    assert stage.outputs == ("gate_sums", "more")


def test_a_model_is_the_sql_file_of_its_table():
    stage = model("ranking", "About.", TABLE, reads=("candidates",), settings=("gates",), work=2.0)
    assert (stage.name, stage.compute, stage.is_sql, stage.module) == (
        "gate_sums",
        "dbt_like_sql/gate_sums.sql",
        True,
        None,
    )
    assert (stage.kinds, stage.reads, stage.settings, stage.work) == (
        ("sql", "duckdb"),
        ("candidates",),
        ("gates",),
        2.0,
    )
    assert stage.keyed == "scenario"


def test_a_read_that_does_not_count_is_left_out_under_some_settings():
    def has_floors(settings):
        return bool(settings.gates.signals)

    reads = ("first", "second")
    stage = Stage("a", "own", "About.", "x:y", (TABLE,), reads=reads, reads_if=(("second", has_floors),))
    assert stage.under(Settings()).reads == ("first",)
    assert stage.under(Settings(gates=Gates(floors=("vol_6m >= 1",)))) is stage
    assert stage.reads == reads
