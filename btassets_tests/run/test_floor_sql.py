"""The gate: floors by hand, golden verdicts, what removing a floor may do, and what adding one touches."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.floors import CORE_FLAGS, FLOORS, MOMENTUM, Floor, variants_in_use
from btassets.run.floor_sql import bind_floors, floor_macros, judge, qualifies, variant_relation
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import connect, run_models
from btassets.settings.models import Gates, Settings
from btassets_tests.support.random_tables import random_candidates
from btassets_tests.support.sql_model_cases import relations_of, replaced

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "btassets_tests" / "golden"
NAN = math.nan
LIQUID = Floor("liquidity", "min_volume_usd", "adv20_usd", "at_least", "tighteners_ok", "Least volume", off=0.0)


def without(passes, *flags):
    """Rows that pass every floor but those of the flags."""
    return np.logical_and.reduce([passes[floor.name] for floor in FLOORS if floor.flag not in flags])


@pytest.mark.parametrize("case", ["default", "tight", "ungated", "crowded"])
def test_golden_verdicts_sweep_and_ablation(case):
    rows = pq.ParquetFile(GOLDEN / f"expected_{case}.parquet").read()
    report = json.loads((GOLDEN / f"report_{case}.json").read_text())
    gates = Gates(**report["activation"]).values()
    passes = judge(rows, gates)
    assert without(passes, "momentum_ok").tolist() == rows.column("meets_core").to_pylist()
    assert qualifies(passes).tolist() == rows.column("qualified").to_pylist()
    drops = {variant.name: variant.drops for variant in variants_in_use(gates)}
    assert [row["variant"] for row in report["gate_ablation"]] == list(drops)
    for row in report["gate_ablation"]:
        assert int(without(passes, *drops[row["variant"]]).sum()) == row["total"]
    for row in report["sweep"]:
        swept = gates | {"min_momentum_percentile": row["min_momentum_percentile"]}
        assert int(qualifies(judge(rows, swept)).sum()) == row["total"]


def _one(gates, **changes):
    scores = {
        "direction": "long",
        "activation_momentum_percentile": 90.0,
        "rr": 2.0,
        "confidence": 60.0,
        "best_prob": 30.0,
        "ev": -0.1,
        "action": "LONG_HIGH",
        "risk_level": "Low",
        **changes,
    }
    kinds = {name: pa.string() if name in ("direction", "action", "risk_level") else pa.float64() for name in scores}
    columns = {
        name: pa.array([value], kinds[name], from_pandas=True) for name, value in scores.items() if value != "absent"
    }
    return judge(pa.table(columns), gates.values())


@pytest.mark.parametrize(
    ("gates", "changes", "expected"),
    [
        ({}, {}, True),
        ({}, {"rr": 1.5}, True),
        ({}, {"rr": 1.4999}, False),
        ({}, {"rr": NAN}, False),
        ({}, {"rr": NAN, "target": 12.0}, False),
        ({}, {"rr": 1.0, "target": NAN}, False),
        ({}, {"rr": NAN, "target": NAN}, True),
        (
            {"min_rr": 99.0, "min_ev": 5.0, "min_target_probability": 99.0},
            {"rr": NAN, "target": NAN, "ev": NAN, "best_prob": NAN},
            True,
        ),
        ({"min_confidence": 99.0}, {"rr": NAN, "target": NAN}, False),
        ({}, {"confidence": 55.0}, True),
        ({}, {"confidence": NAN}, False),
        ({"min_confidence": 0.0}, {"confidence": NAN}, True),
        ({}, {"confidence": 54.9}, False),
        ({"min_target_probability": 31.0}, {}, False),
        ({"min_ev": 0.0}, {}, False),
        ({"min_ev": -0.1}, {}, True),
        ({"min_ev": 0.0}, {"ev": NAN}, False),
        ({}, {"ev": "absent"}, True),
        ({}, {"action": "NEUTRAL"}, False),
        ({}, {"action": "SHORT_HIGH"}, False),
        ({"exclude_neutral": False}, {"action": "NEUTRAL"}, True),
        ({"require_high_conviction": True}, {"action": "LONG_MODERATE"}, False),
        ({"exclude_conflicts": True}, {"risk_level": "Medium"}, False),
        ({"exclude_conflicts": True}, {"risk_level": "low"}, False),
        ({}, {"activation_momentum_percentile": 80.0}, True),
        ({}, {"activation_momentum_percentile": 79.9999}, False),
        ({}, {"activation_momentum_percentile": NAN}, False),
        ({"min_momentum_percentile": 0.0}, {"activation_momentum_percentile": NAN}, True),
        ({}, {"direction": "short", "action": "SHORT_HIGH"}, False),
        ({"min_momentum_percentile": 0.0}, {"direction": "short", "action": "SHORT_HIGH"}, True),
    ],
)
def test_one_row(gates, changes, expected):
    assert qualifies(_one(Gates(**gates), **changes)).tolist() == [expected]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 3), st.floats(0, 100), st.floats(0, 100))
def test_a_stricter_gate_only_removes_longs(seed, min_rr, min_confidence, cutoff):
    rng = np.random.default_rng(seed)
    n = 40
    rows = pa.table(
        {
            "direction": np.where(rng.uniform(size=n) < 0.7, "long", "short"),
            "activation_momentum_percentile": rng.uniform(0, 100, n),
            "rr": rng.uniform(0, 4, n),
            "confidence": rng.uniform(0, 100, n),
            "action": rng.choice(["LONG_HIGH", "NEUTRAL", "SHORT_HIGH", "SHORT_MODERATE"], n),
        }
    )
    gates = {floor.setting: floor.off for floor in FLOORS} | {"exclude_neutral": True}
    values = {"min_rr": min_rr, "min_confidence": min_confidence, "min_momentum_percentile": cutoff}
    loose = judge(rows, gates | values)
    strict = judge(
        rows,
        gates | {"min_rr": min_rr + 0.5, "min_confidence": min_confidence + 5, "min_momentum_percentile": cutoff + 1},
    )
    assert not (qualifies(strict) & ~qualifies(loose)).any()
    assert not (qualifies(loose) & ~without(loose, "rr_ok")).any()


def test_a_floor_passes_everything_at_its_off_value():
    rows = random_candidates(3)
    rows = rows.append_column("activation_momentum_percentile", pa.nulls(rows.num_rows, pa.float64()))
    passes = judge(rows, {floor.setting: floor.off for floor in FLOORS})
    for floor in FLOORS:
        assert not floor.is_on(floor.off), floor.name
        expected = rows["rr"].is_valid().to_numpy() if floor.name == "rr" else np.ones(rows.num_rows, np.bool_)
        assert (passes[floor.name] == expected).all(), floor.name


def test_every_floor_has_one_setting_and_a_known_flag():
    assert sorted(floor.setting for floor in FLOORS) == sorted(Gates().values())
    assert {floor.flag for floor in FLOORS} == {flag.name for flag in CORE_FLAGS} | {"momentum_ok"}
    assert FLOORS[-1].name == MOMENTUM
    forgiven = {variant["member"]: variant["forgiven"] for variant in variant_relation(Gates().values()).to_pylist()}
    bits = {flag.name: 1 << k for k, flag in enumerate(CORE_FLAGS)}
    assert list(forgiven)[:4] == ["all_floors", "no_confidence_floor", "no_rr_floor", "no_neutral_exclusion"]
    assert [forgiven[name] for name in list(forgiven)[:4]] == [0, 2, 1, 4]
    assert forgiven["momentum_only"] == sum(bits.values())


def test_the_models_and_a_single_verdict_agree():
    relations = relations_of("standard", 5)
    graded = run_models(relations)["graded_setups"]
    gates = {floor.setting: relations["settings"][floor.setting][0].as_py() for floor in FLOORS}
    candidates = relations["candidates"].select(["ticker", "asof_date", "direction", "best_prob", "ev"])
    rows = graded.join(candidates, ["ticker", "asof_date", "direction"])
    passes = judge(rows, gates)
    for flag in CORE_FLAGS:
        expected = np.logical_and.reduce([passes[floor.name] for floor in FLOORS if floor.flag == flag.name])
        assert rows[flag.name].to_numpy().tolist() == expected.tolist(), flag.name
    assert rows["qualified"].to_numpy().tolist() == qualifies(passes).tolist()


def test_a_new_floor_is_one_entry_and_one_setting():
    """The entry alone reaches the models and a verdict: the third file is this test."""
    floors = (*FLOORS[:-1], LIQUID, FLOORS[-1])
    relations = relations_of("standard", 5)
    volume = np.random.default_rng(1).uniform(1e5, 1e7, relations["candidates"].num_rows)
    relations["candidates"] = replaced(relations["candidates"], "adv20_usd", volume)
    least = float(np.median(volume))
    row = relations["settings"].append_column("min_volume_usd", pa.array([least]))
    before = run_models(relations)["graded_setups"]
    with connect() as connection:
        for statement in floor_macros(floors):
            connection.execute(statement)
        after = run_models({**relations, "settings": row}, connection=connection)
    graded = after["graded_setups"]
    is_liquid = graded["adv20_usd"].to_numpy() >= least
    assert 0 < is_liquid.sum() < len(is_liquid)
    assert (graded["tighteners_ok"].to_numpy() == before["tighteners_ok"].to_numpy() & is_liquid).all()
    assert (graded["qualified"].to_numpy() == before["qualified"].to_numpy() & is_liquid).all()
    stats = {r["variant"]: r["total"] for r in after["gate_ablation"].to_pylist()}
    assert stats["all_floors"] == int((graded["qualified"].to_numpy() & graded["is_graded"].to_numpy()).sum())
    gates = {floor.setting: row[floor.setting][0].as_py() for floor in floors}
    assert (
        judge(
            relations["candidates"].append_column(FLOORS[-1].column, pa.nulls(len(volume), pa.float64())), gates, floors
        )["liquidity"]
        == (volume >= least)
    ).all()


def test_a_floor_is_named_in_its_list_and_its_setting_only():
    """Files outside the tests that name a floor's setting in code: its list, the settings, and known examples."""
    allowed = {
        "btassets/engine/floors.py",
        "btassets/settings/models.py",
        # Words of help and docstrings that show how a setting is written.
        "btassets/book/new_book.py",
        "btassets/book/settings_file.py",
        "btassets/settings/grid.py",
        "btassets/settings/load.py",
        "btassets/settings/renamed.py",
        "btassets/cli/options.py",
        "btassets/cli/actions/grade.py",
        "btassets/cli/commands/config.py",
        "btassets/cli/commands/run.py",
        "btassets/cli/commands/sweep.py",
    }
    names = ("min_rr", "min_confidence", "min_ev", "exclude_conflicts", "require_high_conviction", "rr_ok")
    files = [*(ROOT / "btassets").rglob("*.py"), *(ROOT / "dbt_like_sql").rglob("*.sql")]
    found = {
        str(file.relative_to(ROOT))
        for file in files
        if re.search(rf"\b({'|'.join(names)})\b", file.read_text(encoding="utf-8"))
    }
    assert found <= allowed


