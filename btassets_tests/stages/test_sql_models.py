"""The SQL models: contract, determinism, hand-computed cases, and their own tests."""

import math
import statistics
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from btassets.errors import TableContractError
from btassets.settings.models import Gates
from btassets.stages.settings_relation import SETTINGS_SCHEMA, settings_relations
from btassets.stages.sql_models import (
    SqlModelError,
    check_columns,
    connect,
    load_models,
    load_tests,
    run_model,
    run_models,
    run_tests,
)
from btassets.storage.lake import content_hash
from btassets.tables import TABLES
from btassets_tests.reference import naive_ic, naive_stats
from btassets_tests.stages.grade_cases import profile_settings
from btassets_tests.stages.random_tables import ENDED, random_candidates, random_signals, random_weekly_ic

GATES = {"min_rr": 1.0, "min_confidence": 20.0, "min_momentum_percentile": 60.0}
PROFILES = ("seed", "honest")


def relations_of(profile, seed=0, **sections):
    return {
        **settings_relations(profile_settings(profile, GATES, **sections)),
        "candidates": random_candidates(seed),
        "factor_signals": random_signals(seed),
        "factor_ic_weekly": random_weekly_ic(seed),
    }


@pytest.fixture(scope="module", params=PROFILES)
def case(request):
    """(profile, relations, every model's table)."""
    relations = relations_of(request.param)
    return request.param, relations, run_models(relations)


def rows_where(table, **values):
    rows = table.to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def test_every_model_says_what_a_row_is_and_reads_known_tables():
    models = load_models()
    known = {"settings", "exit_days", "cutoffs", "candidates", "factor_signals", "factor_ic_weekly"}
    for name, model in models.items():
        assert model.description.startswith("One row per "), name
        assert set(model.upstream) <= known, name
        known.add(name)


def test_every_gate_is_a_column_of_the_settings_relation():
    assert set(Gates.model_fields) <= set(SETTINGS_SCHEMA.names)


def test_columns_equal_the_contract(case):
    _, _, tables = case
    for name, table in tables.items():
        check_columns(name, table, TABLES[name].schema)
        assert table.column_names[0] == "scenario"
        assert table.num_rows > 0


def test_twenty_runs_give_the_same_bytes(case):
    _, relations, tables = case
    wanted = {name: content_hash(table) for name, table in tables.items()}
    for _ in range(20):
        again = run_models(relations)
        assert {name: content_hash(table) for name, table in again.items()} == wanted


def test_row_order_and_threads_change_nothing(case):
    _, relations, tables = case
    rng = np.random.default_rng(1)
    shuffled = {
        name: table.take(rng.permutation(table.num_rows)) if name[:6] in ("candid", "factor") else table
        for name, table in relations.items()
    }
    with connect() as connection:
        connection.execute("set threads = 2")
        again = run_models(shuffled, connection=connection)
    for name, table in tables.items():
        assert content_hash(by_row_no(again[name])) == content_hash(by_row_no(table)), name


def by_row_no(table):
    """The rows of `graded_setups` stand as they were read; `row_no` is their order."""
    return table.sort_by("row_no") if table.column_names[:2] == ["scenario", "row_no"] else table


def test_parquet_files_are_read_like_the_table(case, tmp_path):
    _, relations, tables = case
    candidates = relations["candidates"]
    is_even = pa.array([int(ticker[1:]) % 2 == 0 for ticker in candidates["ticker"].to_pylist()])
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    pq.write_table(candidates.filter(is_even), files[0])
    pq.write_table(candidates.filter(pc.invert(is_even)), files[1])
    graded = run_model("graded_setups", {**relations, **tables, "candidates": files})
    assert by_row_no(graded).equals(by_row_no(tables["graded_setups"]))


def test_the_models_own_tests_hold(case):
    _, relations, tables = case
    results = run_tests({**relations, **tables})
    assert [result.name for result in results] == sorted(load_tests())
    assert [(result.name, result.sample) for result in results if result.n_failing] == []
    assert all(result.description for result in results)


def replaced(table, name, values):
    return table.set_column(
        table.column_names.index(name), table.schema.field(name), pa.array(values).cast(table[name].type)
    )


