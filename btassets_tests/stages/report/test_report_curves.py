"""Curves of the report: their own numbers, stretches and months by hand, one axis."""

import numpy as np
import pytest

from btassets.stages.report import report_curves
from btassets.stages.report.report_curves import Curve
from btassets_tests.support.small_books import document_of, every_book, run_book


@pytest.mark.parametrize(
    "name", ["base", "legacy", "nothing", "everything", "one ticker, no benchmark", "nobody is ranked"]
)
def test_curves_agree_with_the_books(name: str) -> None:
    document = document_of(every_book()[name])
    curves, policies = document["equity_curves"], document["portfolio_sim"]["policies"]
    for row in policies:
        if row["total_return_pct"] is None:
            continue
        policy = row["policy"]
        assert document["yearly_returns"][policy] == row["yearly_returns"]
        equity = [v for v in curves["series"][policy]["equity"] if v is not None]
        assert equity[-1] == row["final_equity"]
        assert max(curves["series"][policy]["drawdown_pct"], key=lambda v: v or 0) == pytest.approx(
            row["max_drawdown_pct"], abs=0.06
        )
        assert document["drawdown_stretches"][policy][0]["depth_pct"] == row["max_drawdown_pct"]
        traded = document["trades"][policy]
        assert traded["n"] == row["trades"] == sum(part["n"] for part in traded["net_r_histogram"])
        assert traded["n"] == sum(part["n"] for part in traded["exit_reasons"])
        best, worst = traded["best"], traded["worst"]
        assert [t["net_r"] for t in best] == sorted((t["net_r"] for t in best), reverse=True)
        assert all(b["net_r"] >= w["net_r"] for b in best for w in worst)


def test_comparisons_follow_the_conventions_of_a_book() -> None:
    """The numbers of a reference curve, computed on a book's own curve, give the book's row."""
    book = run_book()
    found = report_curves.read_curves(book.lake.read("equity_curves"))
    document = document_of(book)
    for row in document["portfolio_sim"]["policies"]:
        numbers = report_curves.curve_numbers(found[row["policy"]])
        assert numbers == {key: row[key] for key in numbers}
    benchmark = next(row for row in document["comparisons"] if row["curve"] == "benchmark")
    assert benchmark["total_return_pct"] == document["portfolio_sim"]["policies"][0]["spy_return_pct"]
    held = next(row for row in document["comparisons"] if row["curve"] == "equal_weight_hold")
    assert held["total_return_pct"] == document["equal_weight"]["hold_return_pct"]


def _curve(*equity: float, first: str = "2020-01-30") -> Curve:
    start = np.datetime64(first, "D").astype(np.int32)
    return Curve(np.arange(start, start + len(equity), dtype=np.int32), np.array(equity))


def test_stretches_and_months_by_hand() -> None:
    curve = _curve(100.0, 90.0, 95.0, 110.0, 99.0, 104.5)
    assert report_curves.drawdown_stretches(curve) == [
        {
            "peak_date": "2020-01-30",
            "trough_date": "2020-01-31",
            "recovered_date": "2020-02-02",
            "depth_pct": 10.0,
            "n_sessions": 3,
        },
        {
            "peak_date": "2020-02-02",
            "trough_date": "2020-02-03",
            "recovered_date": None,
            "depth_pct": 10.0,
            "n_sessions": 2,
        },
    ]
    assert report_curves.returns_by(curve, "M") == [
        {"year": 2020, "month": 1, "return_pct": -10.0},
        {"year": 2020, "month": 2, "return_pct": 16.1},
    ]
    assert report_curves.returns_by(curve, "Y") == [{"year": 2020, "return_pct": 4.5}]


def test_curves_of_one_point_and_of_nothing() -> None:
    one = _curve(100.0)
    assert report_curves.curve_numbers(one) == {
        "total_return_pct": 0.0,
        "cagr_pct": None,
        "max_drawdown_pct": 0.0,
        "sharpe": None,
    }
    assert report_curves.drawdown_stretches(one) == []
    assert report_curves.curves_document({}) == {"dates": [], "series": {}}
    ruined = report_curves.curve_numbers(_curve(100.0, 0.0, 0.0, 0.0))
    assert ruined["total_return_pct"] == -100.0
    assert ruined["sharpe"] is None


def test_curves_share_one_axis() -> None:
    document = report_curves.curves_document({"hold": _curve(1.0, 2.0), "target": _curve(5.0, first="2020-01-31")})
    assert document["dates"] == ["2020-01-30", "2020-01-31"]
    assert document["series"]["target"]["equity"] == [None, 5.0]
