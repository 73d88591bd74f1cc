"""The tables of a run, read back as what the report's numbers are made from.

Belongs here: which table feeds which part of `ReportInputs`. Does not belong here: rounding and
layout (`report_numbers.py`), and everything of the report that is no number of the method.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from btassets.book.book import Book
from btassets.graph.tables import CALIBRATION
from btassets.stages.advice.report_numbers import ReportInputs

_MODELS = ("setup_stats", "gate_sweep", "gate_ablation", "time_exit_sweep", "factor_ic")
_EQUAL_WEIGHT = ("hold", "renewed")


def read_report_inputs(
    book: Book,
    *,
    calibration: pa.Table | None = None,
    dropped: Mapping[str, int] | None = None,
    warnings: Sequence[str] = (),
) -> ReportInputs:
    """What `report_numbers` needs, from the lake.

    Parameters
    ----------
    calibration
        Table `calibration`; None where the caller does not show it (the advice reads none of it).
    dropped, warnings
        As in `ReportInputs`.
    """
    lake, scenario = book.lake, book.scenario
    tables = {name: lake.read(name, scenario) for name in _MODELS}
    tables["calibration"] = CALIBRATION.schema.empty_table() if calibration is None else calibration
    policies = lake.read("portfolio_sims", scenario).to_pylist()
    return ReportInputs(
        book.settings,
        book.resolved.hash,
        scenario,
        n_tickers(book),
        tables,
        policies,
        lake.read("strategy_variants", scenario).to_pylist(),
        _equal_weight(policies),
        dropped or {},
        warnings,
    )


def n_tickers(book: Book) -> int:
    """Tickers of the universe that have bars."""
    from btassets.stages.bars.ohlcv_history import active_tickers

    footers = book.lake.ticker_footers("ohlcv_history")
    return sum(1 for ticker in active_tickers(book) if footers[ticker]["n_rows"])


def _equal_weight(policies: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    values = {
        name: row[f"equal_weight_{name}_return_pct"]
        for row in policies[:1]
        for name in _EQUAL_WEIGHT
        if row[f"equal_weight_{name}_return_pct"] is not None
    }
    return values or None
