"""Holds as SQL: one column per hold of the replay, each connection with its own list."""

from datetime import date

import pyarrow as pa
import pytest

from btassets.graph.ranking import PERCENTILE_RANKS
from btassets.graph.replay import CANDIDATES
from btassets.run.hold_sql import hold_macros, macros_for
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import connect, run_model
from btassets.settings.models import Settings

ROW = {
    "is_cut_by_end": True,
    "n_forward": 20,
    "entry_price": 100.0,
    "sign": 1,
    "planned_risk": 5.0,
    "r_per_usd": -0.1,
    "holds": {"time_r_3": 1.0, "time_r_45": 2.0, "bench_ret_3": 0.1, "bench_ret_45": None},
}


def connection_of(holds, horizon=30):
    connection = connect()
    for statement in hold_macros(holds, horizon):
        connection.execute(statement)
    return connection


def test_only_a_hold_that_the_end_cuts_loses_the_return_after_it():
    with connection_of((3, 45)) as connection:
        connection.register("setup", pa.Table.from_pylist([ROW, {**ROW, "is_cut_by_end": False}]))
        cut, whole = connection.sql("select unnest(hold_results(setup)) from setup").to_arrow_table().to_pylist()
        benches = connection.sql("select unnest(hold_benches(setup)) from setup").to_arrow_table().to_pylist()
    assert cut == {"time_r_3": 1.0, "time_r_45": 2.0 + (100.0 + 2.0 * 5.0) * -0.1}
    assert whole == {"time_r_3": 1.0, "time_r_45": 2.0}
    assert benches[0] == {"bench_ret_3": 0.1, "bench_ret_45": None}


def test_each_fill_has_its_own_columns_under_the_same_names():
    row = {
        f"{name}_{n}{fill}": k
        for k, (name, n, fill) in enumerate(
            (name, n, fill) for fill in ("", "_open") for name in ("time_r", "bench_ret") for n in (3, 45)
        )
    }
    with connection_of((3, 45)) as connection:
        connection.register("candidates", pa.Table.from_pylist([row]))
        query = "select holds_at_close(candidates) as a, holds_at_open(candidates) as b from candidates"
        (found,) = connection.sql(query).to_arrow_table().to_pylist()
    assert found["a"] == {"time_r_3": 0, "time_r_45": 1, "bench_ret_3": 2, "bench_ret_45": 3}
    assert found["b"] == {"time_r_3": 4, "time_r_45": 5, "bench_ret_3": 6, "bench_ret_45": 7}


@pytest.mark.parametrize(("days", "expected"), [("3", 0.5), ("45", None), ("null", 9.0)])
def test_the_r_of_a_hold_is_its_own_and_of_no_hold_that_of_the_race(days, expected):
    graded = {"time_r_3": 0.5, "time_r_45": None}
    with connection_of((3, 45)) as connection:
        connection.register("graded", pa.Table.from_pylist([graded], pa.schema([(n, pa.float64()) for n in graded])))
        query = f"select hold_r(holds_of(graded), cast({days} as smallint), 9.0) as r from graded"
        assert connection.sql(query).fetchall() == [(expected,)]


@pytest.mark.parametrize(("horizon", "lacks"), [(30, False), (45, True), (2, False)])
def test_a_hold_may_lack_its_result_only_beyond_the_horizon(horizon, lacks):
    kinds = pa.schema([("time_r_3", pa.float64()), ("time_r_45", pa.float64())])
    with connection_of((3, 45), horizon) as connection:
        connection.register("graded", pa.Table.from_pylist([{"time_r_3": 0.5, "time_r_45": None}], kinds))
        assert connection.sql("select lacks_a_hold(graded) from graded").fetchall() == [(lacks,)]


def test_connections_of_one_database_have_their_own_holds():
    with connect() as database, database.cursor() as one, database.cursor() as other:
        for connection, holds in ((one, (3,)), (other, (90,))):
            for statement in hold_macros(holds, 30):
                connection.execute(statement)
        query = "select hold_r({{'time_r_{0}': 1.5}}, {0}, 0.0)"
        assert one.sql(query.format(3)).fetchall() == [(1.5,)]
        assert other.sql(query.format(90)).fetchall() == [(1.5,)]


def test_the_holds_follow_from_the_relations_of_the_settings():
    def of(holds, horizon=30):
        return macros_for(settings_relations(Settings(exits={"hold_days": holds}, engine={"horizon_days": horizon})))

    assert of((3, 45)) == hold_macros((3, 45), 30)
    assert of((10, 30)) == hold_macros((5, 10, 21, 30), 30)
    assert of((90,), 60) == hold_macros((90,), 60)
    assert macros_for({}) == hold_macros((5, 10, 21, 30), 0)


@pytest.mark.parametrize(
    ("n_forward", "stop_day", "expected"),
    [(50, None, 0.5 + (102.0 + 0.5 * 5.0) * -0.4 / 5.0), (50, 12, 0.5), (90, None, 0.5)],
)
def test_a_hold_that_the_end_of_its_ticker_cuts_loses_the_return_after_it(n_forward, stop_day, expected):
    # The race was decided long before the end, and no other setup of the ticker was cut by it.
    row = dict.fromkeys(CANDIDATES.under((90,)).names) | {
        "ticker": "T", "asof_date": date(2020, 1, 3), "direction": "long", "n_bars": 253, "n_forward": n_forward,
        "entry": 100.0, "stop": 95.0, "target": 110.0, "rr": 2.0, "drop_open": None, "fill_open": 102.0,
        "outcome": "target_hit", "outcome_open": "target_hit", "exit_reason": "target", "exit_reason_open": "target",
        "realized_r_open": 1.6, "r_mtm_open": 1.6, "time_r_90": 0.9, "time_r_90_open": 0.5, "risk_pct_open": 5 / 102,
        "hold_days_open": 4, "stop_day": stop_day, "stop_day_open": stop_day,
        "label_end_date": date(2020, 3, 20), "label_end_date_open": date(2020, 3, 20),
        **dict.fromkeys(("is_week", "is_bar", "is_own_week"), True), "is_latest": False, "is_projected": False,
    }  # fmt: skip
    settings = Settings(exits={"hold_days": (90,)}, costs={"delisting_return": -0.4})
    relations = settings_relations(settings)
    relations["candidates"] = pa.Table.from_pylist([row], schema=_plain(CANDIDATES.under((90,)).schema))
    relations["percentile_ranks"] = PERCENTILE_RANKS.schema.empty_table()
    (found,) = run_model("graded_setups", relations).to_pylist()
    assert found["time_r_90"] == pytest.approx(expected)
    assert found["gross_r"] == 1.6


def _plain(schema):
    texts = [pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in schema]
    return pa.schema(texts)
