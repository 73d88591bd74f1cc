"""The statistics stages over one small book: columns, keys, agreement with the plain tables."""

import math

from btassets.graph.flow import STAGES
from btassets_tests.support.statistics_books import read, rows

TABLES = [table for stage in STAGES.values() if stage.name.startswith("stat_") for table in stage.outputs]


def test_every_table_is_written_and_holds_no_nan(book):
    for name in TABLES:
        table = read(book, name)
        assert table.num_rows or name in {"wf_windows", "wf_equity", "stat_signals"}, name
        for column in table.column_names:
            for value in table[column].to_pylist():
                assert not (isinstance(value, float) and not math.isfinite(value)), (name, column)


def test_every_item_of_advice_has_its_claim(book):
    claims = {(row["topic"], row["item_key"]): row for row in rows(book, "stat_claims")}
    for table in ("recommendation", "research_recommendation"):
        for item in rows(book, table):
            found = claims[item["topic"], item["item_key"]]
            assert found["seed_rule_says"] == item["decision"]
            assert found["evidence_text"].endswith(".")
