"""Stage `portfolio_sims`: the simulated portfolios of a scenario, their curves and trades, and the variants.

Belongs here: reading the inputs of the simulations, laying results out as tables, and returning the entries of the
ledger of trials. Does not belong here: the simulation (`engine.portfolio`), the list of portfolios (`simulations.py`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.portfolio.exits import REASON_NAMES
from btassets.engine.portfolio.simulation import BookResult
from btassets.engine.portfolio.simulation_table import book_row
from btassets.engine.portfolio.variants import variant_columns
from btassets.graph.portfolio import EQUITY_CURVES, PORTFOLIO_SIMS, STRATEGY_VARIANTS, TRADES
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.simulations import BookRuns, run_books
from btassets.stages.portfolio.stored_inputs import (
    read_benchmark_closes,
    read_setups_in_play,
    stored_panel,
    tickers_with_bars,
)


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `portfolio_sims`, `strategy_variants`, `equity_curves` and `trades` of the scenario."""
    graded = read_setups_in_play(tables)
    ranks = tables["percentile_ranks"].where(("grid", "asof_date", "ticker"), pc.field("grid") == "week")
    sessions = read_sessions(tables)
    used = tickers_with_bars(tables, settings)
    panel, tickers = stored_panel(tables, settings, sessions.days, used), list(used)
    runs = run_books(graded, ranks, panel, tickers, settings, read_benchmark_closes(tables, sessions.last))
    scenario = tables.scenario
    found = {
        "portfolio_sims": _rows(
            [_policy(scenario, name, result, runs) for name, result in runs.policies.items()],
            PORTFOLIO_SIMS.schema,
        ),
        "strategy_variants": _rows([_variant(scenario, *pair) for pair in runs.variants], STRATEGY_VARIANTS.schema),
        "equity_curves": curves_table(scenario, runs),
        "trades": trades_table(scenario, runs, graded, tickers, panel.calendar),
    }
    main = runs.policies.get("hold") or runs.policies.get("target")
    numbers: dict[str, Any] = {"cagr_pct": None, "max_drawdown_pct": None, "sharpe": None, "trades": 0}
    if main is not None:
        numbers = {
            "cagr_pct": main.cagr_pct,
            "max_drawdown_pct": main.max_drawdown_pct,
            "sharpe": main.sharpe,
            "trades": main.n_trades,
            **{f"refused_{reason}": n for reason, n in main.refusals.items()},
        }
    tried = [*runs.policies.values(), *(result for _, result in runs.variants)]
    return StageResult(found, numbers, beside={"trials": tried})


def _rows(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def _policy(scenario: str, name: str, result: BookResult | None, runs: BookRuns) -> dict[str, Any]:
    equal = {f"equal_weight_{key}_return_pct": value for key, value in (runs.equal_weight or {}).items()}
    return {
        "scenario": scenario,
        "policy": name,
        **(book_row(result) if result is not None else {}),
        **equal,
    }


def _variant(scenario: str, variant: Any, result: BookResult | None) -> dict[str, Any]:
    columns = variant_columns(variant)
    columns["variant_max_positions"] = columns.pop("max_positions")
    return {"scenario": scenario, **columns, **(book_row(result) if result is not None else {})}


def curves_table(scenario: str, runs: BookRuns) -> pa.Table:
    """Table `equity_curves` of all portfolios and their comparisons."""
    parts = [
        _curve(scenario, name, result.dates, result.equity, result.exposure_frac, result.n_positions)
        for name, result in runs.policies.items()
        if result is not None
    ]
    parts += [_curve(scenario, name, dates, equity) for name, (dates, equity) in runs.reference_curves.items()]
    return pa.concat_tables(parts) if parts else EQUITY_CURVES.schema.empty_table()


def _curve(
    scenario: str,
    name: str,
    dates: npt.NDArray[np.int32],
    equity: npt.NDArray[np.float64],
    exposure_frac: npt.NDArray[np.float64] | None = None,
    n_positions: npt.NDArray[np.int32] | None = None,
) -> pa.Table:
    n = len(dates)
    peak = np.maximum.accumulate(equity)
    nothing = pa.nulls(n)
    values = [
        pa.repeat(scenario, n),
        pa.repeat(name, n),
        pa.array(dates.astype(np.int32), pa.date32()),
        pa.array(equity),
        pa.array((peak - equity) / peak * 100.0),
        nothing.cast(pa.float64()) if exposure_frac is None else pa.array(exposure_frac * 100.0),
        nothing.cast(pa.int32()) if n_positions is None else pa.array(n_positions.astype(np.int32)),
    ]
    return pa.table(values, schema=EQUITY_CURVES.schema)


def trades_table(
    scenario: str, runs: BookRuns, graded: pa.Table, tickers: list[str], calendar: npt.NDArray[np.int32]
) -> pa.Table:
    """Table `trades`: closed trades of both policies; `graded` holds the setups that were simulated."""
    parts = []
    names = pa.array(tickers, pa.string())
    for policy, result in runs.policies.items():
        if result is None or result.trades is None:
            continue
        trades = result.trades
        n = len(trades.row_no)
        values = {
            "scenario": pa.repeat(scenario, n),
            "policy": pa.repeat(policy, n),
            "ticker": names.take(pa.array(trades.ticker_no)),
            "asof_date": graded["asof_date"].take(pa.array(trades.row_no)).combine_chunks(),
            "entry_date": pa.array(calendar[trades.entry_session], pa.date32()),
            "exit_date": pa.array(calendar[trades.exit_session], pa.date32()),
            "entry_price": pa.array(trades.entry_price),
            "exit_price": pa.array(trades.exit_price),
            "shares": pa.array(trades.shares),
            "pnl_usd": pa.array(trades.pnl_usd),
            "gross_r": pa.array(trades.gross_r),
            "net_r": pa.array(trades.net_r),
            "hold_days": pa.array(trades.hold_days),
            "reason": pa.array(list(REASON_NAMES), pa.string()).take(pa.array(trades.reason)),
        }
        parts.append(pa.table(values, schema=TRADES.schema))
    return pa.concat_tables(parts) if parts else TRADES.schema.empty_table()
