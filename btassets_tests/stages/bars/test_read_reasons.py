"""Why a ticker is read: new, changed, tried again, or read by other rules."""

from types import SimpleNamespace

from btassets.stages.bars.read_reasons import AGAIN, CHANGED, NEW, READER, read_reasons
from btassets_tests.support.stored_tables import StoredTables


def test_each_stale_ticker_has_the_reason_of_its_stored_mark(tmp_path):
    source = SimpleNamespace(stamp=lambda ticker: f"size-{ticker}|x")
    marks = {
        "CHANGED": "size-old|x|code1",
        "FAILED": "failed|size-FAILED|x|code1",
        "LATE": "late|size-LATE|x|code1",
        "READER": "size-READER|x|code0",
    }
    tables = StoredTables(tmp_path, source=source).put_bars({}, **{t: {"stamp": m} for t, m in marks.items()}, BARE={})
    found = read_reasons(tables, ["READER", "NEW", "LATE", "CHANGED", "FAILED", "BARE"])
    assert found == {NEW: ["NEW", "BARE"], CHANGED: ["CHANGED"], AGAIN: ["LATE", "FAILED"], READER: ["READER"]}
    assert read_reasons(tables, ["LATE"]) == {AGAIN: ["LATE"]}
    assert read_reasons(tables, []) == {}
