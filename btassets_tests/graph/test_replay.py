"""Tables of the replay hold what the engine writes, under both fills, and nothing else."""

import pyarrow as pa

from btassets.engine.replay.candidate_columns import (
    GRADED_CODES,
    GRADED_COLUMNS,
    GRADED_DATES,
    GRADED_SHORTS,
    GRID_COLUMNS,
    LABELS,
    SETUP_COLUMNS,
    SIGNAL_FLOATS,
)
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS


def test_candidates_have_the_columns_of_the_engine():
    assert set(CANDIDATES.names) == {"ticker", "asof_date", *GRID_COLUMNS, *SETUP_COLUMNS, *GRADED_COLUMNS}
    assert len(set(CANDIDATES.names)) == len(CANDIDATES.names)


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