@pytest.mark.parametrize(
    ("test", "model", "column", "change"),
    [
        ("percentiles_lie_in_0_to_100", "percentile_ranks", "momentum_percentile", lambda v: 101.0),
        ("setups_are_numbered_in_order", "graded_setups", "row_no", lambda v: v + 1),
        ("qualified_setups_pass_every_floor", "graded_setups", "qualified", lambda v: True),
        ("results_are_whole", "graded_setups", "gross_r", lambda v: None),
        ("costs_are_charged", "graded_setups", "net_r", lambda v: 9.0),
        ("outcomes_add_up", "setup_group_stats", "total", lambda v: v + 1),
        ("populations_are_nested", "setup_stats", "n_rows", lambda v: -v),
        ("gate_sweep_is_nested", "gate_sweep", "total", lambda v: -v),
        ("ablation_starts_from_the_qualified", "gate_ablation", "total", lambda v: v - 1),
        ("calibration_bins_are_equal", "calibration", "min_stated_pct", lambda v: 0.0),
        ("factor_ic_is_a_correlation", "factor_ic", "mean_ic", lambda v: -2.0),
    ],
)
def test_the_models_own_tests_find_what_is_wrong(case, test, model, column, change):
    _, relations, tables = case
    wrong = replaced(tables[model], column, [change(v) for v in tables[model][column].to_pylist()])
    (result,) = run_tests({**relations, **tables, model: wrong}, [test])
    assert result.n_failing > 0
    assert 0 < len(result.sample) <= 5


def test_a_row_ranked_twice_is_found(case):
    _, relations, tables = case
    twice = pa.concat_tables([tables["percentile_ranks"]] * 2)
    (result,) = run_tests({**relations, **tables, "percentile_ranks": twice}, ["ranked_members_are_unique"])
    assert result.n_failing == tables["percentile_ranks"].num_rows


def test_row_percentiles_equal_the_naive_ones():
    relations = relations_of("seed")
    ranks = run_model("percentile_ranks", relations)
    rows = [row for row in relations["candidates"].to_pylist() if row["is_bar"] and row["n_forward"] >= 30]
    weeks = [row["asof_date"].isocalendar()[:2] for row in rows]
    raw, residual = (
        naive_ic.row_percentiles(weeks, [row[n] for row in rows]) for n in ("momentum", "residual_momentum")
    )
    found = sorted(rows_where(ranks, grid="bar"), key=lambda row: row["row_no"])
    assert [row["momentum_percentile"] for row in found] == raw
    assert [row["residual_momentum_percentile"] for row in found] == residual
    assert [row["activation_momentum_percentile"] for row in found] == [
        r if s is None else s for r, s in zip(raw, residual, strict=True)
    ]
    assert len(rows_where(ranks, grid="latest")) == 2 * 24


def test_ticker_percentiles_equal_the_naive_ones():
    relations = relations_of("honest")
    ranks = run_model("percentile_ranks", relations)
    signals = [row for row in relations["factor_signals"].to_pylist() if row["eligible"]]
    weeks = [row["asof_date"] for row in signals]
    everyone = [True] * len(signals)
    raw = naive_ic.mean_rank_percentiles(weeks, [row["mom_12_1"] for row in signals], everyone)
    residual = naive_ic.mean_rank_percentiles(weeks, [row["mom_12_1_resid"] for row in signals], everyone)
    found = {(row["asof_date"], row["ticker"]): row for row in rows_where(ranks, grid="week")}
    assert len(found) == len(signals)
    used = set()
    for row, r, s in zip(signals, raw, residual, strict=True):
        members = [other for other in signals if other["asof_date"] == row["asof_date"]]
        n_residual = sum(1 for other in members if other["mom_12_1_resid"] is not None)
        is_residual = 2 * n_residual >= len(members)
        used.add(is_residual)
        rank = found[row["asof_date"], row["ticker"]]
        assert rank["momentum_percentile"] == pytest.approx(r, abs=1e-12)
        assert rank["residual_momentum_percentile"] == pytest.approx(s, abs=1e-12)
        assert rank["activation_momentum_percentile"] == pytest.approx(s if is_residual else r, abs=1e-12)
        assert rank["n_ranked"] == (n_residual if is_residual else len(members))
    assert used == {True, False}
    latest = rows_where(ranks, grid="latest")
    last = max(weeks)
    assert {row["ticker"]: row["momentum_percentile"] for row in latest} == {
        ticker: row["momentum_percentile"] for (day, ticker), row in found.items() if day == last
    }


