"""Calibration by bin is that of the plain table."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.settings.models import Settings
from btassets.stages.statistics.stat_calibration import compute
from btassets_tests.support.statistics_books import rows
from btassets_tests.support.stored_tables import StoredTables


def test_bins_are_those_of_the_plain_calibration(book):
    for row in rows(book, "calibration"):
        found = rows(book, "stat_calibration", direction=row["direction"], bin=row["bin"])[0]
        assert found["n_setups"] == row["n"]
        assert found["estimate"] == pytest.approx(row["gap_pct"] / 100, abs=1e-12)


def graded(n=400):
    """Setups stated at 30% (shorts) and 60% (longs); longs hit as stated, shorts never."""
    rng = np.random.default_rng(2)
    is_long = np.arange(n) % 2 == 0
    hit = is_long & (rng.random(n) < 0.6)
    columns = {
        "row_no": np.arange(n)[::-1],
        "ticker": pa.repeat("A", n),
        "asof_date": pa.array((18_000 + 7 * (np.arange(n) // 4)).astype(np.int32)).cast(pa.date32()),
        "direction": np.where(is_long, "long", "short"),
        "primary_prob": pa.array(np.where(is_long, 60.0, 30.0)),
        "outcome_at_close": pa.array(np.where(hit, "target_hit", "stop_hit")),
    }
    table = pa.table(columns)
    nothing = table.slice(0, 2).set_column(5, "outcome_at_close", pa.nulls(2, pa.string()))
    return pa.concat_tables([table, nothing]), hit[is_long].mean()


def test_gaps_and_skill_by_direction(tmp_path):
    table, share = graded()
    result = compute(StoredTables(tmp_path, scenario="strict").put("graded_setups", table), Settings())
    found = result.tables["stat_calibration"].to_pylist()
    gaps = {name: [r for r in found if (r["measure"], r["direction"]) == ("gap", name)] for name in ("long", "short")}
    for rows_of in gaps.values():
        assert [row["bin"] for row in rows_of] == list(range(1, 11))
        assert sum(row["n_setups"] for row in rows_of) == 200
    assert sum(row["estimate"] * row["n_setups"] for row in gaps["long"]) / 200 == pytest.approx(share - 0.6)
    assert [row["estimate"] for row in gaps["short"]] == pytest.approx([-0.3] * 10)
    assert [row["stated"] for row in gaps["short"]] == pytest.approx([0.3] * 10)
    assert {row["hit"] for row in gaps["short"]} == {0.0}
    brier = {row["direction"]: row["estimate"] for row in found if row["measure"] == "brier"}
    assert brier["short"] == pytest.approx(0.09)
    assert brier["long"] == pytest.approx(share * 0.16 + (1 - share) * 0.36)
    assert {row["scenario"] for row in found} == {"strict"}
    assert result.numbers["brier_skill_short"] is None  # nothing hit: no share to be better than
    skill = 1 - brier["long"] / (share * (1 - share))
    assert result.numbers["brier_skill_long"] == pytest.approx(skill)


def test_no_graded_setup_has_no_bin(tmp_path):
    table, _ = graded()
    result = compute(StoredTables(tmp_path).put("graded_setups", table.slice(400)), Settings())
    found = result.tables["stat_calibration"].to_pylist()
    assert [row["bin"] for row in found if row["bin"] is not None] == []
    assert set(result.numbers.values()) == {None}
