"""One table of signals from the buckets of the shards, and the counts on its page."""

import numpy as np
import pyarrow as pa

from btassets.engine.market.eligibility import INELIGIBLE_REASONS
from btassets.graph.replay import FACTOR_SIGNALS
from btassets.settings.models import Settings
from btassets.stages.replay.arrow_columns import as_table
from btassets.stages.replay.factor_signals import compute
from btassets_tests.support.stored_tables import StoredTables


def signals(n, reasons, is_week):
    made = {}
    for column in FACTOR_SIGNALS.columns:
        if pa.types.is_floating(column.type):
            made[column.name] = np.arange(n) + 0.5
        elif pa.types.is_boolean(column.type):
            made[column.name] = np.zeros(n, bool)
        elif column.name != "ticker":
            made[column.name] = np.arange(n, dtype=np.int32)
    codes = np.array([-1 if r is None else INELIGIBLE_REASONS.index(r) for r in reasons], np.int8)
    return made | {"ineligible_reason": codes, "eligible": codes < 0, "is_week": np.array(is_week, bool)}


def test_tickers_of_all_buckets_are_in_byte_order_and_counted_at_week_ends(tmp_path):
    tables = StoredTables(tmp_path, n_buckets=3)
    stored = tables.bucketed("signals")
    by_ticker = {
        "b": signals(2, [None, "low_price"], [True, True]),
        "A": signals(3, ["short_history", None, None], [True, True, False]),
        "C": signals(1, ["low_price"], [True]),
        "D": signals(1, ["low_price"], [False]),
    }
    for bucket, group in stored.by_bucket([*by_ticker, "EMPTY"]).items():
        table, counts = as_table(FACTOR_SIGNALS, {t: by_ticker[t] for t in group if t in by_ticker})
        stored.write(bucket, table, {t: {"n_rows": counts.get(t, 0)} for t in group})
    result = compute(tables, Settings())
    table = result.tables["factor_signals"]
    assert table["ticker"].to_pylist() == ["A", "A", "A", "C", "D", "b", "b"]
    assert table["asof_date"].cast(pa.int32()).to_pylist() == [0, 1, 2, 0, 0, 0, 1]
    assert result.numbers == {
        "n_rows": 7,
        "eligible_at_week_ends": 2,
        "ineligible_low_price": 2,
        "ineligible_short_history": 1,
    }


def test_no_signal_is_an_empty_table(tmp_path):
    result = compute(StoredTables(tmp_path), Settings())
    assert result.tables["factor_signals"].schema.equals(FACTOR_SIGNALS.schema)
    assert result.numbers == {"n_rows": 0, "eligible_at_week_ends": 0}
