"""The stage: signals of its scenario's replay, one row per signal and week."""

import pyarrow as pa

from btassets.engine.signals import SIGNAL_NAMES
from btassets.settings.models import Settings
from btassets.stages.analysis.factor_ic_weekly import compute
from btassets_tests.support.stored_tables import StoredTables
from btassets_tests.support.weekly_signals import signals


def test_the_stage_reads_the_stored_signals_of_its_scenario(tmp_path):
    tables = StoredTables(tmp_path, scenario="strict").put("factor_signals", pa.table(signals(20, 4)))
    result = compute(tables, Settings())
    table = result.tables["factor_ic_weekly"]
    assert result.numbers == {"weeks": 4}
    assert set(table["scenario"].to_pylist()) == {"strict"}
    assert table.num_rows == 4 * len(SIGNAL_NAMES)