def test_one_eligible_ticker_has_no_percentile_and_one_row_has_100():
    relations = relations_of("honest")
    signals = relations["factor_signals"]
    alone = {**relations, "factor_signals": signals.filter(signals["eligible"]).slice(0, 1)}
    (row,) = run_model("percentile_ranks", alone).to_pylist()
    assert (row["momentum_percentile"], row["activation_momentum_percentile"]) == (None, None)
    relations = relations_of("seed")
    has_both = pc.and_(relations["candidates"]["momentum"].is_valid(), relations["candidates"]["is_bar"])
    alone = {**relations, "candidates": relations["candidates"].filter(has_both).slice(0, 1)}
    (row,) = run_model("percentile_ranks", alone).to_pylist()
    assert row["momentum_percentile"] == 100.0


def as_naive(row):
    return {
        **row,
        "realized_r": row["gross_r"],
        "time_r": {n: row[f"time_r_{n}"] for n in (5, 10, 21, 30)},
        "activation": row["activation_momentum_percentile"],
        "floors": {"rr": row["rr_ok"], "confidence": row["confidence_ok"], "neutral": row["neutral_ok"]}
        | {"optional": row["tighteners_ok"]},
    }


def unscaled(table, *without):
    """Rows of a model rounded like the naive ones."""
    digits = {"hit_rate": 1, "win_rate": 1, "avg_hold_days": 1, "net_r_per_day": 4}
    digits |= dict.fromkeys(("total_r", "net_total_r", "best_r", "worst_r", "profit_factor", "hold_total_r"), 2)
    digits |= dict.fromkeys(
        ("avg_r", "net_avg_r", "median_net_r", "net_avg_r_ex_top5", "hold_avg_r", "hold_net_avg_r"), 3
    )
    return [
        {k: round(v, digits[k]) if k in digits and v is not None else v for k, v in row.items() if k not in without}
        for row in table.to_pylist()
    ]


def test_statistics_equal_the_naive_ones(case):
    profile, _, tables = case
    rows = [as_naive(row) for row in tables["graded_setups"].to_pylist() if row["is_graded"]]
    qualified = [row for row in rows if row["qualified"]]
    assert len(qualified) > 20
    populations = {row.pop("population"): row for row in unscaled(tables["setup_stats"], "scenario", "n_rows")}
    assert populations["all"] == naive_stats.race_stats(rows)
    assert populations["qualified"] == naive_stats.race_stats(qualified)
    assert populations["short"] == naive_stats.race_stats([r for r in qualified if r["direction"] == "short"])
    assert populations["short"]["total"] == 0
    assert unscaled(tables["gate_sweep"], "scenario") == [
        {
            "min_momentum_percentile": cutoff,
            **naive_stats.race_stats([r for r in rows if r["meets_core"] and naive_stats.passes_momentum(r, cutoff)]),
        }
        for cutoff in naive_stats.CUTOFFS
    ]
    assert unscaled(tables["gate_ablation"], "scenario") == naive_stats.ablation(rows, 60.0)
    for row, n in zip(unscaled(tables["time_exit_sweep"], "scenario"), naive_stats.HOLDS, strict=True):
        wanted = naive_stats.hold_stats(qualified, n)
        if profile == "honest":
            last = [min(n, row["stop_day"] or n, row["n_forward"]) for row in qualified]
            mean = sum(last) / len(last)
            net = statistics.fmean(row["time_r"][n] - naive_stats.cost_of(row) for row in qualified)
            wanted |= {"avg_hold_days": round(mean, 1), "net_r_per_day": round(net / mean, 4)}
        assert row == wanted