def test_floors_on_signals_compare_percentiles_and_a_missing_one_fails():
    percentiles = pa.array([10.0, 30.0, 50.0, 50.1, None])
    rows = pa.table(
        {"direction": ["long", "short", "long", "long", "short"], "rr": [2.0] * 5, "percentile_of_vol_6m": percentiles}
    )
    gates = {floor.setting: floor.off for floor in FLOORS}
    passes = judge(rows, gates | {"vol_6m_at_least": 30.0, "vol_6m_at_most": 50.0})
    assert list(passes) == [*(f.name for f in FLOORS[:-1]), "vol_6m_at_least", "vol_6m_at_most", MOMENTUM]
    assert passes["vol_6m_at_least"].tolist() == [False, True, True, True, False]
    assert passes["vol_6m_at_most"].tolist() == [True, True, True, False, False]
    assert qualifies(passes).tolist() == [False, True, True, False, False]
    off = judge(rows.drop_columns(["percentile_of_vol_6m"]), gates | {"vol_6m_at_most": None})
    assert off["vol_6m_at_most"].all()


def test_a_floor_on_a_signal_is_forgiven_by_its_own_bit():
    rows = variant_relation(Gates(floors=("vol_6m <= 80", "idea >= 20")).values()).to_pylist()
    forgiven = {row["member"]: row["forgiven"] for row in rows}
    n = len(CORE_FLAGS)
    assert (forgiven["no_vol_6m_at_most"], forgiven["no_idea_at_least"]) == (1 << n, 1 << (n + 1))
    assert forgiven["momentum_only"] == (1 << (n + 2)) - 1


def test_macros_of_a_gate_belong_to_its_cursor():
    relations = settings_relations(Settings(gates=Gates(floors=("vol_6m >= 20",))))
    names = [*(flag.name for flag in CORE_FLAGS), "vol_6m_at_least_ok"]
    row = "select {" + ", ".join(f"'{name}': false" for name in names) + "} as graded"
    with connect() as database:
        with database.cursor() as own:
            bind_floors(own, relations)
            assert own.sql(f"select failed_flags(graded) from ({row})").fetchall() == [(31,)]
        with database.cursor() as other:
            assert other.sql(f"select failed_flags(graded) from ({row})").fetchall() == [(15,)]
