"""Tables of the replay hold what the engine writes, under both fills, and nothing else."""

import pyarrow as pa
import pytest

from btassets.engine.conventions import HOLD_DAYS
from btassets.engine.replay.candidate_columns import (
    GRADED_CODES,
    GRADED_DATES,
    GRADED_SHORTS,
    GRID_COLUMNS,
    LABELS,
    SETUP_COLUMNS,
    SIGNAL_FLOATS,
    graded_names,
)
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS


@pytest.mark.parametrize("holds", [HOLD_DAYS, (3, 7, 45, 90), (120,)])
def test_candidates_have_the_columns_of_the_engine_under_any_holds(holds):
    names = CANDIDATES.under(holds).names
    assert [name for name in names if name in graded_names(holds)] == list(graded_names(holds))
    assert set(names) == {"ticker", "asof_date", *GRID_COLUMNS, *SETUP_COLUMNS, *graded_names(holds)}
    assert len(set(names)) == len(names)


def test_the_default_holds_make_the_declared_table():
    assert CANDIDATES.under(HOLD_DAYS) == CANDIDATES
    assert FACTOR_SIGNALS.under((3,)) is FACTOR_SIGNALS


def test_both_fills_have_the_same_columns_in_the_same_order():
    at_open = [name.removesuffix("_open") for name in CANDIDATES.names if name.endswith("_open")]
    at_open = [name for name in at_open if name not in ("drop", "fill")]
    first = CANDIDATES.names.index("outcome")
    assert list(CANDIDATES.names[first : first + len(at_open)]) == at_open
    for name in at_open:
        assert CANDIDATES.schema.field(name).type == CANDIDATES.schema.field(f"{name}_open").type, name


def test_signals_have_every_signal_and_return_of_the_engine():
    assert set(SIGNAL_FLOATS) <= set(FACTOR_SIGNALS.names)
    grids = [name for name in FACTOR_SIGNALS.names if name in GRID_COLUMNS]
    assert grids == ["is_week", "is_own_week", "is_latest"]


def test_codes_dates_and_counts_have_the_type_that_the_engine_writes():
    for spec in (CANDIDATES, FACTOR_SIGNALS):
        for field in spec.schema:
            assert pa.types.is_dictionary(field.type) == (field.name in LABELS), field.name
    for name in GRADED_SHORTS:
        assert CANDIDATES.schema.field(name).type == pa.int16(), name
    for name in GRADED_DATES:
        assert CANDIDATES.schema.field(name).type == pa.date32(), name
    assert [name for name in GRADED_CODES if name not in LABELS] == ["n_forward"]
    assert CANDIDATES.schema.field("n_forward").type == pa.int8()
