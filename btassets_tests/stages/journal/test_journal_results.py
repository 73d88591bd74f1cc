"""Results: first gradings stay, levels follow the prices of the source, open and unfilled setups differ."""

from datetime import date

import pytest

from btassets.run.tables import inputs_of
from btassets.stages.journal.journal import rules_of
from btassets.stages.journal.journal_results import _table_row, as_written, graded_lists, key_of
from btassets_tests.support.small_books import run_book


def shown_from_the_backtest(n=200, factor=1.0, **changed):
    """Lists as they would have been shown: setups of the backtest, by the prices of then."""
    book = run_book()
    tables, settings = inputs_of("journal_results", book)
    rows = [row for row in book.lake.read("graded_setups").to_pylist() if row["risk_pct"] is not None][-n:]
    lists = {}
    for row in rows:
        record = lists.setdefault(
            row["asof_date"],
            {"kind": "shown", "as_of": row["asof_date"].isoformat(), "is_signal_day": True, "setups": []}
            | {"settings_hash": "x", "rules": rules_of(inputs_of("journal", book)[1]) | changed},
        )
        levels = {name: row[name] / factor for name in ("entry", "stop", "target")}
        setup = {name: row[name] for name in ("ticker", "direction", "rr", "confidence")}
        record["setups"].append({**setup, **levels, "is_qualified": True})
    return tables, settings, list(lists.values()), rows


@pytest.mark.parametrize("factor", [1.0, 0.5, 3.0])
def test_shown_setups_are_graded_as_the_backtest_grades_them_on_any_scale_of_prices(factor):
    tables, settings, lists, rows = shown_from_the_backtest(factor=factor)
    found = {key_of(row): row for row in graded_lists(tables, settings, lists)}
    assert len(found) == len(rows)
    statuses = set()
    for row in rows:
        own = found[str(row["asof_date"]), row["ticker"], row["direction"]]
        statuses.add(own["status"])
        assert (own["status"] == "graded") == row["is_graded"]
        if row["is_graded"]:
            assert own["net_r"] == pytest.approx(row["net_r"], rel=1e-9)
            assert (own["outcome"], own["exit_reason"]) == (row["outcome"], row["exit_reason"])
            assert own["label_end_date"] == row["label_end_date"]
        elif row["drop_reason"] != "no_forward_bars":
            assert (own["status"], own["exit_reason"]) == ("not_filled", row["drop_reason"])
        else:
            assert own["status"] == "open"
        assert bool(own["note"]) == (factor != 1.0)
    assert {"graded", "open"} <= statuses


@pytest.mark.parametrize("horizon", [10, 60])
def test_a_list_is_graded_over_its_own_horizon_whatever_its_holds(horizon):
    changed = {"engine.horizon_days": horizon, "exits.hold_days": [3, 90]}
    tables, settings, lists, rows = shown_from_the_backtest(**changed)
    found = graded_lists(tables, settings, lists)
    assert len(found) == len(rows)
    filled = [row for row in found if row["status"] in ("graded", "open")]
    assert {row["status"] for row in filled} == {"graded", "open"}
    for row in filled:
        assert (row["status"] == "graded") == (row["n_forward"] == horizon or row["exit_reason"] == "delisted")
        assert row["n_forward"] <= horizon
        assert row["hold_days"] is None or row["hold_days"] <= horizon
    assert any(row["exit_reason"] == "time" and row["hold_days"] == horizon for row in filled)


def test_a_list_is_graded_by_its_own_costs():
    tables, settings, lists, rows = shown_from_the_backtest(**{"costs.per_side_frac": 0.01})
    found = {key_of(row): row for row in graded_lists(tables, settings, lists)}
    graded = [row for row in rows if row["is_graded"] and row["cost_r"]]
    assert graded
    for row in graded:
        own = found[str(row["asof_date"]), row["ticker"], row["direction"]]
        assert own["cost_r"] == pytest.approx(10.0 * row["cost_r"])


def test_a_setup_without_its_bar_is_told():
    tables, settings, lists, _ = shown_from_the_backtest(n=3)
    lists[0]["as_of"] = "2024-12-25"
    lists[0]["setups"].append({**lists[0]["setups"][0], "ticker": "GONE"})
    found = graded_lists(tables, settings, lists[:1])
    assert {row["status"] for row in found} == {"no_bar"}
    assert "no bar at the as-of day" in found[0]["note"]


def test_the_first_result_stays_and_a_difference_is_a_note():
    tables, settings, lists, _ = shown_from_the_backtest()
    now = next(row for row in graded_lists(tables, settings, lists) if row["status"] == "graded")
    first = as_written(now, {"data_version": "v1", "basis": "total"})
    assert first["data_version"] == "v1"
    same = _table_row(now, first, "base")
    assert (same["note"], same["net_r"], same["net_r_now"]) == ("", now["net_r"], now["net_r"])
    restated = _table_row({**now, "net_r": now["net_r"] - 1.0, "outcome": "stop_hit"}, first, "base")
    assert restated["net_r"] == now["net_r"]
    assert restated["outcome"] == now["outcome"]
    assert restated["net_r_now"] == now["net_r"] - 1.0
    assert "on the current bars" in restated["note"]
    gone = _table_row({**now, **dict.fromkeys(("net_r", "outcome", "label_end_date")), "status": "open"}, first, "base")
    assert (gone["status"], gone["net_r"], gone["net_r_now"]) == ("graded", now["net_r"], None)
    assert "no longer all there" in gone["note"]
    assert isinstance(gone["label_end_date"], date)