def test_expired_trades_are_marked_or_zero_and_ended_rows_kept_or_dropped():
    marked = run_models(relations_of("honest"), ["percentile_ranks", "graded_setups"])["graded_setups"]
    booked = run_models(relations_of("seed"), ["percentile_ranks", "graded_setups"])["graded_setups"]
    assert {row["gross_r"] for row in rows_where(booked, outcome="expired")} == {0.0}
    assert 0.0 not in {row["gross_r"] for row in rows_where(marked, outcome="expired")}
    assert min(booked["n_forward"].to_pylist()) == 30
    assert rows_where(marked, exit_reason="delisted")
    assert {row["drop_reason"] for row in rows_where(marked, is_graded=False)} == {
        "gapped_stop",
        "no_forward_bars",
    }
    assert set(marked["drop_reason"].filter(marked["is_graded"]).to_pylist()) == {None}


def test_delisting_return_moves_the_marks_of_ended_tickers_only():
    names = ["percentile_ranks", "graded_setups"]
    # A ticker is known to have ended by the setups that its end left untouched.
    ended = {row["ticker"] for row in rows_where(random_candidates(), exit_reason="delisted")}
    assert ended <= set(ENDED)
    plain, lossy = (
        run_models(relations_of("honest", costs={"delisting_return": r}), names)["graded_setups"].to_pylist()
        for r in (0.0, -0.5)
    )
    n_moved = {"gross_r": 0, "time_r_5": 0, "time_r_30": 0}
    for before, after in zip(plain, lossy, strict=True):
        planned = abs(before["entry"] - before["stop"])
        sign = 1 if before["direction"] == "long" else -1
        is_ended = before["ticker"] in ended and before["is_graded"] and before["n_forward"] < 30
        can_move = is_ended and before["stop_day"] is None
        moves = {
            "gross_r": can_move and before["exit_reason"] == "delisted",
            "time_r_5": can_move and before["n_forward"] < 5,
            "time_r_30": can_move,
        }
        for name, is_moved in moves.items():
            if is_moved:
                mark = before["entry_price"] + sign * before[name] * planned
                assert after[name] == pytest.approx(before[name] - 0.5 * sign * mark / planned)
                n_moved[name] += 1
            else:
                assert after[name] == before[name]
    assert min(n_moved.values()) > 0


def test_optional_floors_tighten_the_core():
    gates = GATES | {
        "require_high_conviction": True,
        "exclude_conflicts": True,
        "min_target_probability": 30,
        "min_ev": 0.1,
    }
    relations = {**relations_of("seed"), **settings_relations(profile_settings("seed", gates))}
    given = {(r["ticker"], r["asof_date"], r["direction"]): r for r in relations["candidates"].to_pylist()}
    seen = set()
    for row in run_models(relations, ["percentile_ranks", "graded_setups"])["graded_setups"].to_pylist():
        source = given[row["ticker"], row["asof_date"], row["direction"]]
        wanted = (
            source["action"] in ("LONG_HIGH", "SHORT_HIGH")
            and source["risk_level"] == "Low"
            and (source["best_prob"] or 0.0) >= 30
            and source["ev"] >= 0.1
        )
        assert row["tighteners_ok"] == wanted
        seen.add(wanted)
    assert seen == {True, False}


def test_calibration_bins_count_close_graded_setups(case):
    _, _, tables = case
    rows = [r for r in tables["graded_setups"].to_pylist() if r["outcome_at_close"] is not None]
    rows.sort(key=lambda r: (r["primary_prob"], r["row_no"]))
    bins = rows_where(tables["calibration"], direction="all")
    assert [b["bin"] for b in bins] == list(range(1, 11))
    size, extra = divmod(len(rows), 10)
    start = 0
    for k, found in enumerate(bins):
        part = rows[start : start + size + (k < extra)]
        start += len(part)
        hits = sum(1 for r in part if r["outcome_at_close"] == "target_hit")
        mean = math.fsum(r["primary_prob"] for r in part) / len(part)
        assert (found["n"], found["hits"]) == (len(part), hits)
        assert found["mean_stated_pct"] == pytest.approx(mean)
        assert found["gap_pct"] == pytest.approx(hits / len(part) * 100 - mean)


def test_means_of_many_rows_add_up_from_the_lowest():
    # More rows than a vector, a row group or a sorted run of DuckDB holds: their order has to survive all three.
    n = 300_000
    rng = np.random.default_rng(5)
    stated = np.round(rng.random(n) * 60, 3)
    stated[rng.random(n) < 0.01] = np.nan
    long = rng.random(n) < 0.6
    graded = pa.table(
        {
            "scenario": pa.repeat("base", n),
            "row_no": pa.array(rng.permutation(n)),
            "direction": pa.array(np.where(long, "long", "short")),
            "primary_prob": pa.array(stated, from_pandas=True),
            "outcome_at_close": pa.array(np.where(rng.random(n) < 0.3, "target_hit", "stop_hit")),
        }
    )
    rows = run_model("calibration", {"graded_setups": graded}).to_pylist()
    for direction, chosen in (("all", np.ones(n, bool)), ("long", long), ("short", ~long)):
        values = np.sort(stated[chosen & ~np.isnan(stated)])
        for found, part in zip(
            [row for row in rows if row["direction"] == direction], np.array_split(values, 10), strict=True
        ):
            assert found["n"] == len(part)
            assert found["mean_stated_pct"] == np.add.accumulate(part)[-1] / len(part)


def test_factor_ic_is_the_mean_over_the_scenarios_weeks(case):
    profile, relations, tables = case
    weekly = [row for row in relations["factor_ic_weekly"].to_pylist() if row["n"] >= 20]
    for found in tables["factor_ic"].to_pylist():
        mine = [row for row in weekly if row["signal"] == found["signal"]]
        thinned = [row for row in mine if row["is_thinned"]]
        used = thinned if profile == "seed" else mine
        ics = [row["ic"] for row in used if row["ic"] is not None]
        thinned_ics = [row["ic"] for row in thinned if row["ic"] is not None]
        t = statistics.fmean(thinned_ics) / statistics.stdev(thinned_ics) * math.sqrt(len(thinned_ics))
        assert (found["weeks"], found["thinned_weeks"]) == (len(ics), len(thinned_ics))
        assert found["avg_cross_section"] == pytest.approx(statistics.fmean(row["n"] for row in used))
        assert found["mean_ic"] == pytest.approx(statistics.fmean(ics))
        assert found["ic_t_stat"] == pytest.approx(t)
        assert found["ic_positive_pct"] == pytest.approx(100 * sum(ic > 0 for ic in ics) / len(ics))
        assert found["mean_quintile_spread"] == pytest.approx(statistics.fmean(row["spread"] for row in used))
        assert found["reliable"] == (len(thinned_ics) >= 12)


def test_signals_without_a_week_leave_no_row():
    relations = relations_of("seed")
    weekly = relations["factor_ic_weekly"]
    thin = replaced(weekly, "n", [3 if s == "vol_6m" else 25 for s in weekly["signal"].to_pylist()])
    table = run_model("factor_ic", {**relations, "factor_ic_weekly": thin})
    assert "vol_6m" not in table["signal"].to_pylist()
    assert table.num_rows == 7


def test_one_thinned_week_has_no_t():
    relations = relations_of("seed")
    weekly = relations["factor_ic_weekly"]
    first = weekly.filter(pc.equal(weekly["week"], date(2019, 1, 7)))
    first = replaced(replaced(first, "n", [25] * 8), "ic", [0.1] * 8)
    rows = run_model("factor_ic", {**relations, "factor_ic_weekly": first}).to_pylist()
    assert {(row["weeks"], row["ic_t_stat"], row["reliable"]) for row in rows} == {(1, None, False)}


def test_errors_name_the_file_or_the_column():
    relations = relations_of("seed")
    with pytest.raises(SqlModelError, match=r"dbt_like_sql/graded_setups.sql: .*percentile_ranks"):
        run_model("graded_setups", relations)
    candidates = relations["candidates"]
    with_nan = replaced(candidates, "time_r_5", [math.nan] * candidates.num_rows)
    with pytest.raises(TableContractError, match="time_r_5 holds NaN"):
        run_models({**relations, "candidates": with_nan}, ["percentile_ranks", "graded_setups"])
    table = run_model("percentile_ranks", relations)
    with pytest.raises(TableContractError, match="columns"):
        check_columns("percentile_ranks", table.drop_columns(["week"]), TABLES["percentile_ranks"].schema)
    wrong = table.set_column(10, "n_ranked", table["n_ranked"].cast(pa.float64()))
    with pytest.raises(TableContractError, match="n_ranked is double instead of int64"):
        check_columns("percentile_ranks", wrong, TABLES["percentile_ranks"].schema)
